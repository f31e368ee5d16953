package io.tollkeeper.store.journal;

import org.jspecify.annotations.Nullable;

/// How the journal is, at one moment. `queued` rows wait for the next commit, `held` in-process rows wait for the disk
/// to be writable again; `fault` says why it is not.
public record JournalHealth(
        boolean writable,
        int queued,
        int held,
        long commits,
        long rows,
        long bytes,
        long lastCommitMicros,
        @Nullable String fault) {}
