package io.tollkeeper.core.authorize;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.core.usage.JournalBody;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.Slot;
import io.tollkeeper.core.usage.StoredSeries;
import io.tollkeeper.core.usage.UsageJournal;

/// Takes back what an application counted: one row of the journal holds the negative of every slot it has, closed ones
/// too. So nothing else has to know: product totals, snapshots, replay and undo add it like any other row, a call that
/// comes before it is taken back and one that comes after it stays, and the total of the product is the sum of its
/// applications at every moment. Called from a background thread; never blocks, but for the application's lock.
public final class UsageEraser {

    /// What came of it.
    public enum Outcome {
        /// The row is queued; its waiter hears when it is durable.
        ERASED,

        /// There was nothing to take back; the waiter hears nothing.
        NOTHING,

        /// It is not in memory, or what was read of the store is out of date: load, read again, ask again.
        READ_AGAIN,

        /// The journal takes no rows at the moment; nothing happened.
        UNAVAILABLE
    }

    private final Applications applications;
    private final UsageJournal journal;

    public UsageEraser(Applications applications, UsageJournal journal) {
        this.applications = applications;
        this.journal = journal;
    }

    /// Takes back everything that the application counted up to this moment. `stored` is all that the store has of it.
    /// A second row with the same `batchId` has no effect, so that an attempt may be repeated after a crash.
    public Outcome erase(
            long application, int product, long second, StoredSeries stored, String batchId, CommitWaiter waiter) {
        ResidentApplication resident = applications.numbered(application);
        if (resident == null) {
            return Outcome.READ_AGAIN;
        }
        resident.lock.lock();
        try {
            if (resident.evicted || resident.snapshotSeq > stored.past().seq()) {
                return Outcome.READ_AGAIN;
            }
            long now = resident.counters.rollover(second);
            List<Slot> missing = resident.counters.missing();
            if (!missing.isEmpty()) {
                resident.counters.supply(stored.past(), missing);
            }
            Map<Slot, Long> all = resident.counters.all(now, stored.past());
            if (all.isEmpty()) {
                return Outcome.NOTHING;
            }
            JournalBody.Writer row = new JournalBody.Writer();
            row.begin(product, now, batchId);
            takeBack(resident, all, row);
            byte[] body = row.end();
            long seq = journal.append(JournalRow.call(body, waiter));
            if (seq < 0) {
                applications.undo(body);
                return Outcome.UNAVAILABLE;
            }
            applications.counted(resident, seq);
            return Outcome.ERASED;
        } finally {
            resident.lock.unlock();
        }
    }

    /// One group per start of a slot, one entry per key in it: periods that begin together share an entry.
    private static void takeBack(ResidentApplication resident, Map<Slot, Long> all, JournalBody.Writer row) {
        Slot[] slots = all.keySet().toArray(new Slot[0]);
        Arrays.sort(slots, Comparator.comparingLong(Slot::start).thenComparingInt(Slot::key));
        long[] differences = new long[Period.COUNT];
        for (int i = 0; i < slots.length; i++) {
            Slot slot = slots[i];
            if (i == 0 || slots[i - 1].start() != slot.start()) {
                row.group(resident.number, slot.start());
            }
            differences[slot.period().slot()] = -all.getOrDefault(slot, 0L);
            boolean last = i == slots.length - 1
                    || slots[i + 1].start() != slot.start()
                    || slots[i + 1].key() != slot.key();
            if (last) {
                resident.counters.add(slot.key(), slot.start(), differences);
                row.differences(slot.key(), differences);
                Arrays.fill(differences, 0);
            }
        }
    }
}
