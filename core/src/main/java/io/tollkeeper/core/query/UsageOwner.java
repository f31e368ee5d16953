package io.tollkeeper.core.query;

/// Whose counters are asked for. Numbers are the catalogue's; they outlive the deletion of what they number.
public sealed interface UsageOwner {

    /// All applications of a product together.
    record OfProduct(int number) implements UsageOwner {}

    record OfApplication(long number) implements UsageOwner {}
}
