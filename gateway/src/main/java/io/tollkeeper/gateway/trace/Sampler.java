package io.tollkeeper.gateway.trace;

import java.util.SplittableRandom;

/// Decides which calls are traced and makes ids. One per event loop, on it.
public final class Sampler {

    private final boolean parentBased;
    private final long bound;
    private final SplittableRandom random;

    /// @param seed must differ between loops and processes
    Sampler(double ratio, boolean parentBased, long seed) {
        this.parentBased = parentBased;
        this.bound = ratio >= 1 ? Long.MAX_VALUE : (long) (Math.max(0, ratio) * Long.MAX_VALUE);
        this.random = new SplittableRandom(seed);
    }

    /// Whether a caller's decision counts before ours.
    boolean parentBased() {
        return parentBased;
    }

    /// Whether a trace of this id (its lower half) is recorded: the same answer everywhere for the same ratio.
    boolean takes(long traceLow) {
        return bound == Long.MAX_VALUE || (traceLow & Long.MAX_VALUE) < bound;
    }

    /// Never 0, which stands for none.
    long nextId() {
        long id = random.nextLong();
        return id == 0 ? 1 : id;
    }
}
