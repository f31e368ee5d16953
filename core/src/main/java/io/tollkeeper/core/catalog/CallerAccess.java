package io.tollkeeper.core.catalog;

import io.tollkeeper.core.reason.Reason;

/// Whether the caller of the meter may speak for a product (specification, 5.1).
public sealed interface CallerAccess {

    /// The credentials are good for this product.
    record Allowed(Product product) implements CallerAccess {}

    /// They are not; `message` is 3scale's text.
    record Refused(Reason reason, String message) implements CallerAccess {}
}
