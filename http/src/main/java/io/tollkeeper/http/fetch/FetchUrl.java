package io.tollkeeper.http.fetch;

import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/// An http or https URL taken apart. Immutable; nothing in it is decoded, for some servers compare bytes.
///
/// @param userInfo what stands before `@`, null without it; secret
/// @param host     without brackets, lower case
/// @param target   path and query, at least `/`
public record FetchUrl(boolean tls, @Nullable String userInfo, String host, int port, String target) {

    private static final Pattern URL = Pattern.compile(
            "(?<scheme>[Hh][Tt][Tt][Pp][Ss]?)://(?:(?<user>[^/?#]*)@)?(?<host>\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._-]+)"
                    + "(?::(?<port>[0-9]{1,5}))?(?<path>/[^?#]*)?(?<query>\\?[^#]*)?(?:#.*)?");

    /// Null if the text is not such a URL, or holds what cannot stand in a request line.
    public static @Nullable FetchUrl parse(String text) {
        var parts = URL.matcher(text);
        if (!parts.matches() || text.chars().anyMatch(c -> c <= ' ' || c >= 0x7f)) {
            return null;
        }
        boolean tls = parts.group("scheme").length() == 5;
        int port = parts.group("port") == null ? tls ? 443 : 80 : Integer.parseInt(parts.group("port"));
        if (port < 1 || port > 65_535) {
            return null;
        }
        String host = parts.group("host").toLowerCase(java.util.Locale.ROOT);
        String path = parts.group("path") == null ? "/" : parts.group("path");
        String query = parts.group("query") == null ? "" : parts.group("query");
        return new FetchUrl(tls, parts.group("user"), host.startsWith("[") ? host.substring(1, host.length() - 1) : host, port, path + query);
    }

    /// The same server, another path and query.
    public FetchUrl withTarget(String newTarget) {
        return new FetchUrl(tls, userInfo, host, port, newTarget);
    }

    /// The path without a query.
    public String path() {
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }

    /// `host[:port]` as `Host` has it: without the scheme's own port.
    public String authority() {
        String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return port == (tls ? 443 : 80) ? name : name + ":" + port;
    }

    /// The URL without its secrets: for messages.
    @Override
    public String toString() {
        return (tls ? "https://" : "http://") + authority() + target;
    }

    /// Literals have no name that TLS could ask for.
    @Nullable String serverName() {
        return host.indexOf(':') >= 0 || host.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9')) ? null : host;
    }
}
