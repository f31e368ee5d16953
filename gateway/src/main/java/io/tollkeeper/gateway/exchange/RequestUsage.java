package io.tollkeeper.gateway.exchange;

import java.util.Arrays;

/// What a request uses: amounts by slot, a metric's position in its service's list of metrics, in the order of the rules.
/// Reused; on its loop.
public final class RequestUsage {

    private int[] slots = new int[8];
    private long[] amounts = new long[8];
    private int size;

    public void clear() {
        size = 0;
    }

    /// Adds to a metric; saturates.
    public void add(int slot, long delta) {
        for (int i = 0; i < size; i++) {
            if (slots[i] == slot) {
                amounts[i] = saturated(amounts[i], delta);
                return;
            }
        }
        if (size == slots.length) {
            slots = Arrays.copyOf(slots, size * 2);
            amounts = Arrays.copyOf(amounts, size * 2);
        }
        slots[size] = slot;
        amounts[size++] = delta;
    }

    private static long saturated(long a, long b) {
        long sum = a + b;
        return ((a ^ sum) & (b ^ sum)) < 0 ? a < 0 ? Long.MIN_VALUE : Long.MAX_VALUE : sum;
    }

    /// Drops metrics whose total is zero or less: what remains is what is counted.
    public void dropNonPositive() {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (amounts[i] > 0) {
                slots[kept] = slots[i];
                amounts[kept++] = amounts[i];
            }
        }
        size = kept;
    }

    public int size() {
        return size;
    }

    public int slot(int i) {
        return slots[i];
    }

    public long amount(int i) {
        return amounts[i];
    }
}
