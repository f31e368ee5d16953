package io.tollkeeper.meter;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.ProductTotals;
import io.tollkeeper.core.usage.UsageJournal;
import io.tollkeeper.testkit.store.MemoryEventStore;

/// A journal in memory that commits in groups on a thread of its own, as the real one does; tests can hold commits back
/// or refuse rows.
final class GroupingJournal implements UsageJournal, AutoCloseable {

    private final LinkedBlockingQueue<JournalRow> queue = new LinkedBlockingQueue<>();
    private final AtomicLong next = new AtomicLong(1);
    private final ProductTotals totals;
    private final MemoryEventStore events;
    private final Thread writer;
    private final Object gate = new Object();
    private boolean held;
    private volatile boolean failing;
    private volatile long refusal;
    private final AtomicLong rows = new AtomicLong();

    GroupingJournal(ProductTotals totals, MemoryEventStore events) {
        this.totals = totals;
        this.events = events;
        writer = Thread.ofPlatform().daemon().name("test-journal").start(this::write);
    }

    @Override
    public synchronized long append(JournalRow row) {
        if (refusal < 0) {
            return refusal;
        }
        row.seq(next.getAndIncrement());
        queue.add(row);
        return row.seq();
    }

    private void write() {
        try {
            while (true) {
                List<JournalRow> group = new ArrayList<>();
                group.add(queue.take());
                awaitGate();
                queue.drainTo(group);
                boolean durable = !failing;
                failing = false;
                for (JournalRow row : group) {
                    if (durable && row.kind() != JournalRow.Kind.MARK) {
                        totals.apply(row.seq(), row.body());
                        events.committed(row.notices());
                        rows.incrementAndGet();
                    }
                }
                for (JournalRow row : group) {
                    CommitWaiter waiter = row.waiter();
                    if (waiter != null) {
                        waiter.executor().execute(() -> waiter.committed(durable));
                    }
                }
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitGate() throws InterruptedException {
        synchronized (gate) {
            while (held) {
                gate.wait();
            }
        }
    }

    /// From now on rows are taken but not committed.
    void hold() {
        synchronized (gate) {
            held = true;
        }
    }

    void release() {
        synchronized (gate) {
            held = false;
            gate.notifyAll();
        }
    }

    /// From now on rows are refused with [UsageJournal#FULL] or [UsageJournal#UNWRITABLE]; 0 = taken.
    void refuseWith(long answer) {
        refusal = answer;
    }

    /// The next group is answered as not durable. (The real journal takes back what it counted; this one does not.)
    void failNext() {
        failing = true;
    }

    /// Rows committed so far.
    long rows() {
        return rows.get();
    }

    @Override
    public void close() {
        writer.interrupt();
    }
}
