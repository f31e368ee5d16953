package io.tollkeeper.gateway.exchange;

import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.Upstream;
import org.jspecify.annotations.Nullable;

/// What policies say of how the upstream is called for one request; set before `content`, read by the forwarder. On the
/// exchange's loop.
public final class UpstreamOptions {

    private Upstream.@Nullable Timeouts timeouts;
    private @Nullable ClientTls tls;
    private boolean tunnel;
    private boolean unbuffered;
    private boolean http2;

    void reset() {
        timeouts = null;
        tls = null;
        tunnel = false;
        unbuffered = false;
        http2 = false;
    }

    /// Whether the client may agree with the upstream on another protocol (WebSocket).
    public boolean tunnel() {
        return tunnel;
    }

    public void allowTunnel() {
        tunnel = true;
    }

    /// Whether the upstream gets the body as it comes, from its first byte.
    public boolean unbuffered() {
        return unbuffered;
    }

    public void unbuffer() {
        unbuffered = true;
    }

    /// Whether the upstream is spoken to in HTTP/2.
    public boolean http2() {
        return http2;
    }

    public void speakHttp2() {
        http2 = true;
    }

    /// TLS settings instead of the product's.
    public @Nullable ClientTls tls() {
        return tls;
    }

    public void tls(ClientTls newTls) {
        tls = newTls;
    }

    /// Limits in time instead of the product's.
    public Upstream.@Nullable Timeouts timeouts() {
        return timeouts;
    }

    public void timeouts(Upstream.Timeouts newTimeouts) {
        timeouts = newTimeouts;
    }
}
