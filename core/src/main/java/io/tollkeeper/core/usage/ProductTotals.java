package io.tollkeeper.core.usage;

/// Totals of all products over all their applications: plain sums of journal rows, five periods. Owned by the
/// journal's writer, read by queries; every method takes its lock briefly.
public final class ProductTotals {

    /// Adds a committed row. Rows up to the sequence of a product's snapshot are skipped (replay).
    public void apply(long seq, byte[] body) {
        throw new IllegalStateException("being built: " + seq + body.length);
    }
}
