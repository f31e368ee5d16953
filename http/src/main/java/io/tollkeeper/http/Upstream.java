package io.tollkeeper.http;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/// An address that we call, with everything that decides how. Immutable; made once per product, not per request. Equal
/// values share connections.
///
/// @param tls            TLS settings, null for plain HTTP
/// @param host           name (resolved by [Resolver]), IPv4 or IPv6 literal without brackets
/// @param port           TCP port
/// @param hostHeader     value of `Host` to send, with port unless it is the scheme's default
/// @param serverName     name for SNI and certificate check; null: none sent (an IP literal), certificate checked
///                       against `host`
/// @param timeouts       limits in time
/// @param maxConnections limit of connections to this upstream over all loops
/// @param protocol       what it is spoken to in
/// @param proxy          proxy to ask for it, null to call it directly; the host is resolved by the proxy then
public record Upstream(
        @Nullable ClientTls tls,
        String host,
        int port,
        String hostHeader,
        @Nullable String serverName,
        Timeouts timeouts,
        int maxConnections,
        Protocol protocol,
        @Nullable ForwardProxy proxy) {

    /// What an upstream is spoken to in.
    public enum Protocol {
        HTTP_1_1,
        /// By ALPN over TLS, with prior knowledge without; never anything else.
        HTTP_2
    }

    /// Called directly, in HTTP/1.1.
    public Upstream(
            @Nullable ClientTls tls,
            String host,
            int port,
            String hostHeader,
            @Nullable String serverName,
            Timeouts timeouts,
            int maxConnections) {
        this(tls, host, port, hostHeader, serverName, timeouts, maxConnections, Protocol.HTTP_1_1, null);
    }

    /// The same through another proxy, or through none.
    public Upstream through(@Nullable ForwardProxy other) {
        return new Upstream(tls, host, port, hostHeader, serverName, timeouts, maxConnections, protocol, other);
    }

    /// Limits in time of one upstream. Zero means no limit.
    ///
    /// @param connect   until the TCP connection stands
    /// @param handshake until TLS stands
    /// @param firstByte from the last byte of the request to the first byte of the answer
    /// @param idle      between two bytes of the answer
    /// @param send      between two bytes of the request that the upstream takes
    /// @param total     from call to the end of the answer; not of a tunnel
    /// @param tunnel    without a byte in either direction, once a tunnel stands
    public record Timeouts(
            Duration connect,
            Duration handshake,
            Duration firstByte,
            Duration idle,
            Duration send,
            Duration total,
            Duration tunnel) {

        /// With an hour for tunnels.
        public Timeouts(
                Duration connect, Duration handshake, Duration firstByte, Duration idle, Duration send, Duration total) {
            this(connect, handshake, firstByte, idle, send, total, Duration.ofHours(1));
        }

        /// 60 s each, handshake 10 s, no total, tunnels 1 h.
        public static final Timeouts DEFAULT = new Timeouts(
                Duration.ofSeconds(60),
                Duration.ofSeconds(10),
                Duration.ofSeconds(60),
                Duration.ofSeconds(60),
                Duration.ofSeconds(60),
                Duration.ZERO);
    }

    /// The same with other TLS settings; one that is spoken to without TLS stays so.
    public Upstream with(ClientTls other) {
        return tls == null
                ? this
                : new Upstream(other, host, port, hostHeader, serverName, timeouts, maxConnections, protocol, proxy);
    }

    /// The same spoken to in another protocol.
    public Upstream with(Protocol other) {
        return new Upstream(tls, host, port, hostHeader, serverName, timeouts, maxConnections, other, proxy);
    }

    /// `http://host:port` or `https://host:port`, and the proxy on the way; for records and logs.
    public String describe() {
        return (tls == null ? "http://" : "https://") + authority()
                + (proxy == null ? "" : " through the proxy " + proxy.describe());
    }

    /// `host:port`, as a proxy is asked for it.
    String authority() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    /// What a connection is opened to: the upstream, or the proxy.
    String nextHost() {
        return proxy == null ? host : proxy.host();
    }

    int nextPort() {
        return proxy == null ? port : proxy.port();
    }

    /// Whether a proxy is asked in absolute form; otherwise whoever reads our requests is the upstream itself.
    boolean asksProxy() {
        return proxy != null && tls == null;
    }
}
