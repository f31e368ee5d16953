package io.tollkeeper.gateway.upstream;

import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.ForwardProxies;
import io.tollkeeper.http.Upstream;

/// How upstreams are called, as far as a product does not say otherwise. Immutable.
///
/// @param timeouts       limits in time
/// @param maxConnections connections to one upstream, over all loops
/// @param tls            for `https` upstreams
/// @param proxies        which of them are reached through a proxy
public record UpstreamSettings(Upstream.Timeouts timeouts, int maxConnections, ClientTls tls, ForwardProxies proxies) {

    /// Without proxies.
    public UpstreamSettings(Upstream.Timeouts timeouts, int maxConnections, ClientTls tls) {
        this(timeouts, maxConnections, tls, ForwardProxies.NONE);
    }

    /// 60 s each, 1024 connections, certificates verified.
    public static final UpstreamSettings DEFAULT =
            new UpstreamSettings(Upstream.Timeouts.DEFAULT, 1024, ClientTls.VERIFIED);
}
