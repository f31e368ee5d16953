package io.tollkeeper.gateway.route;

/// Whether the mapping rules take part in choosing the product of a request (gateway specification, section 2.7).
public enum PathRouting {
    /// A host belongs to one product: the first that claims it.
    OFF,
    /// Products share hosts: the first with a rule that matches is chosen, the first of the host if none matches.
    ON,
    /// As `ON`, but a request that no rule matches is for no product.
    ONLY
}
