package io.tollkeeper.core.flight;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// The last kept records of one event loop. Written by that loop only, readable from any thread without a lock: what is
/// in the ring is a copy that nobody changes any more.
public final class FlightRing {

    private static final int BUCKETS = 1024;

    private final FlightQuota quota;
    private final AtomicReferenceArray<@Nullable FlightRecord> slots;
    private final AtomicLong kept = new AtomicLong();

    // ---- the quota's state, of the loop only
    private long second = Long.MIN_VALUE;

    /// Failures of this second by (product, application, reason), hashed; a collision shares a quota.
    private final int[] failures = new int[BUCKETS];

    private boolean anyFailure;
    private int successes;
    private int skipped;

    /// `capacity` is rounded up to a power of two.
    public FlightRing(int capacity, FlightQuota quota) {
        this.slots = new AtomicReferenceArray<>(Integer.highestOneBit(Math.max(2, capacity) * 2 - 1));
        this.quota = quota;
    }

    /// Keeps a copy of a finished record if the quota allows; tells whether it did. `nowNanos` is the loop's clock.
    public boolean offer(FlightRecord record, long nowNanos) {
        return offer(record, nowNanos, null);
    }

    /// The same; only a record that is kept gets the details.
    public boolean offer(FlightRecord record, long nowNanos, FlightRecord.@Nullable Details details) {
        if (!allows(record, Math.floorDiv(nowNanos, 1_000_000_000L))) {
            return false;
        }
        if (details != null) {
            details.addTo(record);
        }
        long position = kept.get();
        slots.set((int) position & slots.length() - 1, record.copy());
        kept.set(position + 1);
        return true;
    }

    private boolean allows(FlightRecord record, long now) {
        if (now != second) {
            second = now;
            successes = 0;
            if (anyFailure) {
                anyFailure = false;
                Arrays.fill(failures, 0);
            }
        }
        if (record.isFailure()) {
            anyFailure = true;
            return failures[bucket(record)]++ < quota.failuresPerSecond();
        }
        if (successes < quota.successesPerSecond()) {
            successes++;
            return true;
        }
        skipped++;
        if (skipped >= quota.successesOneIn()) {
            skipped = 0;
            return true;
        }
        return false;
    }

    private static int bucket(FlightRecord record) {
        String product = record.productId();
        Reason reason = record.reason();
        int hash = product == null ? 0 : product.hashCode();
        hash = hash * 31 + Long.hashCode(record.applicationNumber());
        hash = hash * 31 + (reason == null ? 0 : reason.code().hashCode());
        hash *= 0x9E37_79B9;
        return hash >>> 22;
    }

    /// The kept record of this id, or none.
    public @Nullable FlightRecord find(long high, long low) {
        for (int i = 0; i < slots.length(); i++) {
            FlightRecord record = slots.get(i);
            if (record != null && record.idLow() == low && record.idHigh() == high) {
                return record;
            }
        }
        return null;
    }

    /// Kept records, newest first, at most `limit`.
    public List<FlightRecord> newest(int limit) {
        List<FlightRecord> records = new ArrayList<>();
        long end = kept.get();
        for (long position = end - 1; position >= 0 && end - position <= slots.length(); position--) {
            FlightRecord record = slots.get((int) position & slots.length() - 1);
            if (records.size() == limit) {
                break;
            }
            if (record != null) {
                records.add(record);
            }
        }
        return records;
    }

    /// Records kept since `position` (0 at first), oldest first, for the spill: returns the position to go on from.
    /// Records overwritten meanwhile are skipped.
    public long since(long position, List<FlightRecord> into) {
        long end = kept.get();
        for (long at = Math.max(position, end - slots.length()); at < end; at++) {
            FlightRecord record = slots.get((int) at & slots.length() - 1);
            if (record != null) {
                into.add(record);
            }
        }
        return end;
    }
}
