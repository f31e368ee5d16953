package io.tollkeeper.core.usage;

import java.util.Arrays;

/// A small map (key, period, start) → amount with open addressing; an amount of 0 is the same as no entry. Guarded by
/// its owner's lock; never blocks.
final class SlotMap {

    /// Receives one entry.
    interface Visitor {
        void slot(int key, int period, long start, long amount);
    }

    private static final int FREE = -1;

    /// Shared by all maps without entries, never written to.
    private static final int[] NOTHING = {FREE};

    private static final long[] NO_NUMBERS = new long[1];

    /// Stands for every map that has nothing in it yet; never added to.
    static final SlotMap EMPTY = new SlotMap();

    /// `key << 3 | period`, or [#FREE].
    private int[] tags = NOTHING;

    private long[] starts = NO_NUMBERS;
    private long[] amounts = NO_NUMBERS;
    private int size;

    boolean isEmpty() {
        return size == 0;
    }

    /// Entries, including those that came to 0.
    int size() {
        return size;
    }

    long get(int key, int period, long start) {
        int at = find(tag(key, period), start);
        return tags[at] == FREE ? 0 : amounts[at];
    }

    boolean contains(int key, int period, long start) {
        return tags[find(tag(key, period), start)] != FREE;
    }

    void add(int key, int period, long start, long amount) {
        int tag = tag(key, period);
        int at = find(tag, start);
        if (tags[at] == FREE) {
            if (tags == NOTHING || size * 2 >= tags.length) {
                grow();
                at = find(tag, start);
            }
            tags[at] = tag;
            starts[at] = start;
            amounts[at] = amount;
            size++;
        } else {
            amounts[at] = UsageCounters.sum(amounts[at], amount);
        }
    }

    void addAll(SlotMap other) {
        other.forEach(this::add);
    }

    /// About how many bytes of heap it takes.
    int weight() {
        return tags == NOTHING ? 0 : 72 + tags.length * (Integer.BYTES + 2 * Long.BYTES);
    }

    void forEach(Visitor visitor) {
        for (int i = 0; i < tags.length; i++) {
            if (tags[i] != FREE) {
                visitor.slot(tags[i] >>> 3, tags[i] & 7, starts[i], amounts[i]);
            }
        }
    }

    private static int tag(int key, int period) {
        return key << 3 | period;
    }

    private int find(int tag, long start) {
        int mask = tags.length - 1;
        long mixed = (start / 60 + tag) * 0x9E37_79B9_7F4A_7C15L;
        int at = (int) (mixed >>> 40) & mask;
        while (tags[at] != FREE && (tags[at] != tag || starts[at] != start)) {
            at = at + 1 & mask;
        }
        return at;
    }

    private void grow() {
        int[] oldTags = tags;
        long[] oldStarts = starts;
        long[] oldAmounts = amounts;
        tags = new int[Math.max(4, oldTags.length * 2)];
        Arrays.fill(tags, FREE);
        starts = new long[tags.length];
        amounts = new long[tags.length];
        for (int i = 0; i < oldTags.length; i++) {
            if (oldTags[i] != FREE) {
                int at = find(oldTags[i], oldStarts[i]);
                tags[at] = oldTags[i];
                starts[at] = oldStarts[i];
                amounts[at] = oldAmounts[i];
            }
        }
    }
}
