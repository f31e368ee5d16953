package io.tollkeeper.gateway.upstream;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.tollkeeper.core.proxy.ForwardedHeaders;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.proxy.UpstreamPath;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.Headers;
import io.tollkeeper.http.Upstream;
import org.jspecify.annotations.Nullable;

/// Where a product's calls go and in which form, compiled from its `api_backend`. Immutable, made once per product.
public final class UpstreamTarget {

    private final Upstream upstream;
    private final Upstream direct;
    /// Made by policies, so as many as their configurations.
    private final Map<Upstream, Upstream> variants = new ConcurrentHashMap<>();
    private final String description;
    private final String basePath;
    private final @Nullable String fixedQuery;
    private final Upstream http2;
    private final UpstreamPath pathStyle;
    private final ForwardedHeaders forwarded;
    private final @Nullable String secretToken;

    private UpstreamTarget(
            Upstream upstream, Upstream http2, String basePath, @Nullable String fixedQuery, ProxyConfig config) {
        this.upstream = upstream;
        this.direct = upstream.proxy() == null ? upstream : upstream.through(null);
        this.http2 = http2;
        this.description = upstream.describe();
        this.pathStyle = config.upstreamPath();
        boolean literal = pathStyle == UpstreamPath.PRESERVE || pathStyle == UpstreamPath.REFUSE_AMBIGUOUS;
        String written = literal ? basePath : basePath.replaceAll("/{2,}", "/");
        this.basePath = written.equals("/") ? "" : written;
        this.fixedQuery = fixedQuery;
        this.forwarded = config.forwarded();
        this.secretToken = config.secretToken();
    }

    /// What became of an address.
    public sealed interface Read {
        record Good(UpstreamTarget target) implements Read {}

        /// `message` completes "api_backend: …".
        record Bad(String message) implements Read {}
    }

    /// Reads `scheme://[user[:password]@]host[:port][/path][?query]`; user and password are ignored, a query replaces
    /// the client's.
    public static Read read(String url, ProxyConfig config, UpstreamSettings settings) {
        int schemeEnd = url.indexOf("://");
        if (schemeEnd < 0) {
            return new Read.Bad(url + " has no scheme (expected: http://host:port or https://host:port)");
        }
        String scheme = url.substring(0, schemeEnd).toLowerCase(Locale.ROOT);
        boolean secure = scheme.equals("https") || scheme.equals("wss");
        if (!secure && !scheme.equals("http") && !scheme.equals("ws")) {
            return new Read.Bad("scheme " + scheme + " cannot be called (expected: http, https, ws or wss)");
        }
        int start = schemeEnd + 3;
        int end = start;
        while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) {
            end++;
        }
        String authority = url.substring(url.lastIndexOf('@', end - 1) >= start ? url.lastIndexOf('@', end - 1) + 1 : start, end);
        Authority read = Authority.read(authority, secure ? 443 : 80);
        if (read == null) {
            return new Read.Bad(url + " has no usable host and port (expected: http://host:port)");
        }
        int fragment = url.indexOf('#', end);
        String rest = url.substring(end, fragment < 0 ? url.length() : fragment);
        int mark = rest.indexOf('?');
        String path = mark < 0 ? rest : rest.substring(0, mark);
        String query = mark < 0 ? null : rest.substring(mark + 1);
        for (int i = 0; i < rest.length(); i++) {
            if (rest.charAt(i) <= ' ' || rest.charAt(i) > '~') {
                return new Read.Bad(url + " has a character in its path that must be escaped (expected: %20 for a blank)");
            }
        }
        String rewrite = config.hostnameRewrite();
        String hostHeader = rewrite != null && !rewrite.isEmpty()
                ? rewrite
                : read.text() + (read.port() == (secure ? 443 : 80) ? "" : ":" + read.port());
        if (!Headers.isValidValue(hostHeader)) {
            return new Read.Bad("hostname_rewrite " + rewrite + " is no host name");
        }
        // WebSocket never goes through a proxy (gateway specification, section 8.4).
        boolean webSocket = scheme.startsWith("ws");
        Upstream upstream = new Upstream(
                secure ? settings.tls() : null,
                read.host(),
                read.port(),
                hostHeader,
                secure ? Authority.serverName(hostHeader) : null,
                settings.timeouts(),
                settings.maxConnections())
                .through(webSocket ? null : settings.proxies().towards(secure, read.host()));
        Upstream http2 = new Upstream(
                settings.tls(),
                read.host(),
                read.port(),
                hostHeader,
                Authority.serverName(hostHeader),
                settings.timeouts(),
                settings.maxConnections())
                .with(Upstream.Protocol.HTTP_2);
        return new Read.Good(new UpstreamTarget(upstream, http2, path, query, config));
    }

    public Upstream upstream() {
        return upstream;
    }

    /// The same without a proxy on the way, for tunnels.
    Upstream direct() {
        return direct;
    }

    /// The upstream spoken to in HTTP/2, which is over TLS whatever the scheme says, and through no proxy (gateway
    /// specification, section 12.15).
    Upstream http2() {
        return http2;
    }

    /// An upstream of this target with other TLS settings: the same object for equal ones.
    Upstream with(Upstream upstream, ClientTls tls) {
        return variants.computeIfAbsent(upstream.with(tls), made -> made);
    }

    /// `http://host:port`.
    String description() {
        return description;
    }

    ForwardedHeaders forwarded() {
        return forwarded;
    }

    @Nullable String secretToken() {
        return secretToken;
    }

    /// Whether a path is refused because upstreams may read it in another way than the mapping rules do.
    ///
    /// @param path   as sent
    /// @param normal in normal form
    public boolean refuses(String path, String normal) {
        return pathStyle == UpstreamPath.REFUSE_AMBIGUOUS && (!path.equals(normal) || path.contains("/..;"));
    }

    /// The target to send for a client's.
    ///
    /// @param target as sent, path and query
    /// @param path   its path, as sent
    /// @param query  its query, as sent
    /// @param normal its path in normal form
    String target(String target, String path, @Nullable String query, String normal) {
        boolean based = !basePath.isEmpty();
        boolean normalise = pathStyle == UpstreamPath.NORMALISE
                || (based || fixedQuery != null) && pathStyle == UpstreamPath.NORMALISE_BEHIND_BASE_PATH;
        if (!based && !normalise && fixedQuery == null) {
            return target;
        }
        String rest = normalise ? normal : path;
        StringBuilder text = new StringBuilder(basePath.length() + target.length() + 8);
        if (!based) {
            text.append(rest);
        } else if (rest.equals("/")) {
            text.append(basePath);
        } else {
            text.append(basePath, 0, basePath.endsWith("/") ? basePath.length() - 1 : basePath.length()).append(rest);
        }
        String sent = fixedQuery != null ? fixedQuery : query;
        if (sent != null) {
            text.append('?').append(sent);
        }
        return text.toString();
    }
}
