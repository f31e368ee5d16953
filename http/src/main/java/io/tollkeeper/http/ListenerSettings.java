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
public record ListenerSettings(
        String name, InetSocketAddress address, @Nullable ServerTls tls, WireLimits limits, Timeouts timeouts) {

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
