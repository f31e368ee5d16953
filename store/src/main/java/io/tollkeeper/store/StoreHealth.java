package io.tollkeeper.store;

import java.time.Instant;

import io.tollkeeper.store.journal.JournalHealth;
import org.jspecify.annotations.Nullable;

/// How the store is, for `/status` and metrics. `snapshots` were made since the start, `lastSnapshot` is when the
/// last one was complete, `snapshotFault` why the last attempt was not; `lostFlights` are records that could not be kept, `lostErrors` integration
/// errors.
public record StoreHealth(
        JournalHealth journal,
        long snapshots,
        Instant lastSnapshot,
        @Nullable String snapshotFault,
        int dirtyApplications,
        int residentApplications,
        long residentBytes,
        long lostFlights,
        long lostErrors) {}
