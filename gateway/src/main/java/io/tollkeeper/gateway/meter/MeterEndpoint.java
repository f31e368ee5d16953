package io.tollkeeper.gateway.meter;

import java.util.Locale;

import io.tollkeeper.core.proxy.BackendEndpoint;
import io.tollkeeper.gateway.upstream.Authority;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.ForwardProxies;
import io.tollkeeper.http.Headers;
import io.tollkeeper.http.Upstream;
import org.jspecify.annotations.Nullable;

/// Where a remote meter is, compiled from its base URL. Immutable; one per address and host.
///
/// @param upstream how it is called; its `Host` has no port, as the original sends it
/// @param prefix   what stands before every path, without a slash at its end
record MeterEndpoint(Upstream upstream, String prefix) {

    /// Connections to one meter, over all loops.
    private static final int CONNECTIONS = 1024;

    /// What became of a URL.
    sealed interface Read {
        record Good(MeterEndpoint endpoint) implements Read {}

        /// `message` completes "backend.endpoint: …".
        record Bad(String message) implements Read {}
    }

    /// Reads `scheme://[user[:password]@]host[:port][/path]`.
    static Read read(BackendEndpoint configured, ClientTls tls, ForwardProxies proxies) {
        String url = configured.url().strip();
        int schemeEnd = url.indexOf("://");
        String scheme = schemeEnd < 0 ? "" : url.substring(0, schemeEnd).toLowerCase(Locale.ROOT);
        boolean secure = scheme.equals("https");
        if (!secure && !scheme.equals("http")) {
            return bad(url, "has no scheme that can be called");
        }
        int end = schemeEnd + 3;
        while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) {
            end++;
        }
        String authority = url.substring(schemeEnd + 3, end);
        authority = authority.substring(authority.lastIndexOf('@') + 1);
        Authority read = Authority.read(authority, secure ? 443 : 80);
        if (read == null) {
            return bad(url, "has no usable host and port");
        }
        String path = path(url.substring(end));
        if (path == null) {
            return bad(url, "has a character in its path that must be escaped");
        }
        String named = configured.host();
        String hostHeader = named == null || named.isEmpty() ? read.text() : named;
        if (!Headers.isValidValue(hostHeader)) {
            return new Read.Bad("backend.host " + hostHeader + " is no host name");
        }
        Upstream upstream = new Upstream(
                secure ? tls : null,
                read.host(),
                read.port(),
                hostHeader,
                secure ? Authority.serverName(hostHeader) : null,
                Upstream.Timeouts.DEFAULT,
                CONNECTIONS).through(proxies.towards(secure, read.host()));
        return new Read.Good(new MeterEndpoint(upstream, path));
    }

    private static Read.Bad bad(String url, String what) {
        int at = url.lastIndexOf('@');
        return new Read.Bad((at < 0 ? url : url.substring(at + 1)) + " " + what + " (expected: http://host:port)");
    }

    /// The path without query, repeated slashes and a slash at its end; null if it cannot be sent.
    private static @Nullable String path(String rest) {
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < rest.length() && rest.charAt(i) != '?' && rest.charAt(i) != '#'; i++) {
            char c = rest.charAt(i);
            if (c <= ' ' || c > '~') {
                return null;
            }
            if (c != '/' || path.isEmpty() || path.charAt(path.length() - 1) != '/') {
                path.append(c);
            }
        }
        int length = path.length();
        return length > 0 && path.charAt(length - 1) == '/' ? path.substring(0, length - 1) : path.toString();
    }

    /// `http://host:port`, for records.
    String description() {
        return upstream.describe();
    }
}
