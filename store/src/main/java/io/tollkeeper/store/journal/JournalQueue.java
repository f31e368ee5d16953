package io.tollkeeper.store.journal;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.UsageJournal;
import org.jspecify.annotations.Nullable;

/// Bounded queue from many event loops to the one writer; never blocks, no lock, nothing allocated. A row's place in it
/// is its sequence: claimed with one compare-and-set, so that a refused row leaves no gap.
///
/// A row is visible to the writer once its slot is filled. An appender that was interrupted between claiming and
/// filling holds back what came after it, never reorders it.
final class JournalQueue {

    private final AtomicReferenceArray<@Nullable JournalRow> slots;
    private final int mask;
    private final AtomicLong next;
    private volatile long taken;

    /// `capacity` is a power of two.
    JournalQueue(int capacity, long firstSeq) {
        slots = new AtomicReferenceArray<>(capacity);
        mask = capacity - 1;
        next = new AtomicLong(firstSeq);
        taken = firstSeq;
    }

    /// Appends a row and gives it its sequence, or returns [UsageJournal#FULL].
    long append(JournalRow row) {
        while (true) {
            long seq = next.get();
            if (seq - taken > mask) {
                return UsageJournal.FULL;
            }
            if (next.compareAndSet(seq, seq + 1)) {
                row.seq(seq);
                slots.set((int) seq & mask, row);
                return seq;
            }
        }
    }

    /// Moves rows to `into`, from index `from` on, as many as there are and fit; returns the index after the last.
    /// Writer only.
    int take(JournalRow[] into, int from) {
        long seq = taken;
        int at = from;
        while (at < into.length) {
            JournalRow row = slots.get((int) seq & mask);
            if (row == null) {
                break;
            }
            slots.lazySet((int) seq & mask, null);
            into[at++] = row;
            seq++;
        }
        if (at > from) {
            taken = seq;
        }
        return at;
    }

    /// Whether the writer would find something.
    boolean isEmpty() {
        return slots.get((int) taken & mask) == null;
    }

    /// Rows claimed and not taken yet.
    int size() {
        return (int) Math.max(0, next.get() - taken);
    }

    /// The sequence that the next row will get.
    long nextSeq() {
        return next.get();
    }
}
