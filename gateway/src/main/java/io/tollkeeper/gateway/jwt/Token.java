package io.tollkeeper.gateway.jwt;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/// A token whose signature was checked: by which key, and what it says. Immutable but for what it remembers of the last
/// question; read on all event loops.
///
/// Whether it is good for a product at this moment is asked anew with each request ([TokenVerifier]): that its signature
/// is right stays true for ever, all else does not.
public final class Token {

    private static final BigDecimal MOST_SECONDS = BigDecimal.valueOf(Long.MAX_VALUE / 1000);

    private final VerificationKey key;
    private final Algorithm algorithm;
    private final Map<String, Object> claims;
    private final int size;
    private final @Nullable String issuer;
    private final @Nullable Long expires;
    private final @Nullable Long notBefore;
    private volatile @Nullable Named lastAsked;

    /// A claim as text, remembered.
    private record Named(String claim, @Nullable String text) {}

    Token(VerificationKey key, Algorithm algorithm, Map<String, Object> claims, int size) {
        this.key = key;
        this.algorithm = algorithm;
        this.claims = Collections.unmodifiableMap(claims);
        this.size = size;
        this.issuer = claims.get("iss") instanceof String text ? text : null;
        this.expires = millis("exp");
        this.notBefore = millis("nbf");
    }

    /// All that it says.
    public Map<String, Object> claims() {
        return claims;
    }

    VerificationKey key() {
        return key;
    }

    Algorithm algorithm() {
        return algorithm;
    }

    /// Bytes of its payload: what it weighs in memory, times a small number.
    int size() {
        return size;
    }

    @Nullable String issuer() {
        return issuer;
    }

    /// `exp` in ms; none if it is missing or no number.
    @Nullable Long expires() {
        return expires;
    }

    /// `nbf` in ms; none if it is missing or no number.
    @Nullable Long notBefore() {
        return notBefore;
    }

    /// Whether a claim is there and not null.
    boolean has(String claim) {
        return claims.get(claim) != null;
    }

    /// `iat` is left out, or a positive number; one in the future will do.
    boolean issuedAtMakesSense() {
        Object value = claims.get("iat");
        return value == null || value instanceof Number number && number.doubleValue() > 0;
    }

    private @Nullable Long millis(String claim) {
        if (!(claims.get(claim) instanceof Number number)) {
            return null;
        }
        BigDecimal seconds = new BigDecimal(number.toString());
        return seconds.abs().compareTo(MOST_SECONDS) > 0
                ? seconds.signum() > 0 ? Long.MAX_VALUE : Long.MIN_VALUE
                : seconds.movePointRight(3).longValue();
    }

    /// A claim as text: of a list its first element, numbers as they are written; none if it is missing, or holds
    /// something else.
    @Nullable String text(String claim) {
        Named asked = lastAsked;
        if (asked == null || !asked.claim.equals(claim)) {
            asked = new Named(claim, textOf(claims.get(claim)));
            lastAsked = asked;
        }
        return asked.text;
    }

    private static @Nullable String textOf(@Nullable Object value) {
        return switch (value) {
            case List<?> list when !list.isEmpty() && !(list.getFirst() instanceof List<?>) -> textOf(list.getFirst());
            case String text -> text;
            case Boolean truth -> truth.toString();
            case Number number -> {
                BigDecimal decimal = new BigDecimal(number.toString()).stripTrailingZeros();
                yield Math.abs((long) decimal.scale()) > 64 ? decimal.toString() : decimal.toPlainString();
            }
            case null, default -> null;
        };
    }
}
