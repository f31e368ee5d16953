package io.tollkeeper.core.verdict;

import io.tollkeeper.core.flight.FlightRecord;

/// From a kept flight record to a verdict. Pure functions; any thread.
public final class VerdictRules {

    private VerdictRules() {}

    /// Explains a record.
    public static Verdict explain(FlightRecord record) {
        throw new IllegalStateException("being built: " + record);
    }
}
