package io.tollkeeper.store;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

import io.tollkeeper.core.authorize.LoadKey;
import io.tollkeeper.core.authorize.Loaded;
import io.tollkeeper.core.authorize.Loader;
import io.tollkeeper.store.sqlite.Database;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Loads applications on two platform threads (the driver's native calls would pin virtual ones), each with read-only
/// connections of its own. [#submit] never blocks.
final class ApplicationLoader implements Loader {

    private static final Logger log = LoggerFactory.getLogger(ApplicationLoader.class);

    private static final int THREADS = 2;
    private static final int QUEUE = 10_000;

    private record Load(LoadKey key, Done done) {}

    /// Waits until another application fits into memory; false if none does.
    @FunctionalInterface
    interface Room {
        boolean await() throws InterruptedException;
    }

    private final BlockingQueue<Load> queue = new ArrayBlockingQueue<>(QUEUE);
    private final List<Thread> threads = new ArrayList<>();
    private volatile Room room = () -> true;
    private volatile boolean closing;

    ApplicationLoader(Database catalogFile, Database usageFile, Database journalFile) {
        for (int i = 1; i <= THREADS; i++) {
            threads.add(Thread.ofPlatform()
                    .name("store-loader-" + i)
                    .daemon()
                    .start(() -> run(new ApplicationReader(catalogFile, usageFile, journalFile))));
        }
    }

    /// From now on every load waits for room.
    void room(Room wanted) {
        room = wanted;
    }

    @Override
    public boolean submit(LoadKey key, Done done) {
        return !closing && queue.offer(new Load(key, done));
    }

    private void run(ApplicationReader reader) {
        try (reader) {
            while (!closing) {
                Load load = queue.take();
                tell(load, room.await() ? reader.read(load.key) : new Loaded.NoRoom());
            }
        } catch (InterruptedException e) {
            // close() asked for it.
            Thread.currentThread().interrupt();
        } catch (SQLException e) {
            log.warn("a loader's connection could not be closed: {}", e.getMessage());
        }
    }

    private static void tell(Load load, Loaded found) {
        try {
            load.done.loaded(found);
        } catch (RuntimeException e) {
            // The next loads are not to suffer for it.
            log.error("what was loaded for {} could not be taken over", load.key, e);
        }
    }

    /// Ends the threads; loads that were not begun are told that they failed.
    void close() throws InterruptedException {
        closing = true;
        for (Thread thread : threads) {
            thread.interrupt();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        for (Load load = queue.poll(); load != null; load = queue.poll()) {
            tell(load, new Loaded.Failed("the store is closed"));
        }
    }
}
