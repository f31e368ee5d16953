package io.tollkeeper.core.usage;

import io.tollkeeper.core.catalog.Product;
import org.jspecify.annotations.Nullable;

/// What one call wants to use: metric → increment or set, in the order sent. Mutable and reused by its owner (a
/// connection, a report); not thread-safe; never blocks.
///
/// Filled either with metric numbers ([#add], what the gateway does) or with names and texts as they came over the
/// wire ([#name], what the meter does); the texts are read by [#resolve], because the errors in them come last of all
/// checks. [#propagate] then computes the amount per metric including ancestors.
public final class Usage {

    private int size;
    private int[] metrics = new int[4];
    private long[] amounts = new long[4];
    private byte[] kinds = new byte[4];
    private String[] names = new String[0];
    private @Nullable String[] texts = new String[0];
    private int named;
    private boolean present;
    private boolean onlyLiteralZero = true;

    private int total;
    private int[] totalMetrics = new int[8];
    private long[] totalAmounts = new long[8];
    private byte[] totalKinds = new byte[8];

    static final byte INCREMENT = 0;
    static final byte SET = 1;

    /// Set on a value or sum beyond 2^63 − 1: it exceeds every limit and is never stored.
    static final byte HUGE = 2;

    /// Forgets everything.
    public void clear() {
        size = 0;
        named = 0;
        total = 0;
        present = false;
        onlyLiteralZero = true;
    }

    /// Adds `amount` of a metric by number. Several additions of the same metric add up.
    public void add(int metric, long amount) {
        throw new IllegalStateException("being built: " + metric + amount);
    }

    /// A name and value as sent; `text` is null if the value was missing, a list or a map.
    public void name(String name, @Nullable String text) {
        throw new IllegalStateException("being built: " + name + text);
    }

    /// Whether usage was given at all: without it every limit is checked.
    public boolean present() {
        return present;
    }

    /// Whether all values are literally `0`: such usage leaves no trace.
    public boolean onlyLiteralZero() {
        return onlyLiteralZero;
    }

    /// Reads names and texts given by [#name], value before name, entry by entry; the first fault found, or none.
    public @Nullable UsageFault resolve(Product product) {
        throw new IllegalStateException("being built: " + product);
    }

    /// Whether a value or a sum is beyond 2^63 − 1; such usage can be compared but not counted.
    public @Nullable UsageFault unstorable() {
        return null;
    }

    /// Computes the amount per metric, including ancestors unless `flat`, in the order sent.
    public void propagate(Product product, boolean flat) {
        throw new IllegalStateException("being built: " + product + flat);
    }

    /// How many metrics the propagated usage touches.
    public int total() {
        return total;
    }

    /// Number of the i-th metric of the propagated usage.
    public int metric(int i) {
        return totalMetrics[i];
    }

    /// Amount of the i-th metric of the propagated usage; for a set, the value to set.
    public long amount(int i) {
        return totalAmounts[i];
    }

    /// Whether the i-th amount is a set.
    public boolean isSet(int i) {
        return (totalKinds[i] & SET) != 0;
    }

    /// Whether the i-th amount is beyond 2^63 − 1.
    public boolean isHuge(int i) {
        return (totalKinds[i] & HUGE) != 0;
    }

    /// Position of a metric in the propagated usage, −1 if it is not touched.
    public int indexOf(int metric) {
        for (int i = 0; i < total; i++) {
            if (totalMetrics[i] == metric) {
                return i;
            }
        }
        return -1;
    }

    /// How many metrics were named by the caller.
    public int size() {
        return size;
    }

    /// Number of the i-th metric named by the caller.
    public int namedMetric(int i) {
        return metrics[i];
    }

    /// Value the caller gave for the i-th metric; for a set, the value to set. Saturated at 2^63 − 1.
    public long namedAmount(int i) {
        return amounts[i];
    }
}
