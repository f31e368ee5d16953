package io.tollkeeper.gateway.route;

import io.tollkeeper.gateway.exchange.Service;
import io.tollkeeper.gateway.jwt.OpenId;
import io.tollkeeper.gateway.policy.PolicyChain;
import io.tollkeeper.http.Upstream;
import org.jspecify.annotations.Nullable;

/// A compiled product: what it is and the policies that its requests pass. Immutable.
///
/// @param openId   how its callers' tokens are checked, none if they have none
/// @param upstream whom its calls go to, none without one
public record Route(Service service, PolicyChain chain, @Nullable OpenId openId, @Nullable Upstream upstream) {}
