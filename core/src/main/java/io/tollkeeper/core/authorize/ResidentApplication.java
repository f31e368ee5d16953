package io.tollkeeper.core.authorize;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.event.NoticeState;
import io.tollkeeper.core.usage.UsageCounters;
import org.jspecify.annotations.Nullable;

/// An application in memory: what people decided about it, and what it used, two separate things under one lock. A
/// lock object and not a monitor, because a report holds those of many applications at a time (in ascending order of
/// their numbers).
final class ResidentApplication {

    final long number;
    final ReentrantLock lock = new ReentrantLock();

    /// Guarded by the lock.
    final UsageCounters counters;

    /// What people were told about it. Guarded by the lock.
    final NoticeState notices;

    /// None after the application was deleted; its usage stays. Written under the lock, read without it: who counts
    /// compares it again under the lock.
    volatile @Nullable Application definition;

    /// User keys under which it can be found in memory. Guarded by the lock of [Applications]' changes.
    final List<String> userKeys = new ArrayList<>(1);

    // ---- guarded by the lock

    /// Highest journal sequence counted here.
    long lastSeq;

    /// Sequence up to which the store's snapshot includes everything.
    long snapshotSeq;

    /// First row that neither the stored snapshot nor the copy under way includes, while dirty.
    long firstSeq;

    /// The same of the copy under way, while copying.
    long copyingFrom;

    boolean dirty;
    boolean copying;
    boolean evicted;

    /// Second of the last call.
    long lastUsed;

    ResidentApplication(long number, UsageCounters counters, long snapshotSeq, NoticeState notices) {
        this.number = number;
        this.counters = counters;
        this.notices = notices;
        this.snapshotSeq = snapshotSeq;
        this.lastSeq = snapshotSeq;
    }
}
