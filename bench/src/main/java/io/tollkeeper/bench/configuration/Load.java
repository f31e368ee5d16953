package io.tollkeeper.bench.configuration;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongSupplier;

/// Clients that call the products one after the other without a pause, until they are stopped. Virtual threads.
final class Load {

    private static final int CLIENTS = 2;

    private final List<Thread> clients = new ArrayList<>();
    private final AtomicBoolean going = new AtomicBoolean(true);
    private final AtomicLong calls = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    /// Read by those who call, written by whoever wants silence.
    private final ReentrantReadWriteLock silence = new ReentrantReadWriteLock(true);

    Load(int port, int products) {
        for (int i = 0; i < CLIENTS; i++) {
            int first = i;
            clients.add(Thread.ofVirtual().start(() -> call(port, products, first)));
        }
    }

    /// A product's rules may just have changed, so that 404 is an answer as good as 200.
    private void call(int port, int products, int first) {
        try (var caller = new Caller(port)) {
            for (int i = first; going.get(); i++) {
                silence.readLock().lock();
                try {
                    int status = caller.get("/v0/resource3/7?user_key=k", Documents.HOST.formatted(i % products));
                    calls.incrementAndGet();
                    if (status != 200 && status != 404) {
                        failed.incrementAndGet();
                    }
                } finally {
                    silence.readLock().unlock();
                }
            }
        } catch (IOException _) {
            failed.incrementAndGet();
        }
    }

    /// Measures something while nobody calls.
    long paused(LongSupplier measure) {
        silence.writeLock().lock();
        try {
            return measure.getAsLong();
        } finally {
            silence.writeLock().unlock();
        }
    }

    void stop() throws InterruptedException {
        going.set(false);
        for (Thread client : clients) {
            client.join();
        }
    }

    long calls() {
        return calls.get();
    }

    long failed() {
        return failed.get();
    }
}
