package io.tollkeeper.http;

import java.net.InetSocketAddress;
import java.time.Duration;

import org.jspecify.annotations.Nullable;

/// Where and how a server listens. Immutable.
///
/// @param name       for messages and metrics: `gateway`, `meter`, …
/// @param address    where to listen; port 0 takes a free one
/// @param tls        TLS settings, null for plain HTTP
/// @param limits     what is accepted on the wire
/// @param timeouts   how long clients may take
/// @param http2      what clients of HTTP/2 may do, null for HTTP/1 only
/// @param proxyProtocol whether every connection must begin with a header of the PROXY protocol, before TLS
public record ListenerSettings(
        String name,
        InetSocketAddress address,
        @Nullable ServerTls tls,
        WireLimits limits,
        Timeouts timeouts,
        @Nullable Http2Limits http2,
        boolean proxyProtocol) {

    /// For clients that connect themselves.
    public ListenerSettings(
            String name,
            InetSocketAddress address,
            @Nullable ServerTls tls,
            WireLimits limits,
            Timeouts timeouts,
            @Nullable Http2Limits http2) {
        this(name, address, tls, limits, timeouts, http2, false);
    }

    /// For HTTP/1 only.
    public ListenerSettings(
            String name, InetSocketAddress address, @Nullable ServerTls tls, WireLimits limits, Timeouts timeouts) {
        this(name, address, tls, limits, timeouts, null);
    }

    /// The same for HTTP/2 as well: by ALPN over TLS, with prior knowledge without.
    public ListenerSettings withHttp2(@Nullable Http2Limits newHttp2) {
        return new ListenerSettings(name, address, tls, limits, timeouts, newHttp2, proxyProtocol);
    }

    /// The same behind a load balancer that says who its client is, or not.
    public ListenerSettings withProxyProtocol(boolean required) {
        return new ListenerSettings(name, address, tls, limits, timeouts, http2, required);
    }

    /// How long clients may take. Zero means no limit.
    ///
    /// @param head      from the first byte of a request to the end of its head
    /// @param body      between two bytes of a body
    /// @param keepAlive for the next request's first byte on an idle connection
    /// @param handshake for the TLS handshake
    /// @param send      between two bytes of an answer that the client takes
    public record Timeouts(Duration head, Duration body, Duration keepAlive, Duration handshake, Duration send) {

        /// 60 s each, keep-alive 75 s, handshake 10 s.
        public static final Timeouts DEFAULT = new Timeouts(
                Duration.ofSeconds(60),
                Duration.ofSeconds(60),
                Duration.ofSeconds(75),
                Duration.ofSeconds(10),
                Duration.ofSeconds(60));
    }

    /// Plain HTTP with default limits and timeouts.
    public static ListenerSettings plain(String name, InetSocketAddress address) {
        return new ListenerSettings(name, address, null, WireLimits.DEFAULT, Timeouts.DEFAULT);
    }
}
