package io.tollkeeper.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

/// An HTTP proxy that stands between us and upstreams: plain HTTP is asked of it in absolute form, TLS goes through it
/// by CONNECT (gateway specification, section 8.6). Immutable; equal values share connections.
///
/// @param host          name or address literal without brackets
/// @param port          TCP port
/// @param authorization value of `Proxy-Authorization`, null for none
public record ForwardProxy(String host, int port, @Nullable String authorization) {

    /// What became of an address.
    public sealed interface Read {
        record Good(ForwardProxy proxy) implements Read {}

        /// `message` says what came and what was expected; it holds no password.
        record Bad(String message) implements Read {}
    }

    private static final String EXPECTED = " (expected: http://[user:password@]host[:port])";

    /// Reads `http://[user:password@]host[:port]`; without a port it is 80. User and password may be percent-encoded.
    public static Read read(String url) {
        String text = url.strip();
        int schemeEnd = text.indexOf("://");
        String scheme = schemeEnd < 0 ? "http" : text.substring(0, schemeEnd).toLowerCase(Locale.ROOT);
        if (!scheme.equals("http")) {
            return new Read.Bad(masked(text) + ": a proxy cannot be spoken to by " + scheme + EXPECTED);
        }
        String rest = schemeEnd < 0 ? text : text.substring(schemeEnd + 3);
        int end = 0;
        while (end < rest.length() && "/?#".indexOf(rest.charAt(end)) < 0) {
            end++;
        }
        int at = rest.lastIndexOf('@', end - 1);
        String authority = rest.substring(at + 1, end);
        int bracket = authority.startsWith("[") ? authority.indexOf(']') : 0;
        int colon = bracket < 0 ? -1 : authority.indexOf(':', bracket);
        String host = colon < 0 ? authority : authority.substring(0, colon);
        if (bracket > 0 && host.endsWith("]")) {
            host = host.substring(1, bracket);
        }
        int port = colon < 0 ? 80 : port(authority.substring(colon + 1));
        if (bracket < 0 || host.isEmpty() || port < 0 || !isHost(host)) {
            return new Read.Bad(masked(text) + " has no usable host and port" + EXPECTED);
        }
        if (at < 0) {
            return new Read.Good(new ForwardProxy(host.toLowerCase(Locale.ROOT), port, null));
        }
        String credentials = credentials(rest.substring(0, at));
        return credentials == null
                ? new Read.Bad(masked(text) + ": user and password have a bad percent-encoding" + EXPECTED)
                : new Read.Good(new ForwardProxy(host.toLowerCase(Locale.ROOT), port, credentials));
    }

    private static @Nullable String credentials(String userInfo) {
        try {
            // A plus is a plus here, not a blank.
            String decoded = URLDecoder.decode(userInfo.replace("+", "%2B"), StandardCharsets.UTF_8);
            String pair = decoded.indexOf(':') < 0 ? decoded + ":" : decoded;
            return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    private static int port(String text) {
        if (text.isEmpty()) {
            return 80;
        }
        int number = 0;
        for (int i = 0; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9 || i > 4) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number >= 1 && number <= 65535 ? number : -1;
    }

    private static boolean isHost(String host) {
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            if (!(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "-._:".indexOf(c) >= 0)) {
                return false;
            }
        }
        return true;
    }

    /// An address without what stands before its `@`: for messages and logs.
    public static String masked(String url) {
        int at = url.lastIndexOf('@');
        int schemeEnd = url.indexOf("://");
        return at < 0 ? url : (schemeEnd < 0 ? "" : url.substring(0, schemeEnd + 3)) + "***@" + url.substring(at + 1);
    }

    /// `http://host:port`, without user and password.
    public String describe() {
        return "http://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    /// Without the password, wherever this is written.
    @Override
    public String toString() {
        return "ForwardProxy[" + describe() + (authorization == null ? "" : ", with user and password") + "]";
    }
}
