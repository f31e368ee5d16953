package io.tollkeeper.store;

import java.time.Instant;

import io.tollkeeper.store.journal.JournalHealth;
import org.jspecify.annotations.Nullable;

/// How the store is, for `/status` and metrics. `lastSnapshot` is when the last one was complete, `snapshotFault` why
/// the last attempt was not; `lostFlights` are records that could not be kept, `lostErrors` integration
/// errors.
public record StoreHealth(
        JournalHealth journal,
        Instant lastSnapshot,
        @Nullable String snapshotFault,
        int dirtyApplications,
        int residentApplications,
        long lostFlights,
        long lostErrors) {}
