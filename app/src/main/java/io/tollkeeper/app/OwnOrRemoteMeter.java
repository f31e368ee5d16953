package io.tollkeeper.app;

import java.util.List;

import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.gateway.meter.LocalMeter;
import io.tollkeeper.gateway.meter.Meter;
import io.tollkeeper.gateway.meter.RemoteMeter;
import io.tollkeeper.http.metrics.PrometheusText;
import org.jspecify.annotations.Nullable;

/// The meter of a process that has one of its own: asked for all products that do not name another. Chooses when a
/// product is compiled; no part of a call's road.
final class OwnOrRemoteMeter implements Meter {
    private final LocalMeter own;
    private final RemoteMeter remote;
    private final boolean always;

    /// @param always whether a setting sends all products to the remote meter
    OwnOrRemoteMeter(LocalMeter own, RemoteMeter remote, boolean always) {
        this.own = own;
        this.remote = remote;
        this.always = always;
    }

    private Meter of(ProxyConfig config) {
        return always || config.backend() != null ? remote : own;
    }

    @Override public Account account(ProxyConfig config, List<String> metrics) {
        return of(config).account(config, metrics);
    }

    @Override public void metrics(PrometheusText out) {
        remote.metrics(out);
    }

    @Override public @Nullable String problem(ProxyConfig config) {
        return of(config).problem(config);
    }
}
