package io.tollkeeper.gateway.exchange;

import io.tollkeeper.http.Upstream;
import org.jspecify.annotations.Nullable;

/// What policies say of how the upstream is called for one request; set before `content`, read by the forwarder. On the
/// exchange's loop.
public final class UpstreamOptions {

    private Upstream.@Nullable Timeouts timeouts;

    void reset() {
        timeouts = null;
    }

    /// Limits in time instead of the product's.
    public Upstream.@Nullable Timeouts timeouts() {
        return timeouts;
    }

    public void timeouts(Upstream.Timeouts newTimeouts) {
        timeouts = newTimeouts;
    }
}
