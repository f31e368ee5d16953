package io.tollkeeper.core.usage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/// Totals of all products over all their applications: plain sums of journal rows, in the five periods of
/// [UsageCounters#PRODUCT_PERIODS]. Fed by the journal's writer with committed rows, read by queries; every method
/// holds its lock briefly and never waits for anything else.
public final class ProductTotals {

    private static final class Total {
        final UsageCounters counters;
        long lastSeq;
        long snapshotSeq;

        /// First row that the last copy, and the copy under way, do not include.
        long firstSeq;

        long copyingFrom;
        boolean dirty;
        boolean copying;

        Total(UsageCounters counters) {
            this.counters = counters;
        }
    }

    private final Map<Integer, Total> totals = new HashMap<>();
    private final JournalBody.Reader reader = new JournalBody.Reader();

    /// Takes over the snapshots of the store, before any row is applied.
    public synchronized void restore(List<StoredUsage> snapshots) {
        for (StoredUsage snapshot : snapshots) {
            Total total = new Total(UsageCounters.of(UsageCounters.PRODUCT_PERIODS, snapshot.slots()));
            total.lastSeq = snapshot.seq();
            total.snapshotSeq = snapshot.seq();
            totals.put((int) snapshot.number(), total);
        }
    }

    /// Adds a committed row. Rows up to the sequence of the product's snapshot are skipped (replay).
    public synchronized void apply(long seq, byte[] body) {
        reader.reset(body);
        Total total = totals.computeIfAbsent(
                reader.product(), _ -> new Total(new UsageCounters(UsageCounters.PRODUCT_PERIODS)));
        if (seq <= total.snapshotSeq) {
            return;
        }
        UsageCounters counters = total.counters;
        counters.rollover(reader.at());
        while (reader.next()) {
            if (reader.isAmount()) {
                counters.add(reader.key(), reader.stamp(), reader.amount());
            } else {
                counters.add(reader.key(), reader.stamp(), reader.differences());
            }
        }
        total.lastSeq = seq;
        if (!total.dirty) {
            total.dirty = true;
            total.firstSeq = seq;
        }
    }

    /// Copies the totals that changed since their last copy. One copy of a product at a time.
    public synchronized List<UsageSnapshot> copyDirty() {
        List<UsageSnapshot> copies = new ArrayList<>();
        totals.forEach((product, total) -> {
            if (total.dirty && !total.copying) {
                total.dirty = false;
                total.copying = true;
                total.copyingFrom = total.firstSeq;
                List<PastDelta> past = total.counters.copyPast(total.lastSeq);
                copies.add(new UsageSnapshot(product, total.lastSeq, total.counters.export(), past));
            }
        });
        return copies;
    }

    /// Tells that copies are in the store.
    public synchronized void written(List<UsageSnapshot> copies) {
        for (UsageSnapshot copy : copies) {
            Total total = totals.get((int) copy.number());
            if (total != null) {
                total.copying = false;
                total.snapshotSeq = copy.seq();
                total.counters.written();
            }
        }
    }

    /// Tells that copies could not be written: they are dirty again.
    public synchronized void notWritten(List<UsageSnapshot> copies) {
        for (UsageSnapshot copy : copies) {
            Total total = totals.get((int) copy.number());
            if (total != null) {
                total.copying = false;
                total.dirty = true;
                total.firstSeq = total.copyingFrom;
                total.counters.notWritten();
            }
        }
    }

    /// The lowest sequence of a row that some product's snapshot does not include yet: journal rows from here on are needed.
    /// `next` if all are included.
    public synchronized long oldestUncovered(long next) {
        long oldest = next;
        for (Total total : totals.values()) {
            if (total.dirty) {
                oldest = Math.min(oldest, total.firstSeq);
            }
            if (total.copying) {
                oldest = Math.min(oldest, total.copyingFrom);
            }
        }
        return oldest;
    }

    /// The values of a range of slots at `now`, put together with what the store holds of them; none if a snapshot was
    /// written after `stored` was read: read it again.
    public @Nullable Map<Slot, Long> values(int product, StoredPast stored, SlotRange range, long now) {
        // The store's part may be long: copied before the lock is taken.
        Map<Slot, Long> values = new HashMap<>(stored.values());
        synchronized (this) {
            Total total = totals.get(product);
            if (total == null) {
                return values;
            }
            if (total.snapshotSeq > stored.seq()) {
                return null;
            }
            total.counters.overlay(range, now, stored, values);
            return values;
        }
    }

    /// Value of one slot of a product at `now`, put together with what the store holds of it (none = nothing was
    /// read: right for slots that are not closed).
    public synchronized long value(int product, Slot slot, long now, @Nullable StoredPast past) {
        Total total = totals.get(product);
        StoredPast stored = past == null ? new StoredPast(product, 0, Map.of()) : past;
        if (total == null) {
            return stored.values().getOrDefault(slot, 0L);
        }
        return total.counters.value(slot, now, stored);
    }
}
