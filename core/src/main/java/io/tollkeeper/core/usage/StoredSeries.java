package io.tollkeeper.core.usage;

import org.jspecify.annotations.Nullable;

/// What the store holds of one application (or product): its snapshot, or none, and closed slots, read in one
/// transaction. `complete` is false if there were more closed slots than were asked for.
public record StoredSeries(@Nullable StoredUsage snapshot, StoredPast past, boolean complete) {}
