package io.tollkeeper.gateway.jwt;

import java.time.Duration;

/// How tokens are checked and providers asked. Immutable.
///
/// @param leeway  by how much `exp` and `nbf` may be missed
/// @param refresh how often a provider's keys are fetched anew; zero or less: only when a token names a key that is not known
public record JwtSettings(Duration leeway, Duration refresh) {

    public static final JwtSettings DEFAULT = new JwtSettings(Duration.ZERO, Duration.ofMinutes(5));
}
