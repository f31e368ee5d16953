package io.tollkeeper.core.event;

/// Something that people want to hear of an application. `at` is the second at which it was counted (not the one that a
/// transaction was reported for).
public sealed interface Event {

    String productId();

    String applicationId();

    long at();

    /// The application was never seen before.
    record FirstTraffic(String productId, String applicationId, long at) implements Event {}

    /// The application was not seen before on this UTC day.
    record FirstDailyTraffic(String productId, String applicationId, long at) implements Event {}

    /// A limit is used up to a bin ([AlertBins], in percent) or beyond it. `maxUtilization` is the ratio, 1.0 for all of
    /// it; `limit` is for people: `hits per day: 80/100`.
    record Alert(
            String productId, String applicationId, long at, int utilization, double maxUtilization, String limit)
            implements Event {}
}
