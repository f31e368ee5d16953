package io.tollkeeper.core.flight;

/// Makes request ids, ascending, for one event loop. Not shared, hence without contention; no allocation.
public final class RequestIds {

    private long millis;
    private long high;
    private long low;
    private long state;

    /// `seed` must differ between loops and processes.
    public RequestIds(long seed) {
        this.state = seed;
    }

    /// Makes the next id; read it with [#high] and [#low]. An id made in the same millisecond as the one before (or
    /// after the clock went back) is the one before plus a small random step.
    public void next(long nowMillis) {
        if (nowMillis > millis) {
            millis = nowMillis;
            long chance = chance();
            high = millis << 16 | chance & 0xFFFF;
            low = chance();
            return;
        }
        long before = low;
        low += 1 + (chance() & 0x3FFF_FFFF);
        if (Long.compareUnsigned(low, before) < 0) {
            high++;
            millis = high >>> 16;
        }
    }

    public long high() {
        return high;
    }

    public long low() {
        return low;
    }

    /// SplitMix64.
    private long chance() {
        state += 0x9E37_79B9_7F4A_7C15L;
        long mixed = (state ^ state >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D0_49BB_1331_11EBL;
        return mixed ^ mixed >>> 31;
    }
}
