package io.tollkeeper.http.recorder;

import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;

/// Lines of one event loop on their way to the writer. One loop fills, one thread empties, neither waits: when the ring
/// is full (standard output may be a stuck pipe) the line is dropped and counted.
final class LogRing {

    private final LogEntry[] entries;
    private final AtomicLong filled = new AtomicLong();
    private final AtomicLong emptied = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    // The filling loop's own copies: no shared cache line is touched as long as there is room.
    private long next;
    private long knownEmptied;

    /// `capacity` is rounded up to a power of two.
    LogRing(int capacity) {
        entries = new LogEntry[Integer.highestOneBit(Math.max(2, capacity) * 2 - 1)];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = new LogEntry();
        }
    }

    /// The entry to fill, none if the ring is full. On the loop; followed by [#publish].
    @Nullable LogEntry claim() {
        if (next - knownEmptied == entries.length) {
            knownEmptied = emptied.getAcquire();
            if (next - knownEmptied == entries.length) {
                dropped.setRelease(dropped.getPlain() + 1);
                return null;
            }
        }
        return entries[(int) next & entries.length - 1];
    }

    /// Hands the claimed entry to the writer.
    void publish() {
        next++;
        filled.setRelease(next);
    }

    /// Lines dropped so far. Any thread.
    long dropped() {
        return dropped.getAcquire();
    }

    /// Gives up to `most` entries to `line`, in order; tells how many. On the writer's thread.
    int drain(LogLine line, int most) {
        long from = emptied.getPlain();
        long to = Math.min(filled.getAcquire(), from + most);
        for (long at = from; at < to; at++) {
            LogEntry entry = entries[(int) at & entries.length - 1];
            line.append(entry);
            entry.clear();
        }
        emptied.setRelease(to);
        return (int) (to - from);
    }
}
