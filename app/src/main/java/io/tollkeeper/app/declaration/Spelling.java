package io.tollkeeper.app.declaration;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

import io.tollkeeper.core.proxy.MappingRule.QueryCondition;
import org.jspecify.annotations.Nullable;

/// Whether host names, upstream URLs and patterns are written as they must be. Each check answers null, or what is
/// wrong and what was expected. Pure functions.
final class Spelling {
    static final Set<String> METHODS = Set.of("ANY", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS");

    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+]");
    private static final Pattern URL = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#@]*@)?(\\[[0-9A-Fa-f:.]+]|[^/?#:]*)(?::([^/?#]*))?([/?#].*)?");
    private static final Set<String> SCHEMES = Set.of("http", "https", "ws", "wss");

    private Spelling() {}

    static @Nullable String host(String host) {
        if (host.contains("://")) {
            return host + " is a URL (expected: a host name only, e.g. api.example.com)";
        }
        if (host.startsWith("*")) {
            return host + ": hosts are compared exactly, there are no wildcards (expected: e.g. api.example.com)";
        }
        int colon = host.startsWith("[") ? -1 : host.indexOf(':');
        if (colon >= 0) {
            return host + " has a port (expected: the name only, e.g. " + host.substring(0, colon) + "; the port plays no part)";
        }
        return HOST.matcher(host).matches() ? null : "\"" + host + "\" is not a host name (expected: e.g. api.example.com)";
    }

    static @Nullable String url(String url) {
        String example = " (expected: scheme://host[:port][/path], e.g. http://10.0.0.7:8080)";
        var parts = URL.matcher(url);
        if (!parts.matches()) {
            var bare = url.contains("://") ? "" : ", the scheme is missing";
            return url + " is not a URL" + bare + (bare.isEmpty() ? example : " (expected: http://" + url + "?)");
        }
        if (!SCHEMES.contains(parts.group(1).toLowerCase(java.util.Locale.ROOT))) {
            return url + ": scheme " + parts.group(1) + " is not known (expected: http or https)";
        }
        if (!HOST.matcher(parts.group(2)).matches()) {
            return url + (parts.group(2).isEmpty() ? " has no host" : ": \"" + parts.group(2) + "\" is not a host name") + example;
        }
        var port = parts.group(3);
        if (port != null && (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65_535)) {
            return url + ": \"" + port + "\" is not a port (expected: 1 to 65535)";
        }
        if (url.chars().anyMatch(c -> c <= ' ' || c >= 127)) {
            return url + " holds blanks or characters beyond ASCII (expected: percent-encoded)";
        }
        return null;
    }

    /// The part before `?`; live regular expression characters are refused for new rules, as 3scale's portal does.
    static @Nullable String pattern(String pattern) {
        if (!pattern.startsWith("/")) {
            return pattern + " (expected: a path that starts with /)";
        }
        int query = pattern.indexOf('?');
        var path = query < 0 ? pattern : pattern.substring(0, query);
        int depth = 0;
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '{' || c == '}') {
                depth += c == '{' ? 1 : -1;
                if (depth < 0 || depth > 1) {
                    return pattern + ": braces do not pair (expected: e.g. /orders/{id})";
                }
            } else if (depth == 0 && c == '$' && i < path.length() - 1) {
                return pattern + ": $ ends a pattern and stands last";
            } else if ((depth == 0 && "*+()|[]^\\\"<> ".indexOf(c) >= 0) || c < ' ' || c > '~') {
                return pattern + ": character " + (c > ' ' && c <= '~' ? "'" + c + "'" : "U+%04X".formatted((int) c))
                        + " cannot stand in a pattern (expected: a path, {name} for a variable part, $ at the end, others percent-encoded)";
            }
        }
        return depth == 0 ? null : pattern + ": braces do not pair (expected: e.g. /orders/{id})";
    }

    /// Characters that the original reads as a regular expression and that stand for themselves here (gateway
    /// specification, trap 7); null if there are none.
    static @Nullable String liveCharacter(String pattern) {
        boolean inside = false;
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            if (c == '?') {
                return null;
            }
            inside = c == '{' || inside && c != '}';
            boolean end = i + 1 == pattern.length() || pattern.charAt(i + 1) == '?';
            if (!inside && ("*+()|[]^\\".indexOf(c) >= 0 || c == '$' && !end)) {
                return "'" + c + "' stands for itself (3scale's gateway reads it as part of a regular expression)";
            }
        }
        return null;
    }

    /// The conditions that a pattern's query part stands for: `?status=open&page={page}`.
    static List<QueryCondition> conditions(String pattern) {
        var conditions = new ArrayList<QueryCondition>();
        int query = pattern.indexOf('?');
        if (query >= 0) {
            for (var part : pattern.substring(query + 1).split("&", -1)) {
                int equals = part.indexOf('=');
                if (!part.isEmpty()) {
                    conditions.add(new QueryCondition(
                            equals < 0 ? part : part.substring(0, equals), equals < 0 ? "" : part.substring(equals + 1)));
                }
            }
        }
        return conditions;
    }
}
