package io.tollkeeper.gateway.meter;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.jspecify.annotations.Nullable;

/// One event loop's part of the spool: the file it writes, and empty ones that wait. On its loop, but where said otherwise.
final class LoopSpool {

    private final Spool spool;
    private final Queue<SpoolSegment> spares = new ConcurrentLinkedQueue<>();
    private volatile @Nullable SpoolSegment current;

    LoopSpool(Spool spool) {
        this.spool = spool;
    }

    /// Empty files to go on with. Any thread adds.
    Queue<SpoolSegment> spares() {
        return spares;
    }

    /// Notes a call that is let in; false if it cannot be noted.
    boolean call(String target, String key, long second) {
        SpoolSegment open = open();
        if (open != null && open.call(target, key, second)) {
            return true;
        }
        SpoolSegment next = next();
        return next != null && next.call(target, key, second);
    }

    /// Notes how a call ended; false if it cannot be noted.
    boolean status(String target, String key, long second, int status) {
        SpoolSegment open = open();
        if (open != null && open.status(target, key, second, status)) {
            return true;
        }
        SpoolSegment next = next();
        return next != null && next.status(target, key, second, status);
    }

    private @Nullable SpoolSegment open() {
        SpoolSegment open = current;
        return open != null ? open : next();
    }

    /// Goes on with an empty file.
    private @Nullable SpoolSegment next() {
        SpoolSegment full = current;
        if (full != null && full.isEmpty()) {
            return null; // what does not fit into an empty file fits into none
        }
        SpoolSegment fresh = spares.poll();
        if (fresh == null) {
            spool.wake();
            return null;
        }
        if (full != null) {
            spool.sealed(full);
        }
        current = fresh;
        return fresh;
    }

    /// Writes what the file holds to the disk. On the spool's thread, which is also the one that gives its memory back.
    void force() {
        SpoolSegment written = current;
        if (written != null) {
            written.force();
        }
    }

    /// Ends the file that was written so far, if it holds anything.
    void seal() {
        SpoolSegment written = current;
        if (written != null && !written.isEmpty()) {
            current = null;
            spool.sealed(written);
        }
    }
}
