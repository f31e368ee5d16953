package io.tollkeeper.core.catalog;

import org.jspecify.annotations.Nullable;

/// A metric, or, with a parent, a method. `number` is small, per product, never reused and assigned by the store in
/// the transaction that creates the metric ([#UNNUMBERED] before); it is the counter key.
public record Metric(int number, String id, String name, @Nullable String parentId) {

    /// Not yet known to the store.
    public static final int UNNUMBERED = -1;

    /// The same metric with the number that the store assigned.
    public Metric numbered(int assigned) {
        return new Metric(assigned, id, name, parentId);
    }
}
