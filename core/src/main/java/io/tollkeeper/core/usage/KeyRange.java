package io.tollkeeper.core.usage;

/// Counter keys from `from` to before `to`, see [CounterKey].
public record KeyRange(int from, int to) {

    /// Everything.
    public static final KeyRange ALL = new KeyRange(0, Integer.MAX_VALUE);

    /// All metrics and methods.
    public static final KeyRange METRICS = new KeyRange(0, CounterKey.METRICS);

    /// 3scale's response codes, classes and exact ones.
    public static final KeyRange RESPONSE_CODES = new KeyRange(CounterKey.METRICS, CounterKey.METRICS + 1024);

    /// Our own family, 100 to 999.
    public static final KeyRange STATUSES = new KeyRange(CounterKey.METRICS + 1024, CounterKey.METRICS + 2048);

    /// A single key.
    public static KeyRange one(int key) {
        return new KeyRange(key, key + 1);
    }

    public boolean contains(int key) {
        return key >= from && key < to;
    }

    public boolean isOne() {
        return to - from == 1;
    }
}
