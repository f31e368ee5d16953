package io.tollkeeper.gateway.route;

import io.tollkeeper.gateway.exchange.Service;
import io.tollkeeper.gateway.policy.PolicyChain;

/// A compiled product: what it is and the policies that its requests pass. Immutable.
public record Route(Service service, PolicyChain chain) {}
