package io.tollkeeper.core.proxy;

import java.util.Map;

/// One element of a product's policy chain, as configured: which policy, and its configuration as JSON in immutable
/// [Map], [java.util.List], `String`, `Long`, `Double` and `Boolean`. A null of the document is left out: it means
/// absent (gateway specification, trap 1). Equal specifications make equal policies.
public record PolicySpec(String name, Map<String, Object> configuration) {

    /// The policy of a product that names none.
    public static final PolicySpec APICAST = new PolicySpec("apicast", Map.of());

    public PolicySpec {
        configuration = Map.copyOf(configuration);
    }
}
