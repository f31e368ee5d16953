package io.tollkeeper.core.authorize;

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

    /// Itself, its lock, what it was told, its places in the maps by number and by user key, the user key.
    private static final int FIXED_WEIGHT = 324;

    /// The record, its id, its place in the map by id.
    private static final int DEFINITION_WEIGHT = 140;

    private static final int TEXT_WEIGHT = 60;

    final long number;
    final ReentrantLock lock = new ReentrantLock();

    /// Guarded by the lock.
    final UsageCounters counters;

    /// What people were told about it. Guarded by the lock.
    final NoticeState notices;

    /// None after the application was deleted; its usage stays. Written under the lock, read without it: who counts
    /// compares it again under the lock.
    volatile @Nullable Application definition;

    /// User keys under which it can be found in memory: nearly always one. Guarded by the lock of [Applications]'
    /// changes; a list of its own is never changed.
    List<String> userKeys = List.of();

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

    /// Second of the last call; 0 before the first.
    long lastUsed;

    /// Bytes of heap that it was last found to take.
    int weight;

    ResidentApplication(long number, UsageCounters counters, long snapshotSeq, NoticeState notices) {
        this.number = number;
        this.counters = counters;
        this.notices = notices;
        this.snapshotSeq = snapshotSeq;
        this.lastSeq = snapshotSeq;
    }

    /// About how many bytes of heap it takes now, its places in the maps of [Applications] included. Inside the lock.
    int weigh() {
        Application application = definition;
        int weight = FIXED_WEIGHT + counters.weight();
        if (application != null) {
            weight += DEFINITION_WEIGHT + application.id().length();
            for (String key : application.keys()) {
                weight += TEXT_WEIGHT + key.length();
            }
            for (String filter : application.referrerFilters()) {
                weight += TEXT_WEIGHT + filter.length();
            }
        }
        return weight;
    }
}
