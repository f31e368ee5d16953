package io.tollkeeper.store.journal;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

import io.tollkeeper.core.usage.CommitWaiter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Collects who waits for a commit and tells them on their own event loops: one task per loop, not one per call.
/// Belongs to the writer.
final class Completions {

    private static final Logger log = LoggerFactory.getLogger(Completions.class);

    private final IdentityHashMap<Executor, List<CommitWaiter>> byLoop = new IdentityHashMap<>();

    void add(CommitWaiter waiter) {
        byLoop.computeIfAbsent(waiter.executor(), _ -> new ArrayList<>()).add(waiter);
    }

    /// Tells all that were added.
    void tell(boolean durable) {
        byLoop.forEach((loop, waiters) -> {
            try {
                loop.execute(() -> tell(waiters, durable));
            } catch (RejectedExecutionException e) {
                // The loop was shut down, and its connections with it: nobody is left to be told.
                log.debug("{} answers had no event loop any more", waiters.size(), e);
            }
        });
        byLoop.clear();
    }

    private static void tell(List<CommitWaiter> waiters, boolean durable) {
        for (CommitWaiter waiter : waiters) {
            try {
                waiter.committed(durable);
            } catch (RuntimeException e) {
                // One connection's trouble is not the others'.
                log.error("an answer that waited for the journal failed", e);
            }
        }
    }
}
