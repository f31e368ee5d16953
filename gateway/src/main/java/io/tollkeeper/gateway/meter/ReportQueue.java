package io.tollkeeper.gateway.meter;

import java.util.concurrent.atomic.AtomicInteger;

/// How many reports of the whole process wait to be sent. Any thread.
final class ReportQueue {

    private final int limit;
    private final AtomicInteger waiting = new AtomicInteger();

    ReportQueue(int limit) {
        this.limit = limit;
    }

    boolean hasRoom() {
        return waiting.get() < limit;
    }

    void waits() {
        waiting.incrementAndGet();
    }

    void waitsNoMore() {
        waiting.decrementAndGet();
    }

    int waiting() {
        return waiting.get();
    }
}
