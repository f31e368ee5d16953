package io.tollkeeper.meter;

import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.core.flight.Redaction;

/// Takes secrets out of paths of the Internal API, which names tokens and keys in them: whatever follows such a word is
/// shortened, and whatever hides behind percent signs. Pure function.
final class InternalPath {

    private InternalPath() {}

    static String redacted(String target) {
        int query = target.indexOf('?');
        String path = query < 0 ? target : target.substring(0, query);
        List<String> shown = new ArrayList<>();
        boolean secret = false;
        for (String segment : path.split("/", -1)) {
            boolean hidden = segment.indexOf('%') >= 0;
            shown.add((secret || hidden) && !segment.isEmpty() ? Redaction.shortened(segment) : segment);
            if (!segment.isEmpty()) {
                secret = hidden || namesSecret(segment);
            }
        }
        return String.join("/", shown) + (query < 0 ? "" : target.substring(query));
    }

    private static boolean namesSecret(String word) {
        return switch (word) {
            case "key", "keys", "service_tokens", "change_provider_key" -> true;
            default -> false;
        };
    }
}
