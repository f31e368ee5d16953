package io.tollkeeper.core.usage;

import java.util.Arrays;

import io.tollkeeper.core.reason.Reason;
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

    private final MetricIndex index = new MetricIndex();

    private int total;
    private int[] totalMetrics = new int[8];
    private long[] totalAmounts = new long[8];
    private byte[] totalKinds = new byte[8];
    private final MetricIndex totalIndex = new MetricIndex();

    /// Made when first asked for; −1 before.
    private int shown = -1;
    private int[] shownMetrics = new int[8];
    private long[] shownUses = new long[8];
    private long[] shownAmounts = new long[8];
    private byte[] shownKinds = new byte[8];
    private final MetricIndex shownIndex = new MetricIndex();

    /// What is kept for the next call; beyond it memory is given back.
    private static final int KEPT = 64;

    static final byte INCREMENT = 0;
    static final byte SET = 1;

    /// Flag on a value or sum beyond 2^63 − 1: it exceeds every limit and is never stored.
    static final byte HUGE = 2;

    /// Forgets everything.
    public void clear() {
        size = 0;
        named = 0;
        total = 0;
        present = false;
        onlyLiteralZero = true;
        shown = -1;
        if (names.length > KEPT) {
            names = new String[0];
            texts = new String[0];
        }
        if (totalMetrics.length > KEPT) {
            metrics = new int[4];
            amounts = new long[4];
            kinds = new byte[4];
            totalMetrics = new int[8];
            totalAmounts = new long[8];
            totalKinds = new byte[8];
            shownMetrics = new int[8];
            shownUses = new long[8];
            shownAmounts = new long[8];
            shownKinds = new byte[8];
        }
    }

    /// Adds `amount` of a metric by number. Several additions of the same metric add up.
    public void add(int metric, long amount) {
        present = true;
        onlyLiteralZero &= amount == 0;
        shown = -1;
        int at = index.find(metrics, size, metric);
        if (at >= 0) {
            amounts[at] += amount;
        } else {
            append(metric, amount, INCREMENT);
        }
    }

    /// Forgets metrics whose additions came to nothing or less, as the gateway does after its rules.
    public void dropNonPositive() {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (amounts[i] > 0) {
                metrics[kept] = metrics[i];
                amounts[kept] = amounts[i];
                kinds[kept++] = kinds[i];
            }
        }
        size = kept;
        shown = -1;
        index.changed(metrics, size);
        present = kept > 0;
    }

    /// A name and value as sent; `text` is null if the value was missing, a list or a map.
    public void name(String name, @Nullable String text) {
        present = true;
        onlyLiteralZero &= "0".equals(text);
        if (named == names.length) {
            int capacity = Math.max(4, named * 2);
            names = Arrays.copyOf(names, capacity);
            texts = Arrays.copyOf(texts, capacity);
        }
        names[named] = name;
        texts[named++] = text;
    }

    /// Whether usage was given at all: without it every limit is checked.
    public boolean present() {
        return present;
    }

    /// Whether all values are literally `0`: such usage leaves no trace.
    public boolean onlyLiteralZero() {
        return onlyLiteralZero;
    }

    /// The first name, as sent and untrimmed, that is no metric of the product; none if all are.
    public @Nullable UsageFault unknownName(MetricTree product) {
        for (int i = 0; i < named; i++) {
            if (product.metricNumber(names[i]) == MetricTree.NONE) {
                return unknown(names[i]);
            }
        }
        return null;
    }

    /// Reads names and texts given by [#name], value before name, entry by entry; the first fault found, or none.
    public @Nullable UsageFault resolve(MetricTree product) {
        if (named == 0) {
            return null;
        }
        size = 0;
        shown = -1;
        for (int i = 0; i < named; i++) {
            UsageFault fault = resolve(product, names[i], texts[i]);
            if (fault != null) {
                return fault;
            }
        }
        return null;
    }

    private @Nullable UsageFault resolve(MetricTree product, String name, @Nullable String text) {
        if (text == null || Blank.is(text)) {
            return new UsageFault(
                    Reason.USAGE_VALUE_INVALID, name, "usage value for metric \"" + name + "\" can not be empty");
        }
        int from = skipBlanks(text, 0);
        int digits = from < text.length() && text.charAt(from) == '#' ? from + 1 : from;
        int end = digits;
        while (end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
            end++;
        }
        if (end == digits || skipBlanks(text, end) < text.length()) {
            return invalidValue(name, text);
        }
        int metric = product.metricNumber(Blank.trim(name));
        if (metric == MetricTree.NONE) {
            return unknown(name);
        }
        byte kind = digits > from ? SET : INCREMENT;
        long amount = 0;
        if (kind == SET && from > 0) {
            kind = INCREMENT; // " #3" is well formed but neither a set nor a number: it counts as an increment of 0
        } else {
            amount = number(text, digits, end);
            if (amount < 0) {
                amount = Long.MAX_VALUE;
                kind |= HUGE;
            }
        }
        int at = index.find(metrics, size, metric);
        if (at >= 0) {
            amounts[at] = amount;
            kinds[at] = kind;
        } else {
            append(metric, amount, kind);
        }
        return null;
    }

    /// Value of the digits, −1 if beyond 2^63 − 1.
    private static long number(String text, int from, int end) {
        long value = 0;
        for (int i = from; i < end; i++) {
            int digit = text.charAt(i) - '0';
            if (value > (Long.MAX_VALUE - digit) / 10) {
                return -1;
            }
            value = value * 10 + digit;
        }
        return value;
    }

    private static UsageFault unknown(String name) {
        return new UsageFault(Reason.METRIC_INVALID, name, "metric \"" + name + "\" is invalid");
    }

    private static UsageFault invalidValue(String name, String text) {
        return new UsageFault(
                Reason.USAGE_VALUE_INVALID,
                name,
                "usage value \"" + text + "\" for metric \"" + name + "\" is invalid");
    }

    /// Around a value there may be blanks of ASCII, line breaks included, but no NUL.
    private static int skipBlanks(String text, int from) {
        int i = from;
        while (i < text.length() && isBlank(text.charAt(i))) {
            i++;
        }
        return i;
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c >= '\t' && c <= '\r';
    }

    /// The first value beyond 2^63 − 1 that was sent: such usage can be compared but not counted. None if all fit.
    public @Nullable UsageFault unstorable(MetricTree product) {
        for (int i = 0; i < size; i++) {
            if ((kinds[i] & HUGE) != 0) {
                String name = product.metricName(metrics[i]);
                for (int sent = named - 1; sent >= 0; sent--) {
                    if (Blank.trim(names[sent]).equals(name)) {
                        String text = texts[sent];
                        return invalidValue(names[sent], text == null ? "" : text);
                    }
                }
            }
        }
        return null;
    }

    private void append(int metric, long amount, byte kind) {
        if (size == metrics.length) {
            metrics = Arrays.copyOf(metrics, size * 2);
            amounts = Arrays.copyOf(amounts, size * 2);
            kinds = Arrays.copyOf(kinds, size * 2);
        }
        metrics[size] = metric;
        amounts[size] = amount;
        kinds[size++] = kind;
        index.added(metrics, size);
    }

    /// Computes the amount per metric, including ancestors unless `flat`, in the order sent: a set on a method replaces
    /// whatever its ancestors got so far, an increment is added to it (to 0, if it was a set).
    public void propagate(MetricTree product, boolean flat) {
        total = 0;
        for (int i = 0; i < size; i++) {
            appendTotal(metrics[i], amounts[i], kinds[i]);
        }
        if (flat) {
            return;
        }
        for (int i = 0; i < size; i++) {
            for (int ancestor : product.ancestors(metrics[i])) {
                roll(ancestor, amounts[i], kinds[i]);
            }
        }
    }

    private void roll(int ancestor, long amount, byte kind) {
        int at = indexOf(ancestor);
        if (at < 0) {
            appendTotal(ancestor, amount, kind);
        } else if ((kind & SET) != 0 || (totalKinds[at] & SET) != 0) {
            totalAmounts[at] = amount;
            totalKinds[at] = kind;
        } else {
            long sum = totalAmounts[at] + amount;
            boolean overflow = sum < 0;
            totalAmounts[at] = overflow ? Long.MAX_VALUE : sum;
            totalKinds[at] |= overflow ? HUGE : kind;
        }
    }

    private void appendTotal(int metric, long amount, byte kind) {
        if (total == totalMetrics.length) {
            totalMetrics = Arrays.copyOf(totalMetrics, total * 2);
            totalAmounts = Arrays.copyOf(totalAmounts, total * 2);
            totalKinds = Arrays.copyOf(totalKinds, total * 2);
        }
        totalMetrics[total] = metric;
        totalAmounts[total] = amount;
        totalKinds[total++] = kind;
        totalIndex.added(totalMetrics, total);
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
        return totalIndex.find(totalMetrics, total, metric);
    }

    /// How many metrics were named by the caller.
    public int size() {
        return size;
    }

    // ---- what answers show (specification, sections 10 and 11.1): as sent, each value applied in turn to its metric and
    // all ancestors, whatever was propagated for counting

    /// What the caller named for a metric and all its descendants together, sets counting as their number; saturated.
    /// −1 if it named none of them.
    public long use(MetricTree product, int metric) {
        showAll(product);
        int at = shownIndex.find(shownMetrics, shown, metric);
        return at < 0 ? -1 : shownUses[at];
    }

    /// The value of a counter to show after this usage, stored before; saturated.
    public long applied(MetricTree product, int metric, long stored) {
        showAll(product);
        int at = shownIndex.find(shownMetrics, shown, metric);
        if (at < 0) {
            return stored;
        }
        return shownKinds[at] == SET ? shownAmounts[at] : sum(stored, shownAmounts[at]);
    }

    private void showAll(MetricTree product) {
        if (shown >= 0) {
            return;
        }
        shown = 0;
        for (int i = 0; i < size; i++) {
            boolean set = (kinds[i] & SET) != 0;
            show(metrics[i], amounts[i], set);
            for (int ancestor : product.ancestors(metrics[i])) {
                show(ancestor, amounts[i], set);
            }
        }
    }

    private void show(int metric, long amount, boolean set) {
        int at = shownIndex.find(shownMetrics, shown, metric);
        if (at < 0) {
            if (shown == shownMetrics.length) {
                shownMetrics = Arrays.copyOf(shownMetrics, shown * 2);
                shownUses = Arrays.copyOf(shownUses, shown * 2);
                shownAmounts = Arrays.copyOf(shownAmounts, shown * 2);
                shownKinds = Arrays.copyOf(shownKinds, shown * 2);
            }
            shownMetrics[shown] = metric;
            shownUses[shown] = amount;
            shownAmounts[shown] = amount;
            shownKinds[shown++] = set ? SET : INCREMENT;
            shownIndex.added(shownMetrics, shown);
            return;
        }
        shownUses[at] = sum(shownUses[at], amount);
        shownAmounts[at] = set ? amount : sum(shownAmounts[at], amount);
        shownKinds[at] = set ? SET : shownKinds[at];
    }

    private static long sum(long one, long amount) {
        long sum = one + amount;
        return amount > 0 && sum < one ? Long.MAX_VALUE : sum;
    }
}
