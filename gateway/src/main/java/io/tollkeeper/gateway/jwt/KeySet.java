package io.tollkeeper.gateway.jwt;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

import org.jspecify.annotations.Nullable;

/// The keys of a provider, by `kid`. Immutable.
final class KeySet {

    static final KeySet EMPTY = new KeySet(Map.of(), List.of());

    /// Keys that one provider may have; the rest is left out and told of.
    private static final int MOST = 256;
    /// Names told in a piece of evidence.
    private static final int TOLD = 8;

    private final Map<String, VerificationKey> keys;
    private final List<String> problems;

    private KeySet(Map<String, VerificationKey> keys, List<String> problems) {
        this.keys = Map.copyOf(keys);
        this.problems = List.copyOf(problems);
    }

    /// Keys of 3scale's document.
    static KeySet ofDocument(Map<String, Map<String, Object>> jwks) {
        Map<String, VerificationKey> keys = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        jwks.forEach((kid, jwk) -> add(kid, jwk, KeyReader.Origin.DOCUMENT, keys, problems));
        return new KeySet(keys, problems);
    }

    /// The document at a provider's `jwks_uri`: none if it is not one.
    static @Nullable KeySet ofPublished(byte[] document) {
        Map<String, Object> set = Json.object(document);
        if (set == null || !(set.get("keys") instanceof List<?> jwks)) {
            return null;
        }
        Map<String, VerificationKey> keys = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        for (Object entry : jwks) {
            if (keys.size() == MOST) {
                problems.add("more than " + MOST + " keys: the others are left out");
                break;
            }
            String kid = entry instanceof Map<?, ?> jwk ? Json.text(jwk, "kid") : null;
            if (kid != null) {
                add(kid, (Map<?, ?>) entry, KeyReader.Origin.PUBLISHED, keys, problems);
            } else {
                problems.add("a key without kid is left out");
            }
        }
        return new KeySet(keys, problems);
    }

    private static void add(
            String kid, Map<?, ?> jwk, KeyReader.Origin origin, Map<String, VerificationKey> keys, List<String> problems) {
        switch (KeyReader.read(kid, jwk, origin)) {
            case KeyReader.Read.Good good -> keys.put(kid, good.key());
            case KeyReader.Read.Bad bad -> problems.add("key " + shortened(kid) + " is left out: " + bad.message());
        }
    }

    /// The same keys; those that `known` has already are its own, so that what was checked with them stays checked.
    KeySet keepingKnown(KeySet known) {
        Map<String, VerificationKey> same = new LinkedHashMap<>();
        keys.forEach((kid, key) -> {
            VerificationKey before = known.keys.get(kid);
            same.put(kid, key.equals(before) ? before : key);
        });
        return new KeySet(same, problems);
    }

    @Nullable VerificationKey get(String kid) {
        return keys.get(kid);
    }

    int size() {
        return keys.size();
    }

    /// What could not be used, and why.
    List<String> problems() {
        return problems;
    }

    /// The names of the keys, for people.
    String names() {
        if (keys.isEmpty()) {
            return "none";
        }
        StringBuilder text = new StringBuilder();
        int told = 0;
        for (String kid : new TreeSet<>(keys.keySet())) {
            if (told++ == TOLD) {
                return text.append(" and ").append(keys.size() - TOLD).append(" more").toString();
            }
            text.append(text.isEmpty() ? "" : ", ").append(shortened(kid));
        }
        return text.toString();
    }

    static String shortened(String text) {
        return text.length() > 64 ? text.substring(0, 64) + "…" : text;
    }
}
