package io.tollkeeper.bench.meter;

/// Counts latencies in steps of 10 µs up to a second. One thread.
final class Latencies {

    private static final int STEP_MICROS = 10;

    private final int[] counts = new int[100_001];
    private long count;
    private long highest;

    void add(long nanos) {
        long micros = nanos / 1_000;
        counts[(int) Math.min(counts.length - 1, micros / STEP_MICROS)]++;
        count++;
        highest = Math.max(highest, micros);
    }

    /// The latency that a share of all does not exceed, in µs.
    long micros(double share) {
        long left = (long) Math.ceil(count * share);
        for (int i = 0; i < counts.length - 1; i++) {
            left -= counts[i];
            if (left <= 0) {
                return (long) (i + 1) * STEP_MICROS;
            }
        }
        return highest;
    }

    long highest() {
        return highest;
    }
}
