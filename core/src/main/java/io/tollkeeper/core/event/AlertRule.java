package io.tollkeeper.core.event;

/// Which bin is announced when an application's highest utilization is between bins.
public enum AlertRule {

    /// The highest bin that the product enabled and that is reached.
    HIGHEST_ENABLED(0),

    /// The highest of all bins that is reached, provided that the product enabled it: the original's rule. A jump over
    /// an enabled bin into one that is not enabled announces nothing.
    TOP_BIN(0b1_1111_1111);

    private final int alwaysLookedAt;

    AlertRule(int alwaysLookedAt) {
        this.alwaysLookedAt = alwaysLookedAt;
    }

    /// The place of the bin to announce at this utilization (1.0 = 100 %), or [AlertBins#NONE]. The bin 0 can be enabled
    /// but is never announced.
    public int bin(int enabled, double ratio) {
        int reached = AlertBins.reached(enabled | alwaysLookedAt, ratio);
        return reached > 0 && (enabled & 1 << reached) != 0 ? reached : AlertBins.NONE;
    }
}
