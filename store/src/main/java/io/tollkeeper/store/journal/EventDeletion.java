package io.tollkeeper.store.journal;

import java.util.concurrent.CompletableFuture;

/// A wish to delete events, which the journal's writer fulfils some at a time, between and within its commits. Given by
/// any thread; its count belongs to the writer.
final class EventDeletion {

    private final long from;
    private final long upTo;
    private final long before;
    private final CompletableFuture<Long> done = new CompletableFuture<>();
    private long deleted;

    /// Events with ids in a range (both ends included) that happened before a second.
    EventDeletion(long from, long upTo, long before) {
        this.from = from;
        this.upTo = upTo;
        this.before = before;
    }

    long from() {
        return from;
    }

    long upTo() {
        return upTo;
    }

    long before() {
        return before;
    }

    /// How many were deleted once all were; fails if they could not be.
    CompletableFuture<Long> done() {
        return done;
    }

    /// So many more are gone for good.
    void committed(int some, boolean partial) {
        deleted += some;
        if (!partial) {
            done.complete(deleted);
        }
    }
}
