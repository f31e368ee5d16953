package io.tollkeeper.gateway.upstream;

import java.util.Locale;

import org.jspecify.annotations.Nullable;

/// Host and port of a URL: `host[:port]`, IPv6 addresses in brackets. Immutable.
///
/// @param host in lower case, without brackets
public record Authority(String host, int port) {

    /// Reads it; none if there is no usable host or port.
    public static @Nullable Authority read(String text, int defaultPort) {
        String host;
        String port;
        if (text.startsWith("[")) {
            int bracket = text.indexOf(']');
            if (bracket < 0 || bracket + 1 < text.length() && text.charAt(bracket + 1) != ':') {
                return null;
            }
            host = text.substring(1, bracket);
            port = bracket + 1 < text.length() ? text.substring(bracket + 2) : "";
        } else {
            int colon = text.indexOf(':');
            host = colon < 0 ? text : text.substring(0, colon);
            port = colon < 0 ? "" : text.substring(colon + 1);
        }
        int number = port.isEmpty() ? defaultPort : portNumber(port);
        return host.isEmpty() || number < 1 || number > 65535 || !isHost(host)
                ? null
                : new Authority(host.toLowerCase(Locale.ROOT), number);
    }

    /// The name for SNI that goes with a `Host`: without its port, none if that is an address.
    public static @Nullable String serverName(String hostHeader) {
        Authority read = read(hostHeader.toLowerCase(Locale.ROOT), 443);
        return read == null || read.isAddress() ? null : read.host();
    }

    private static int portNumber(String text) {
        int number = 0;
        for (int i = 0; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9 || i > 4) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number;
    }

    private static boolean isHost(String host) {
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            if (!(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "-._:%".indexOf(c) >= 0)) {
                return false;
            }
        }
        return true;
    }

    private boolean isAddress() {
        if (host.indexOf(':') >= 0) {
            return true;
        }
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            if (c != '.' && (c < '0' || c > '9')) {
                return false;
            }
        }
        return true;
    }

    /// The host as it stands in a URL or a `Host`.
    public String text() {
        return host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    }
}
