package io.tollkeeper.core.usage;

import java.util.concurrent.atomic.AtomicReferenceArray;

/// The starts of all periods that contain a minute, indexed by [Period#slot]. Counters at the same minute share one
/// array: 72 bytes less for each application in memory, and its calendar is worked out once. Any thread; never blocks.
final class PeriodStarts {

    /// Before the first minute.
    static final long[] NEVER = new long[Period.COUNT];

    /// By minute; who comes too late works it out again.
    private static final AtomicReferenceArray<long[]> KNOWN = new AtomicReferenceArray<>(256);

    private static final int MINUTE = Period.MINUTE.slot();

    private PeriodStarts() {}

    /// The starts of the periods that contain a second. Not to be changed.
    static long[] at(long second) {
        long minute = Period.MINUTE.start(second);
        int place = (int) (minute / 60) & KNOWN.length() - 1;
        long[] known = KNOWN.get(place);
        if (known == null || known[MINUTE] != minute) {
            known = new long[Period.COUNT];
            for (int period = 0; period < Period.COUNT; period++) {
                known[period] = Period.of(period).start(second);
            }
            KNOWN.set(place, known);
        }
        return known;
    }
}
