package io.tollkeeper.core.flight;

import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// The last kept records of one event loop. Written by that loop only, readable from any thread: what is in the ring
/// is a copy that nobody changes any more.
public final class FlightRing {

    private final FlightQuota quota;
    private final AtomicReferenceArray<@Nullable FlightRecord> slots;

    /// `capacity` is rounded up to a power of two.
    public FlightRing(int capacity, FlightQuota quota) {
        this.slots = new AtomicReferenceArray<>(Integer.highestOneBit(Math.max(2, capacity) * 2 - 1));
        this.quota = quota;
    }

    /// Keeps a copy of a finished record if the quota allows; tells whether it did. `nowNanos` is the loop's clock.
    public boolean offer(FlightRecord record, long nowNanos) {
        throw new IllegalStateException("being built: " + record + nowNanos + quota);
    }

    /// The kept record of this id, or none.
    public @Nullable FlightRecord find(long high, long low) {
        throw new IllegalStateException("being built: " + high + low);
    }

    /// Kept records, newest first, at most `limit`.
    public List<FlightRecord> newest(int limit) {
        throw new IllegalStateException("being built: " + limit + slots.length());
    }

    /// Records kept since `position`, oldest first, for the spill: returns the position to go on from. Records
    /// overwritten meanwhile are skipped.
    public long since(long position, List<FlightRecord> into) {
        throw new IllegalStateException("being built: " + position + into);
    }
}
