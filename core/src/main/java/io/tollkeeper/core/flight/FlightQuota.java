package io.tollkeeper.core.flight;

/// What a ring keeps: failures per second of one product and application, successes per second, and after those one
/// success in `successesOneIn`. The numbers are for one ring: a node's divided by its loops.
public record FlightQuota(int failuresPerSecond, int successesPerSecond, int successesOneIn) {

    /// A node's quota (20 failures per product and application, 50 successes, then 1 in 1 000), shared by its loops.
    public static FlightQuota ofNode(int loops) {
        return new FlightQuota(Math.max(1, 20 / loops), Math.max(1, 50 / loops), 1_000);
    }
}
