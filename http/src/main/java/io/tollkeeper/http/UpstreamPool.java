package io.tollkeeper.http;

import java.util.List;

/// Connections to upstreams: pools per event loop with a limit over all loops.
public final class UpstreamPool implements AutoCloseable {

    UpstreamPool(Transport.Chosen transport, Resolver resolver, List<Loop> loops) {}

    /// Calls an upstream. On `loop` only; `handler` hears everything on that loop, possibly before this returns.
    ///
    /// The request's body is asked for (piped) once a connection stands.
    public UpstreamCall call(Loop loop, Upstream upstream, UpstreamRequest request, UpstreamHandler handler) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
