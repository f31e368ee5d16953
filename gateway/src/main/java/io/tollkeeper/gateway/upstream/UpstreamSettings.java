package io.tollkeeper.gateway.upstream;

import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.Upstream;

/// How upstreams are called, as far as a product does not say otherwise. Immutable.
///
/// @param timeouts       limits in time
/// @param maxConnections connections to one upstream, over all loops
/// @param tls            for `https` upstreams
public record UpstreamSettings(Upstream.Timeouts timeouts, int maxConnections, ClientTls tls) {

    /// 60 s each, 1024 connections, certificates verified.
    public static final UpstreamSettings DEFAULT =
            new UpstreamSettings(Upstream.Timeouts.DEFAULT, 1024, ClientTls.VERIFIED);
}
