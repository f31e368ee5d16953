package io.tollkeeper.core.usage;

/// Counters of one application (or, with fewer periods, of one product): for every key the current slot of each
/// period. Guarded by its owner's lock; never blocks, allocates only when a key is new or a stamp is unusual.
///
/// Slots are addressed by (period, start), never by "current":
///
/// ```
/// stamp in the current period → values[row][period]         the hot path: one addition per period
/// stamp before it             → past   (key, period, start) += amount    goes to the store with the next snapshot
/// stamp after it              → early  (key, period, start) += amount    taken over at rollover
/// ```
///
/// Everything is addition: a set was turned into its difference per period before it came here, undo is the addition
/// of the negative, and value(slot) = store's past + pending past + current + early.
public final class UsageCounters {

    /// Closed minutes are kept this many seconds.
    public static final long MINUTE_KEPT = 180;

    /// All periods: what an application counts.
    public static final int APPLICATION_PERIODS = 0b111_1111;

    /// Eternity, month, week, day, hour: what a product counts.
    public static final int PRODUCT_PERIODS =
            1 << Period.ETERNITY.ordinal()
                    | 1 << Period.MONTH.ordinal()
                    | 1 << Period.WEEK.ordinal()
                    | 1 << Period.DAY.ordinal()
                    | 1 << Period.HOUR.ordinal();

    private final int periods;

    public UsageCounters(int periods) {
        this.periods = periods;
    }

    /// Which periods are counted, as a bit per ordinal.
    public int periods() {
        return periods;
    }

    /// Makes the periods that contain `now` the current ones; closed slots move to the past, early ones are taken
    /// over. Cheap when nothing changed. Returns the second to count at: `now`, or, if the clock went back by at most
    /// a minute, the start of the current minute.
    public long rollover(long now) {
        throw new IllegalStateException("being built: " + now);
    }

    /// Value of a key in the current slot of a period.
    public long current(int key, int period) {
        throw new IllegalStateException("being built: " + key + period);
    }

    /// Value of a key in the slot of `period` that starts at `start`, as far as memory knows it: for a closed slot
    /// that is what the store does not have yet.
    public long value(int key, int period, long start) {
        throw new IllegalStateException("being built: " + key + period + start);
    }

    /// Adds to all slots that contain `stamp`.
    public void add(int key, long stamp, long amount) {
        throw new IllegalStateException("being built: " + key + stamp + amount);
    }

    /// Adds one difference per period (index = ordinal of the period) to the slots that contain `stamp`.
    public void add(int key, long stamp, long[] differences) {
        throw new IllegalStateException("being built: " + key + stamp + differences.length);
    }
}
