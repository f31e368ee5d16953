package io.tollkeeper.core.catalog;

import java.util.List;

/// The limits of one plan, compiled, in the order of 3scale's answers: by metric (ascending numerically where ids are
/// numbers), then eternity, year, month, week, day, hour, minute. Immutable.
public final class PlanLimits {

    /// No plan, or a plan without limits.
    public static final PlanLimits NONE = new PlanLimits(List.of(), new int[0]);

    private final List<UsageLimit> limits;
    private final int[] metrics;
    private final int[] periods;
    private final long[] maxima;

    /// Limits already in order, and the metric number of each.
    PlanLimits(List<UsageLimit> limits, int[] metrics) {
        this.limits = List.copyOf(limits);
        this.metrics = metrics;
        this.periods = new int[limits.size()];
        this.maxima = new long[limits.size()];
        for (int i = 0; i < periods.length; i++) {
            periods[i] = limits.get(i).period().slot();
            maxima[i] = limits.get(i).max();
        }
    }

    public int size() {
        return metrics.length;
    }

    /// The i-th limit as it was written.
    public UsageLimit limit(int i) {
        return limits.get(i);
    }

    /// Metric number of the i-th limit.
    public int metric(int i) {
        return metrics[i];
    }

    /// Slot of the period of the i-th limit.
    public int period(int i) {
        return periods[i];
    }

    public long max(int i) {
        return maxima[i];
    }
}
