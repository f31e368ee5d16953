package io.tollkeeper.gateway.jwt;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// What is known of an OpenID provider: whose tokens are accepted and how they are checked. Immutable.
///
/// @param issuer     expected `iss`, exact
/// @param algorithms accepted `alg`
/// @param keys       by `kid`
/// @param ahead      how far the provider's clock is ahead of ours (negative: behind) in ms, as its `Date` header said;
///                   [#UNKNOWN_CLOCK] if it said nothing
record Provider(String issuer, Set<Algorithm> algorithms, KeySet keys, long ahead) {

    static final long UNKNOWN_CLOCK = Long.MIN_VALUE;

    /// The algorithms of these names; those we do not know are left out, `none` among them.
    static Set<Algorithm> algorithms(List<?> names) {
        Set<Algorithm> algorithms = EnumSet.noneOf(Algorithm.class);
        for (Object name : names) {
            Algorithm algorithm = name instanceof String text ? Algorithm.named(text) : null;
            if (algorithm != null) {
                algorithms.add(algorithm);
            }
        }
        return algorithms;
    }

    /// `RS256, ES256`, for people.
    String algorithmNames() {
        StringBuilder text = new StringBuilder();
        for (Algorithm algorithm : algorithms) {
            text.append(text.isEmpty() ? "" : ", ").append(algorithm.text());
        }
        return text.isEmpty() ? "none" : text.toString();
    }

    /// `3 s ahead of ours`, for people; empty if not known or not worth a word.
    String clock() {
        if (ahead == UNKNOWN_CLOCK || Math.abs(ahead) < 2_000) {
            return "";
        }
        return String.format(Locale.ROOT, "%d s %s ours", Math.abs(ahead) / 1000, ahead > 0 ? "ahead of" : "behind");
    }
}
