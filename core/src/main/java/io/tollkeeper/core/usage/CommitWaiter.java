package io.tollkeeper.core.usage;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/// Who waits until a journal row is on disk. Completed on its own event loop, one task per loop and commit.
public interface CommitWaiter {

    /// The event loop on which [#committed] is called.
    Executor executor();

    /// The row is durable, or (false) it is not and its effect was taken back: answer 503.
    void committed(boolean durable);

    /// For whoever waits on a thread of its own: completes `durable` on the writer's.
    static CommitWaiter completing(CompletableFuture<Boolean> durable) {
        return new CommitWaiter() {
            @Override
            public Executor executor() {
                return Runnable::run;
            }

            @Override
            public void committed(boolean isDurable) {
                durable.complete(isDurable);
            }
        };
    }
}
