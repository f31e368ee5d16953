package io.tollkeeper.gateway.policy;

import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.gateway.credentials.CredentialsReader;
import io.tollkeeper.gateway.jwt.OpenId;
import io.tollkeeper.gateway.meter.Meter;
import io.tollkeeper.gateway.rules.MappingRules;
import io.tollkeeper.gateway.upstream.Forwarder;
import io.tollkeeper.gateway.upstream.UpstreamSettings;
import io.tollkeeper.gateway.upstream.UpstreamTarget;
import org.jspecify.annotations.Nullable;

/// What a product's policies may be made of.
///
/// @param openId how tokens are checked, none for a product whose callers have none
/// @param target none if the product has no upstream
public record ProductParts(
        ProxyConfig config,
        CredentialsReader credentials,
        MappingRules rules,
        @Nullable OpenId openId,
        Meter.Account account,
        Forwarder forwarder,
        UpstreamSettings upstreams,
        @Nullable UpstreamTarget target) {}
