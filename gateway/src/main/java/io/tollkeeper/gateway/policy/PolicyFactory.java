package io.tollkeeper.gateway.policy;

import org.jspecify.annotations.Nullable;

/// Makes a policy of its configuration, when a product is compiled. Any thread; may not block.
@FunctionalInterface
interface PolicyFactory {

    /// The policy, or none if its configuration is wrong: then `fields` has been told what is.
    @Nullable Policy create(PolicyFields fields, ProductParts parts);
}
