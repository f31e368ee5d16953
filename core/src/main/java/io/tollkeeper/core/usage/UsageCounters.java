package io.tollkeeper.core.usage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/// Counters of one application (or, with fewer periods, of one product): for every key the current slot of each
/// period. Guarded by its owner's lock; never blocks, allocates only when a key is new or a stamp is unusual.
///
/// Slots are addressed by (period, start), never by "current":
///
/// ```
/// stamp in the current period → values[row × 7 + period]             the hot path: one addition per period
/// stamp before it             → pending (key, period, start) += amount   goes to the store with the next snapshot
/// stamp after it              → extra   (key, period, start) += amount   taken over at rollover
/// a closed minute             → extra, until it is 180 s old
/// ```
///
/// Everything is addition: a set was turned into its difference per period before it came here, undo is the addition
/// of the negative. For every slot, at every moment:
///
/// ```
/// value = store's past + copied (a snapshot under way) + pending + extra + current
/// ```
///
/// Where the store's part is needed (a late set, a period reopened because the clock went back), [#missing] names the
/// slots to load and [#supply] takes them.
public final class UsageCounters {

    /// Closed minutes are kept this many seconds.
    public static final long MINUTE_KEPT = 180;

    /// The clock may go back by this much without reopening closed periods: the last minute is held.
    static final long HELD = 60;

    /// All periods: what an application counts.
    public static final int APPLICATION_PERIODS = 0b111_1111;

    /// Eternity, month, week, day, hour: what a product counts.
    public static final int PRODUCT_PERIODS = 1 << Period.ETERNITY.slot()
            | 1 << Period.MONTH.slot()
            | 1 << Period.WEEK.slot()
            | 1 << Period.DAY.slot()
            | 1 << Period.HOUR.slot();

    /// The object and the heads of its arrays.
    private static final int FIXED_WEIGHT = 136;

    private static final byte VERSION = 1;
    private static final int WIDTH = Period.COUNT;
    private static final int MINUTE = Period.MINUTE.slot();
    private static final int HOUR = Period.HOUR.slot();

    private final int periods;
    private long[] starts = PeriodStarts.NEVER;
    private boolean started;
    private long minuteStart;
    private long minuteEnd;

    private int rows;
    private int[] keys = new int[2];
    private long[] values = new long[2 * WIDTH];

    /// Open addressing: row + 1, or 0.
    private int[] table = new int[4];

    private SlotMap extra = SlotMap.EMPTY;
    private SlotMap pending = SlotMap.EMPTY;
    private @Nullable SlotMap copied;
    private long copiedSeq;

    /// The store's part of closed slots that was loaded: known until the hour ends.
    private SlotMap known = SlotMap.EMPTY;

    /// Slots that were reopened because the clock went back and whose stored part is not here yet.
    private List<Slot> reopened = List.of();

    public UsageCounters(int periods) {
        this.periods = periods;
    }

    /// Which periods are counted, as a bit per [Period#slot].
    public int periods() {
        return periods;
    }

    // ---- time

    /// Makes the periods that contain `now` the current ones; closed slots move to the past, early ones are taken
    /// over. Cheap when nothing changed. Returns the second to count at: `now`, or, if the clock went back by at most
    /// a minute, the start of the current minute.
    public long rollover(long now) {
        if (now >= minuteStart && now < minuteEnd) {
            return now;
        }
        if (started && now < minuteStart && minuteStart - now <= HELD) {
            return minuteStart;
        }
        move(now);
        return now;
    }

    private void move(long now) {
        boolean back = started && now < minuteStart;
        List<Slot> toLoad = back ? new ArrayList<>() : List.of();
        long[] next = PeriodStarts.at(now);
        for (int period = 0; period < WIDTH; period++) {
            long start = next[period];
            if (started && start != starts[period] && counts(period)) {
                close(period, back);
                if (back && period != MINUTE) {
                    for (int row = 0; row < rows; row++) {
                        toLoad.add(new Slot(keys[row], Period.of(period), start));
                    }
                }
            }
            if (period == HOUR && start != starts[period]) {
                known = SlotMap.EMPTY;
            }
        }
        starts = next;
        minuteStart = starts[MINUTE];
        minuteEnd = minuteStart + 60;
        started = true;
        reopened = toLoad;
        if (!extra.isEmpty()) {
            takeOver(now);
        }
    }

    /// Empties the current slots of a period: a closed minute, and what the clock left by going back, is kept here;
    /// all else goes to the store.
    private void close(int period, boolean back) {
        boolean kept = back || period == MINUTE;
        for (int row = 0; row < rows; row++) {
            int at = row * WIDTH + period;
            if (values[at] != 0) {
                SlotMap target = kept ? extra() : pending();
                target.add(keys[row], period, starts[period], values[at]);
                values[at] = 0;
            }
        }
    }

    /// Moves what is not early any more to where it belongs, and forgets old minutes.
    private void takeOver(long now) {
        SlotMap old = extra;
        extra = SlotMap.EMPTY;
        old.forEach((key, period, start, amount) -> {
            if (start == starts[period]) {
                values[row(key) * WIDTH + period] += amount;
            } else if (start > starts[period]) {
                extra().add(key, period, start, amount);
            } else if (period != MINUTE) {
                pending().add(key, period, start, amount);
            } else if (start + 60 + MINUTE_KEPT > now) {
                extra().add(key, period, start, amount);
            }
        });
    }

    private SlotMap extra() {
        if (extra == SlotMap.EMPTY) {
            extra = new SlotMap();
        }
        return extra;
    }

    private SlotMap pending() {
        if (pending == SlotMap.EMPTY) {
            pending = new SlotMap();
        }
        return pending;
    }

    private SlotMap known() {
        if (known == SlotMap.EMPTY) {
            known = new SlotMap();
        }
        return known;
    }

    private boolean counts(int period) {
        return (periods & 1 << period) != 0;
    }

    // ---- counting

    /// Adds to all slots that contain `stamp`. [#rollover] comes first.
    public void add(int key, long stamp, long amount) {
        int at = row(key) * WIDTH;
        if (stamp >= minuteStart && stamp < minuteEnd) {
            for (int period = 0; period < WIDTH; period++) {
                values[at + period] = sum(values[at + period], amount);
            }
            return;
        }
        for (int period = 0; period < WIDTH; period++) {
            addTo(at, key, period, stamp, amount);
        }
    }

    /// Adds one difference per period (index = [Period#slot]) to the slots that contain `stamp`.
    public void add(int key, long stamp, long[] differences) {
        int at = row(key) * WIDTH;
        for (int period = 0; period < WIDTH; period++) {
            addTo(at, key, period, stamp, differences[period]);
        }
    }

    /// Takes back what [#add] added.
    public void subtract(int key, long stamp, long[] differences) {
        int at = row(key) * WIDTH;
        for (int period = 0; period < WIDTH; period++) {
            addTo(at, key, period, stamp, -differences[period]);
        }
    }

    private void addTo(int at, int key, int period, long stamp, long amount) {
        if (amount == 0 || !counts(period)) {
            return;
        }
        long start = Period.of(period).start(stamp);
        if (start == starts[period]) {
            values[at + period] = sum(values[at + period], amount);
        } else if (start > starts[period]) {
            extra().add(key, period, start, amount);
        } else if (period != MINUTE) {
            pending().add(key, period, start, amount);
        } else if (start + 60 + MINUTE_KEPT > minuteStart) {
            extra().add(key, period, start, amount);
        }
    }

    /// Whether an increment at `stamp` would pass 2^63 − 1 in some slot that memory knows; it then has to be counted
    /// as differences ([#saturated]).
    public boolean overflows(int key, long stamp, long amount) {
        int row = find(key);
        if (row < 0 || amount <= 0) {
            return false;
        }
        long highest = Long.MAX_VALUE - amount;
        if (stamp >= minuteStart && stamp < minuteEnd) {
            for (int at = row * WIDTH; at < row * WIDTH + WIDTH; at++) {
                if (values[at] > highest) {
                    return true;
                }
            }
            return false;
        }
        for (int period = 0; period < WIDTH; period++) {
            if (value(key, period, Period.of(period).start(stamp)) > highest) {
                return true;
            }
        }
        return false;
    }

    /// The differences by which an increment brings every slot to at most 2^63 − 1.
    public void saturated(int key, long stamp, long amount, long[] differences) {
        for (int period = 0; period < WIDTH; period++) {
            long value = value(key, period, Period.of(period).start(stamp));
            differences[period] = Math.min(amount, Long.MAX_VALUE - Math.max(0, value));
        }
    }

    /// The differences that set every slot that contains `stamp` to `value`. Slots whose stored part is not known are
    /// added to `unknown`: load them, [#supply] them, ask again.
    public void differences(int key, long stamp, long value, long[] differences, List<Slot> unknown) {
        for (int period = 0; period < WIDTH; period++) {
            long start = Period.of(period).start(stamp);
            differences[period] = 0;
            if (!counts(period)) {
                continue;
            }
            if (start >= starts[period]) {
                differences[period] = value - value(key, period, start);
            } else if (period == MINUTE) {
                if (start + 60 + MINUTE_KEPT > minuteStart) {
                    differences[period] = value - value(key, period, start);
                }
            } else if (known.contains(key, period, start)) {
                differences[period] = value - value(key, period, start) - known.get(key, period, start);
            } else {
                unknown.add(new Slot(key, Period.of(period), start));
            }
        }
    }

    /// Addition that stops at the ends of the range.
    static long sum(long a, long b) {
        long sum = a + b;
        return ((a ^ sum) & (b ^ sum)) < 0 ? (b < 0 ? Long.MIN_VALUE : Long.MAX_VALUE) : sum;
    }

    // ---- reading

    /// Value of a key in the current slot of a period.
    public long current(int key, int period) {
        int row = find(key);
        return row < 0 ? 0 : values[row * WIDTH + period];
    }

    /// Value of a key in the slot of `period` that starts at `start`, as far as memory knows it: for a closed slot
    /// that is what the store does not have yet.
    public long value(int key, int period, long start) {
        if (start == starts[period]) {
            return current(key, period);
        }
        long value = extra.isEmpty() ? 0 : extra.get(key, period, start);
        value = sum(value, pending.get(key, period, start));
        return copied == null ? value : sum(value, copied.get(key, period, start));
    }

    /// Value of a slot, put together from memory and what was read from the store. `now` only tells which minutes are
    /// too old to be known; a reader never moves the current periods.
    public long value(Slot slot, long now, StoredPast past) {
        int period = slot.period().slot();
        if (period == MINUTE && slot.start() + 60 + MINUTE_KEPT <= now) {
            return 0;
        }
        long value = value(slot.key(), period, slot.start());
        if (slot.start() >= starts[period]) {
            // A current or early slot is complete here. What the store holds of it (the clock had gone back) is taken
            // account of by a negative pending amount.
            return sum(sum(value, slot.start() == starts[period] ? pendingOf(slot) : 0), past.values().getOrDefault(slot, 0L)
                    - includedIn(past.seq(), slot));
        }
        return sum(value, past.values().getOrDefault(slot, 0L) - includedIn(past.seq(), slot));
    }

    /// Puts the value of every slot of a range that memory has a part in over what was read from the store (`past`).
    public void overlay(SlotRange range, long now, StoredPast past, Map<Slot, Long> values) {
        SlotMap.Visitor one = (key, period, start, _) -> {
            if (range.contains(key, period, start)) {
                Slot slot = new Slot(key, range.period(), start);
                values.put(slot, value(slot, now, past));
            }
        };
        extra.forEach(one);
        pending.forEach(one);
        if (copied != null) {
            copied.forEach(one);
        }
        int period = range.period().slot();
        for (int row = 0; row < rows && counts(period); row++) {
            one.slot(keys[row], period, starts[period], 0);
        }
    }

    /// The value of every slot that is not 0, in memory or in `past`, which holds all closed slots of the store.
    public Map<Slot, Long> all(long now, StoredPast past) {
        Map<Slot, Long> values = new HashMap<>(past.values());
        for (int period = 0; period < WIDTH; period++) {
            overlay(new SlotRange(KeyRange.ALL, Period.of(period), Long.MIN_VALUE, Long.MAX_VALUE), now, past, values);
        }
        values.values().removeIf(value -> value == 0);
        return values;
    }

    private long pendingOf(Slot slot) {
        int period = slot.period().slot();
        long value = pending.get(slot.key(), period, slot.start());
        return copied == null ? value : sum(value, copied.get(slot.key(), period, slot.start()));
    }

    /// The part of a copy under way that the store had already taken when it was read.
    private long includedIn(long seq, Slot slot) {
        return copied != null && copiedSeq <= seq
                ? copied.get(slot.key(), slot.period().slot(), slot.start())
                : 0;
    }

    // ---- closed slots that memory needs

    /// Slots whose stored part must be supplied before limits can be checked; empty nearly always.
    public List<Slot> missing() {
        return reopened;
    }

    /// Takes the stored part of closed slots.
    public void supply(StoredPast past, List<Slot> asked) {
        for (Slot slot : asked) {
            int period = slot.period().slot();
            long stored = past.values().getOrDefault(slot, 0L) - includedIn(past.seq(), slot);
            if (slot.start() == starts[period] && reopened.contains(slot)) {
                // The slot is current again: all of it moves here, and the store's part is taken back when it closes.
                long here = pendingOf(slot);
                values[row(slot.key()) * WIDTH + period] += stored + here;
                pending().add(slot.key(), period, slot.start(), -stored - here);
            } else if (slot.start() < starts[period]
                    && !known.contains(slot.key(), period, slot.start())) {
                known().add(slot.key(), period, slot.start(), stored);
            }
        }
        if (!reopened.isEmpty()) {
            List<Slot> left = new ArrayList<>(reopened);
            left.removeAll(asked);
            reopened = left;
        }
    }

    // ---- snapshots

    /// Takes what has to be added to closed slots in the store; it stays readable here until [#written] or
    /// [#notWritten]. One copy at a time. `seq` is the copy's own place in the journal.
    public List<PastDelta> copyPast(long seq) {
        List<PastDelta> deltas = new ArrayList<>();
        pending.forEach((key, period, start, amount) -> {
            if (amount != 0) {
                deltas.add(new PastDelta(key, Period.of(period), start, amount));
            }
        });
        copied = pending;
        copiedSeq = seq;
        pending = SlotMap.EMPTY;
        return deltas;
    }

    /// The copy is in the store.
    public void written() {
        SlotMap done = copied;
        if (done == null) {
            return;
        }
        copied = null;
        if (!known.isEmpty()) {
            done.forEach((key, period, start, amount) -> {
                if (known.contains(key, period, start)) {
                    known().add(key, period, start, amount);
                }
            });
        }
    }

    /// The copy did not get into the store: what it held is pending again.
    public void notWritten() {
        SlotMap back = copied;
        if (back != null) {
            copied = null;
            pending().addAll(back);
        }
    }

    /// All that memory must know again after a start, in compact form:
    ///
    /// ```
    /// version 1 · minute (varint, current minute's start) · count of rows, each: key (varint), mask of periods that are
    /// not 0 (1 byte), their values (zigzag varint) · count of extra slots, each: key << 3 | period (varint),
    /// start relative to the minute (zigzag varint), amount (zigzag varint)
    /// ```
    public SlotBytes export() {
        Bytes out = new Bytes();
        out.put(VERSION);
        out.varint(minuteStart);
        int filled = 0;
        for (int row = 0; row < rows; row++) {
            filled += mask(row) == 0 ? 0 : 1;
        }
        out.varint(filled);
        for (int row = 0; row < rows; row++) {
            int mask = mask(row);
            if (mask != 0) {
                out.varint(keys[row]);
                out.put((byte) mask);
                for (int period = 0; period < WIDTH; period++) {
                    if ((mask & 1 << period) != 0) {
                        out.zigzag(values[row * WIDTH + period]);
                    }
                }
            }
        }
        out.varint(extra.size());
        extra.forEach((key, period, start, amount) -> {
            out.varint((long) key << 3 | period);
            out.zigzag(start - minuteStart);
            out.zigzag(amount);
        });
        return new SlotBytes(out.toArray());
    }

    private int mask(int row) {
        int mask = 0;
        for (int period = 0; period < WIDTH; period++) {
            mask |= values[row * WIDTH + period] != 0 && counts(period) ? 1 << period : 0;
        }
        return mask;
    }

    /// The values of a range of slots of somebody who is not in memory: all that there is was read from the store.
    public static Map<Slot, Long> values(int periods, StoredSeries stored, SlotRange range, long now) {
        Map<Slot, Long> values = new HashMap<>(stored.past().values());
        StoredUsage snapshot = stored.snapshot();
        if (snapshot != null) {
            of(periods, snapshot.slots()).overlay(range, now, stored.past(), values);
        }
        return values;
    }

    /// Counters as they were exported.
    public static UsageCounters of(int periods, SlotBytes slots) {
        UsageCounters counters = new UsageCounters(periods);
        Bytes in = new Bytes(slots.bytes());
        byte version = in.get();
        if (version != VERSION) {
            throw new IllegalArgumentException("usage slots: version " + version + " (expected " + VERSION + ")");
        }
        counters.move(in.varint());
        for (long left = in.varint(); left > 0; left--) {
            int at = counters.row((int) in.varint()) * WIDTH;
            int mask = in.get();
            for (int period = 0; period < WIDTH; period++) {
                if ((mask & 1 << period) != 0) {
                    counters.values[at + period] = in.zigzag();
                }
            }
        }
        for (long left = in.varint(); left > 0; left--) {
            long tag = in.varint();
            long start = counters.minuteStart + in.zigzag();
            counters.extra().add((int) (tag >>> 3), (int) (tag & 7), start, in.zigzag());
        }
        return counters;
    }

    /// About how many bytes of heap these counters take.
    public int weight() {
        SlotMap underWay = copied;
        return FIXED_WEIGHT
                + rows(keys.length)
                + extra.weight()
                + pending.weight()
                + known.weight()
                + (underWay == null ? 0 : underWay.weight());
    }

    private static int rows(int capacity) {
        return capacity * (Integer.BYTES + WIDTH * Long.BYTES + 2 * Integer.BYTES);
    }

    // ---- rows

    private int find(int key) {
        int mask = table.length - 1;
        int at = hash(key) & mask;
        while (table[at] != 0) {
            int row = table[at] - 1;
            if (keys[row] == key) {
                return row;
            }
            at = at + 1 & mask;
        }
        return -1;
    }

    private int row(int key) {
        int row = find(key);
        return row >= 0 ? row : newRow(key);
    }

    private int newRow(int key) {
        if (rows == keys.length) {
            keys = Arrays.copyOf(keys, rows * 2);
            values = Arrays.copyOf(values, rows * 2 * WIDTH);
            table = new int[table.length * 2];
            for (int row = 0; row < rows; row++) {
                enter(row);
            }
        }
        keys[rows] = key;
        enter(rows);
        return rows++;
    }

    private void enter(int row) {
        int mask = table.length - 1;
        int at = hash(keys[row]) & mask;
        while (table[at] != 0) {
            at = at + 1 & mask;
        }
        table[at] = row + 1;
    }

    private static int hash(int key) {
        int mixed = key * 0x9E37_79B9;
        return mixed ^ mixed >>> 15;
    }

    /// Numbers of variable length, written and read.
    private static final class Bytes {

        private byte[] bytes;
        private int position;

        Bytes() {
            bytes = new byte[64];
        }

        Bytes(byte[] bytes) {
            this.bytes = bytes;
        }

        void put(byte value) {
            if (position == bytes.length) {
                bytes = Arrays.copyOf(bytes, position * 2);
            }
            bytes[position++] = value;
        }

        void zigzag(long value) {
            varint(value << 1 ^ value >> 63);
        }

        void varint(long value) {
            long rest = value;
            while ((rest & ~0x7FL) != 0) {
                put((byte) (rest | 0x80));
                rest >>>= 7;
            }
            put((byte) rest);
        }

        byte get() {
            if (position == bytes.length) {
                throw new IllegalArgumentException("usage slots: cut short at byte " + position);
            }
            return bytes[position++];
        }

        long zigzag() {
            long value = varint();
            return value >>> 1 ^ -(value & 1);
        }

        long varint() {
            long value = 0;
            for (int shift = 0; shift < 64; shift += 7) {
                byte next = get();
                value |= (long) (next & 0x7F) << shift;
                if (next >= 0) {
                    return value;
                }
            }
            throw new IllegalArgumentException("usage slots: number too long at byte " + position);
        }

        byte[] toArray() {
            return Arrays.copyOf(bytes, position);
        }
    }
}
