package io.tollkeeper.app.settings;

import java.net.InetSocketAddress;

import org.jspecify.annotations.Nullable;

/// Where a listener listens: `127.0.0.1:8080`, `[::1]:8080`; port 0 takes any free one. Immutable.
public record ListenAddress(String host, int port) {

    /// Null when the text is not `host:port`.
    static @Nullable ListenAddress parse(String text) {
        int colon = text.lastIndexOf(':');
        if (colon <= 0 || colon == text.length() - 1) {
            return null;
        }
        var host = text.substring(0, colon);
        var digits = text.substring(colon + 1);
        if (digits.length() > 5 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return null;
        }
        int port = Integer.parseInt(digits);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (port > 65_535 || host.isBlank() || host.contains(" ") || (host.contains(":") && !bracketed)) {
            return null;
        }
        return new ListenAddress(bracketed ? host.substring(1, host.length() - 1) : host, port);
    }

    /// Resolves the name; blocks for a name that is not an address.
    public InetSocketAddress toSocketAddress() {
        return new InetSocketAddress(host, port);
    }

    @Override public String toString() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
