package io.tollkeeper.gateway.exchange;

import java.util.Map;

/// What becomes of a remote meter's decisions (gateway specification, section 6.2).
public enum Caching {
    /// 200 is remembered; anything else, no answer too, forgets it.
    STRICT,
    /// Answers below 500 are remembered; while the meter has none, what is remembered stays.
    RESILIENT,
    /// As resilient; and whoever is not known is let in while the meter has no answer.
    ALLOW,
    /// Nothing is remembered: every call asks.
    NONE,
    /// Nothing is ever remembered, nothing forgotten: an unknown name in the environment.
    UNKNOWN;

    /// By the names that the caching policy uses.
    public static final Map<String, Caching> BY_NAME =
            Map.of("strict", STRICT, "resilient", RESILIENT, "allow", ALLOW, "none", NONE);
}
