package io.tollkeeper.http;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Has files looked at again every few seconds, so that certificates and hosts can be renewed without a restart. On a
/// virtual thread of its own; whoever looks may block.
///
/// By polling: certificates are often mounted through symbolic links, whose targets change without an event.
final class FileWatch implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(FileWatch.class);

    private final List<Runnable> looks = new CopyOnWriteArrayList<>();
    private final Thread thread;

    FileWatch(Duration every) {
        this.thread = Thread.ofVirtual().name("file-watch").start(() -> run(every));
    }

    /// From now on `look` is called now and then, to see whether its files have changed.
    void add(Runnable look) {
        looks.add(look);
    }

    private void run(Duration every) {
        try {
            while (true) {
                Thread.sleep(every);
                look();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Looks now.
    void look() {
        for (Runnable look : looks) {
            try {
                look.run();
            } catch (RuntimeException e) {
                LOG.error("looking for changed files failed", e);
            }
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
