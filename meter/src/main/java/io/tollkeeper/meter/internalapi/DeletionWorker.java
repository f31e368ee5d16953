package io.tollkeeper.meter.internalapi;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.core.query.UsageDeletions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs [UsageDeletions] on a thread of its own: what an earlier process left at start, then what is asked for.
final class DeletionWorker implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(DeletionWorker.class);
    private static final long RETRY_SECONDS = 5;

    private final UsageDeletions deletions;
    private final Semaphore work = new Semaphore(1);
    private final Thread thread;

    DeletionWorker(UsageDeletions deletions) {
        this.deletions = deletions;
        this.thread = Thread.ofPlatform().name("usage-deletion").daemon().start(this::run);
    }

    /// There is something to do.
    void wake() {
        work.release();
    }

    private void run() {
        try {
            while (true) {
                work.acquire();
                work.drainPermits();
                attempt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void attempt() throws InterruptedException {
        try {
            deletions.run();
        } catch (RuntimeException e) {
            // What is left is remembered in the store.
            LOG.error("usage could not be deleted; will be tried again in {} s", RETRY_SECONDS, e);
            if (work.tryAcquire(RETRY_SECONDS, TimeUnit.SECONDS)) {
                LOG.debug("asked again before the time was over");
            }
            work.release();
        }
    }

    /// Stops after the application under way; the next start goes on.
    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
