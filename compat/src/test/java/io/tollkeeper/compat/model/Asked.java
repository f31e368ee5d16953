package io.tollkeeper.compat.model;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/// A call before it becomes text.
///
/// @param endpoint authorize, authrep, oauth_authorize, oauth_authrep
/// @param values   parameters but usage, in the order sent; null for a bare name
/// @param usage    metric name → text, in the order sent; empty for none
/// @param options  of the header that are asked for with `1`
record Asked(String endpoint, Map<String, @Nullable String> values, Map<String, @Nullable String> usage, Set<String> options) {

    @Nullable String value(String name) {
        return values.get(name);
    }

    boolean isAuthrep() {
        return endpoint.endsWith("authrep");
    }

    boolean isOauth() {
        return endpoint.startsWith("oauth");
    }

    String target() {
        return "/transactions/" + endpoint + ".xml?" + query();
    }

    private String query() {
        var pairs = new ArrayList<String>();
        values.forEach((name, value) -> pairs.add(pair(name, value)));
        usage.forEach((name, value) -> pairs.add(pair("usage[" + name + "]", value)));
        return String.join("&", pairs);
    }

    static String pair(String name, @Nullable String value) {
        return value == null ? encoded(name) : encoded(name) + "=" + encoded(value);
    }

    private static String encoded(String text) {
        var encoded = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            encoded.append(b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b == '_' || b == '.' || b == '-'
                    ? String.valueOf((char) b) : String.format("%%%02X", b & 0xFF));
        }
        return encoded.toString();
    }

    Map<String, String> headers() {
        var headers = new LinkedHashMap<String, String>();
        if (!options.isEmpty()) {
            headers.put("3scale-options", String.join("&", options.stream().map(option -> option + "=1").toList()));
        }
        return headers;
    }

    @Override
    public String toString() {
        return target() + " " + List.copyOf(options);
    }
}
