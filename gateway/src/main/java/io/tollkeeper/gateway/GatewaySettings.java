package io.tollkeeper.gateway;

import io.tollkeeper.gateway.upstream.UpstreamSettings;

/// How the gateway runs. Immutable.
///
/// @param upstreams          how upstreams are called
/// @param flightRecords      records kept in memory per event loop
/// @param successesPerSecond successful calls kept per second and node
/// @param logLines           lines of the access log that one event loop may be ahead of its writer
public record GatewaySettings(
        UpstreamSettings upstreams, int flightRecords, int successesPerSecond, int logLines) {

    public static final GatewaySettings DEFAULT = new GatewaySettings(UpstreamSettings.DEFAULT, 4096, 50, 8192);
}
