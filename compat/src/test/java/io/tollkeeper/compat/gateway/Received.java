package io.tollkeeper.compat.gateway;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// A request that a stub received, in Latin-1.
///
/// @param who     `upstream-1`, `upstream-2`, `backend` or `portal`
/// @param headers by lower-case name
record Received(String who, String method, String target, Map<String, List<String>> headers, String body) {

    String path() {
        int mark = target.indexOf('?');
        return mark < 0 ? target : target.substring(0, mark);
    }

    String query() {
        int mark = target.indexOf('?');
        return mark < 0 ? "" : target.substring(mark + 1);
    }

    String header(String name) {
        var values = headers.get(name);
        return values == null ? "" : values.getLast();
    }

    static void add(Map<String, List<String>> headers, String name, String value) {
        headers.computeIfAbsent(name.toLowerCase(Locale.ROOT), _ -> new ArrayList<>()).add(value);
    }

    /// The pairs of a query or form, decoded; of one name the last.
    static Map<String, String> lastOf(String query) {
        var values = new LinkedHashMap<String, String>();
        pairs(query).forEach(pair -> values.put(pair.getFirst(), pair.getLast()));
        return values;
    }

    /// Name and value of each pair, decoded.
    static List<List<String>> pairs(String query) {
        var pairs = new ArrayList<List<String>>();
        for (var part : query.split("&", -1)) {
            int equals = part.indexOf('=');
            if (!part.isEmpty()) {
                pairs.add(List.of(decoded(equals < 0 ? part : part.substring(0, equals)), equals < 0 ? "" : decoded(part.substring(equals + 1))));
            }
        }
        return pairs;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
