package io.tollkeeper.gateway.jwt;

import java.util.Map;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// Checks tokens for one product (gateway specification, section 10.3). On event loops; never blocks. A signature is
/// computed once per token and remembered, everything else is asked with each request.
///
/// | # | check | refused with |
/// |---|---|---|
/// | 2 | three parts of base64url, a header of JSON | `A-JWT-MALFORMED` |
/// | 3 | `alg` is accepted | `A-JWT-ALG` |
/// | 4 | `kid` is known | `A-JWT-KID-UNKNOWN` |
/// | 5 | the key may be used with `alg` | `A-JWT-KEY-ALG` |
/// | 6 | signature | `A-JWT-SIG` |
/// | 7 | `iss` | `A-JWT-ISS` |
/// | 8 | `sub` and `aud` are there | `A-JWT-CLAIM` |
/// | 9, 10 | `exp`, `nbf` | `A-JWT-EXPIRED`, `A-JWT-NBF`, or `A-JWT-SKEW` where the provider's clock explains it |
/// | 11 | `iat`, if there, is a positive number | `A-JWT-CLAIM` |
/// | 12 | `typ`, if there, is `Bearer` | `A-JWT-TYP` |
/// | | the client's claim is there | `A-JWT-CLIENT` |
///
/// Evidence never holds the token.
final class TokenVerifier {

    private static final int LONGEST_CLIENT = 512;

    private final TokenCache cache;
    private final String clientClaim;
    private final long leewayMillis;

    TokenVerifier(TokenCache cache, String clientClaim, long leewayMillis) {
        this.cache = cache;
        this.clientClaim = clientClaim;
        this.leewayMillis = leewayMillis;
    }

    Verification verify(String text, Provider provider, long nowMillis) {
        TokenCache.Digest digest = TokenCache.digest(text);
        Token token = cache.find(digest);
        if (token != null && isStillTrusted(token, provider)) {
            return check(token, provider, nowMillis);
        }
        return switch (Jws.read(text)) {
            case Jws.Read.Bad bad -> new Verification.Bad(Reason.TOKEN_MALFORMED, bad.evidence());
            case Jws.Read.Good good -> signed(good.token(), digest, provider, nowMillis);
        };
    }

    /// Whether what was checked once with some key is checked for this provider too.
    private static boolean isStillTrusted(Token token, Provider provider) {
        VerificationKey now = provider.keys().get(token.key().kid());
        return now != null
                && (now == token.key() || now.equals(token.key()))
                && provider.algorithms().contains(token.algorithm());
    }

    private Verification signed(Jws jws, TokenCache.Digest digest, Provider provider, long nowMillis) {
        Algorithm algorithm = Algorithm.named(jws.algorithm());
        if (algorithm == null || !provider.algorithms().contains(algorithm)) {
            return new Verification.Bad(Reason.TOKEN_ALGORITHM, "alg " + visible(jws.algorithm())
                    + " is not accepted (accepted: " + provider.algorithmNames() + ")");
        }
        String kid = jws.kid();
        VerificationKey key = kid == null ? null : provider.keys().get(kid);
        if (kid == null || key == null) {
            String evidence = (kid == null ? "the token's header has no kid" : "kid " + visible(kid) + " is not known")
                    + " (known: " + provider.keys().names() + ")";
            return kid == null ? new Verification.Bad(Reason.TOKEN_KEY_UNKNOWN, evidence) : new Verification.UnknownKey(evidence);
        }
        String unfit = key.unfit(algorithm);
        if (unfit != null) {
            return new Verification.Bad(Reason.TOKEN_KEY_ALGORITHM, unfit);
        }
        if (!algorithm.verifies(key.key(), jws.signed(), jws.signature())) {
            return new Verification.Bad(Reason.TOKEN_SIGNATURE, "the signature does not belong to the token, or was not made with key " + key.kid()
                    + " (" + algorithm.text() + ")");
        }
        Map<String, Object> claims = Json.object(jws.payload());
        if (claims == null) {
            return new Verification.Bad(Reason.TOKEN_MALFORMED, "the token's payload is not a JSON object that can be read");
        }
        Token token = new Token(key, algorithm, claims, jws.payload().length);
        Verification checked = check(token, provider, nowMillis);
        if (checked instanceof Verification.Good) {
            cache.put(digest, token);
        }
        return checked;
    }

    private Verification check(Token token, Provider provider, long now) {
        String issuer = token.issuer();
        if (!provider.issuer().equals(issuer)) {
            return issuer == null ? missing("iss") : new Verification.Bad(Reason.TOKEN_ISSUER,
                    "iss is " + visible(issuer) + ", expected " + provider.issuer());
        }
        if (!token.has("sub") || !token.has("aud")) {
            return missing(token.has("sub") ? "aud" : "sub");
        }
        Long expires = token.expires();
        if (expires == null) {
            return missing("exp");
        }
        if (expires <= now - leewayMillis) {
            return late(expires, provider, now);
        }
        Long notBefore = token.notBefore();
        if (notBefore == null ? token.has("nbf") : notBefore > now + leewayMillis) {
            return notBefore == null ? noNumber("nbf") : early(notBefore, provider, now);
        }
        if (!token.issuedAtMakesSense()) {
            return noNumber("iat");
        }
        Object type = token.claims().get("typ");
        if (type != null && !"Bearer".equals(type)) {
            return new Verification.Bad(Reason.TOKEN_TYPE, "typ is " + visible(String.valueOf(type)) + ", expected Bearer");
        }
        String client = token.text(clientClaim);
        if (client == null || client.isEmpty() || client.length() > LONGEST_CLIENT) {
            return new Verification.Bad(Reason.TOKEN_CLIENT, client != null && client.length() > LONGEST_CLIENT
                    ? "claim " + clientClaim + " has " + client.length() + " characters (expected: at most " + LONGEST_CLIENT + ")"
                    : "claim " + clientClaim + " is to name the application, but it is "
                            + (client != null ? "empty" : token.has(clientClaim) ? "no text" : "missing"));
        }
        return new Verification.Good(token, client);
    }

    private static Verification missing(String claim) {
        return new Verification.Bad(Reason.TOKEN_CLAIM, "claim " + claim + " is missing" + (claim.equals("exp") ? " or no number" : ""));
    }

    private static Verification noNumber(String claim) {
        return new Verification.Bad(Reason.TOKEN_CLAIM, "claim " + claim + " is no positive number");
    }

    private Verification late(long expires, Provider provider, long now) {
        boolean skewed = provider.ahead() != Provider.UNKNOWN_CLOCK && expires > now + provider.ahead();
        return time(skewed, Reason.TOKEN_EXPIRED, "expired " + seconds(now, expires) + " ago", provider);
    }

    private Verification early(long notBefore, Provider provider, long now) {
        boolean skewed = provider.ahead() != Provider.UNKNOWN_CLOCK && notBefore <= now + provider.ahead();
        return time(skewed, Reason.TOKEN_NOT_YET_VALID, "not valid for another " + seconds(notBefore, now), provider);
    }

    private Verification time(boolean skewed, Reason otherwise, String what, Provider provider) {
        String clock = provider.clock();
        return new Verification.Bad(skewed && !clock.isEmpty() ? Reason.TOKEN_SKEW : otherwise,
                what + (clock.isEmpty() ? "" : "; the issuer's clock is " + clock)
                        + (leewayMillis == 0 ? "" : "; leeway is " + leewayMillis / 1000 + " s"));
    }

    private static String seconds(long later, long earlier) {
        long seconds = (later / 1000) - (earlier / 1000);
        return seconds > 2 * 86_400 ? seconds / 86_400 + " days" : seconds > 7_200 ? seconds / 3_600 + " hours" : seconds + " s";
    }

    /// A word out of a token as it may stand in a log.
    private static String visible(@Nullable String text) {
        if (text == null) {
            return "-";
        }
        StringBuilder safe = new StringBuilder();
        for (int i = 0; i < text.length() && safe.length() < 128; i++) {
            char c = text.charAt(i);
            safe.append(c > ' ' && c < 0x7f ? c : '?');
        }
        return text.length() > 128 ? safe + "…" : safe.toString();
    }
}
