package io.tollkeeper.gateway.jwt;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import javax.crypto.spec.SecretKeySpec;

import io.tollkeeper.core.reason.Reason;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Section 10.3 of the gateway specification, check by check, and what attackers try instead.
class TokenVerifierTest {

    private static final String ISSUER = "https://issuer.test/realm";
    private static final long NOW = 1_700_000_000L;

    private static Signer rsa;
    private static Signer other;

    private final TokenCache cache = new TokenCache();

    @BeforeAll
    static void makeKeys() throws GeneralSecurityException {
        rsa = Signer.of("k1", "RS256");
        other = Signer.of("k1", "RS256");
    }

    private static Provider provider(Map<String, Object> jwk, String... algorithms) {
        return provider(jwk, Provider.UNKNOWN_CLOCK, algorithms);
    }

    private static Provider provider(Map<String, Object> jwk, long ahead, String... algorithms) {
        KeySet keys = KeySet.ofDocument(Map.of("k1", jwk));
        assertThat(keys.problems()).isEmpty();
        return new Provider(ISSUER, Provider.algorithms(List.of(algorithms)), keys, ahead);
    }

    private Verification verify(String token, Provider provider) {
        return new TokenVerifier(cache, "azp", 0).verify(token, provider, NOW * 1000);
    }

    private static String token(Consumer<Map<String, Object>> change) {
        Map<String, Object> claims = Signer.claims(ISSUER, NOW);
        change.accept(claims);
        return rsa.token(claims);
    }

    private void assertRefused(String token, Reason reason, String... evidence) {
        assertBad(verify(token, provider(rsa.jwk(), "RS256")), reason, evidence);
    }

    private static void assertBad(Verification found, Reason reason, String... evidence) {
        assertThat(found).isInstanceOf(Verification.Bad.class);
        Verification.Bad bad = (Verification.Bad) found;
        assertThat(bad.reason()).as(bad.evidence()).isEqualTo(reason);
        for (String part : evidence) {
            assertThat(bad.evidence()).contains(part);
        }
    }

    private static String client(Verification found) {
        assertThat(found).isInstanceOf(Verification.Good.class);
        return ((Verification.Good) found).clientId();
    }

    // ---- good ones

    @ParameterizedTest
    @ValueSource(strings = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
    void everyAlgorithmVerifiesByJwkAndByPemAndNoticesAChange(String algorithm) throws GeneralSecurityException {
        Signer signer = Signer.of("k1", algorithm);
        for (Map<String, Object> key : List.of(signer.jwk(), Map.<String, Object>of("pem", signer.pem()))) {
            Provider provider = provider(key, algorithm);
            String token = signer.token(Signer.claims(ISSUER, NOW));
            assertThat(client(verify(token, provider))).isEqualTo("app-1");
            int dot = token.lastIndexOf('.');
            char first = token.charAt(dot + 1);
            String changed = token.substring(0, dot + 1) + (first == 'A' ? 'B' : 'A') + token.substring(dot + 2);
            assertBad(verify(changed, provider), Reason.TOKEN_SIGNATURE);
            assertBad(verify(token.substring(0, dot + 1), provider), Reason.TOKEN_SIGNATURE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"HS256", "HS384", "HS512"})
    void aSharedSecretIsTakenFromPemOrJwk(String algorithm) throws GeneralSecurityException {
        String token = Signer.shared(algorithm, "k1", "s3cr3t".getBytes(StandardCharsets.UTF_8), Signer.claims(ISSUER, NOW));
        assertThat(client(verify(token, provider(Map.of("pem", "s3cr3t"), algorithm)))).isEqualTo("app-1");
        assertThat(client(verify(token, provider(Map.of("kty", "oct", "k", Signer.part("s3cr3t")), algorithm)))).isEqualTo("app-1");
        assertBad(verify(token, provider(Map.of("pem", "another"), algorithm)), Reason.TOKEN_SIGNATURE);
    }

    /// RFC 7515 A.1 and A.3, RFC 8037 A.4: signatures that somebody else made.
    @Test
    void theSignaturesOfTheStandardsVerify() {
        String claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        assertVerifies("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + claims + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                Algorithm.HS256, Map.of("kty", "oct", "k",
                        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"));
        assertVerifies("eyJhbGciOiJFUzI1NiJ9." + claims
                        + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
                Algorithm.ES256, Map.of("kty", "EC", "crv", "P-256", "x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                        "y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"));
        assertVerifies("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
                        + ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
                Algorithm.EDDSA, Map.of("kty", "OKP", "crv", "Ed25519", "x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
    }

    private static void assertVerifies(String token, Algorithm algorithm, Map<String, Object> jwk) {
        KeyReader.Read read = KeyReader.read("k", jwk, KeyReader.Origin.DOCUMENT);
        assertThat(read).isInstanceOf(KeyReader.Read.Good.class);
        VerificationKey key = ((KeyReader.Read.Good) read).key();
        Jws jws = ((Jws.Read.Good) Jws.read(token)).token();
        assertThat(algorithm.unfit(key.key())).isNull();
        assertThat(algorithm.verifies(key.key(), jws.signed(), jws.signature())).isTrue();
        jws.signed()[5]++;
        assertThat(algorithm.verifies(key.key(), jws.signed(), jws.signature())).isFalse();
    }

    @Test
    void theClientIsAClaimAsText() {
        Provider provider = provider(rsa.jwk(), "RS256");
        assertThat(client(verify(token(claims -> claims.put("azp", 4711)), provider))).isEqualTo("4711");
        assertThat(client(verify(token(claims -> claims.put("azp", 12345678901234567L)), provider))).isEqualTo("12345678901234567");
        assertThat(client(verify(token(claims -> claims.put("azp", List.of("first", "second"))), provider))).isEqualTo("first");
        TokenVerifier byDepartment = new TokenVerifier(cache, "dept", 0);
        String token = token(claims -> claims.put("dept", "it"));
        assertThat(client(verify(token, provider))).isEqualTo("app-1");
        assertThat(client(byDepartment.verify(token, provider, NOW * 1000))).isEqualTo("it");
    }

    @Test
    void timeIsComparedToTheMillisecondAndLeewayForgives() {
        String token = token(claims -> claims.put("exp", NOW));
        Provider provider = provider(rsa.jwk(), "RS256");
        TokenVerifier strict = new TokenVerifier(cache, "azp", 0);
        assertThat(client(strict.verify(token, provider, NOW * 1000 - 1))).isEqualTo("app-1");
        assertBad(strict.verify(token, provider, NOW * 1000), Reason.TOKEN_EXPIRED, "expired 0 s ago");
        TokenVerifier lenient = new TokenVerifier(cache, "azp", 5_000);
        assertThat(client(lenient.verify(token, provider, NOW * 1000 + 4_999))).isEqualTo("app-1");
        assertBad(lenient.verify(token, provider, NOW * 1000 + 5_000), Reason.TOKEN_EXPIRED, "leeway is 5 s");
        String early = token(claims -> claims.put("nbf", NOW + 5));
        assertThat(client(lenient.verify(early, provider, NOW * 1000))).isEqualTo("app-1");
        assertBad(strict.verify(early, provider, NOW * 1000), Reason.TOKEN_NOT_YET_VALID, "not valid for another 5 s");
    }

    @Test
    void futureOrMissingIssueTimesAreFine() {
        Provider provider = provider(rsa.jwk(), "RS256");
        assertThat(client(verify(token(claims -> claims.put("iat", NOW + 9999)), provider))).isEqualTo("app-1");
        assertThat(client(verify(token(claims -> claims.remove("iat")), provider))).isEqualTo("app-1");
        assertThat(client(verify(token(claims -> claims.put("typ", "Bearer")), provider))).isEqualTo("app-1");
    }

    // ---- refused ones

    @Test
    void eachClaimThatIsNotRightHasItsReason() {
        assertRefused(token(claims -> claims.put("iss", ISSUER + "/")), Reason.TOKEN_ISSUER,
                "iss is https://issuer.test/realm/, expected https://issuer.test/realm");
        for (String claim : List.of("iss", "sub", "aud", "exp")) {
            assertRefused(token(claims -> claims.remove(claim)), Reason.TOKEN_CLAIM, "claim " + claim + " is missing");
        }
        assertRefused(token(claims -> claims.put("exp", "soon")), Reason.TOKEN_CLAIM, "exp");
        assertRefused(token(claims -> claims.put("exp", NOW - 90)), Reason.TOKEN_EXPIRED, "expired 90 s ago");
        assertRefused(token(claims -> claims.put("nbf", NOW + 4_000)), Reason.TOKEN_NOT_YET_VALID, "another 4000 s");
        assertRefused(token(claims -> claims.put("nbf", "x")), Reason.TOKEN_CLAIM, "nbf");
        assertRefused(token(claims -> claims.put("iat", -1)), Reason.TOKEN_CLAIM, "iat");
        assertRefused(token(claims -> claims.put("typ", "ID")), Reason.TOKEN_TYPE, "typ is ID, expected Bearer");
        assertRefused(token(claims -> claims.remove("azp")), Reason.TOKEN_CLIENT, "azp", "missing");
        assertRefused(token(claims -> claims.put("azp", "")), Reason.TOKEN_CLIENT, "empty");
        assertRefused(token(claims -> claims.put("azp", Map.of("a", 1))), Reason.TOKEN_CLIENT, "no text");
        assertRefused(token(claims -> claims.put("azp", List.of())), Reason.TOKEN_CLIENT, "no text");
    }

    @Test
    void aClockThatDiffersIsToldApartFromATokenThatIsOld() {
        String token = token(claims -> claims.put("exp", NOW - 30));
        assertBad(verify(token, provider(rsa.jwk(), -94_000, "RS256")), Reason.TOKEN_SKEW,
                "expired 30 s ago; the issuer's clock is 94 s behind ours");
        assertBad(verify(token, provider(rsa.jwk(), -10_000, "RS256")), Reason.TOKEN_EXPIRED, "10 s behind ours");
        assertBad(verify(token, provider(rsa.jwk(), 500, "RS256")), Reason.TOKEN_EXPIRED, "expired 30 s ago");
        String early = token(claims -> claims.put("nbf", NOW + 30));
        assertBad(verify(early, provider(rsa.jwk(), 94_000, "RS256")), Reason.TOKEN_SKEW, "94 s ahead of ours");
    }

    @Test
    void whatIsNoTokenIsToldByItsForm() {
        assertRefused("notajwt", Reason.TOKEN_MALFORMED, "1 part");
        assertRefused("a.b.c.d.e", Reason.TOKEN_MALFORMED, "encrypted");
        assertRefused("a.b", Reason.TOKEN_MALFORMED, "2 parts");
        assertRefused("%%%.b.c", Reason.TOKEN_MALFORMED, "header is not base64url");
        assertRefused(Signer.part("[]") + "." + Signer.part("{}") + ".AA", Reason.TOKEN_MALFORMED, "header");
        assertRefused(Signer.part("{}") + "." + Signer.part("{}") + ".AA", Reason.TOKEN_MALFORMED, "no alg");
        assertRefused(rsa.token("{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"b64\"],\"b64\":false}", "{}"), Reason.TOKEN_MALFORMED, "crit");
        assertRefused(rsa.token("{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"k1\"}", "{}"), Reason.TOKEN_MALFORMED, "header");
        assertRefused(rsa.token("{\"alg\":\"RS256\",\"kid\":\"k1\"}", "[1]"), Reason.TOKEN_MALFORMED, "payload");
    }

    @Test
    void hugeAndDeepTokensAreRefusedBeforeTheyCost() {
        assertRefused("a.".repeat(20_000), Reason.TOKEN_MALFORMED, "at most 32768");
        assertRefused(rsa.token("{\"alg\":\"RS256\",\"kid\":\"k1\"}", "{\"a\":" + "[".repeat(5_000) + "]".repeat(5_000) + "}"),
                Reason.TOKEN_MALFORMED, "payload");
        assertRefused(Signer.part("{\"alg\":" + "{\"a\":".repeat(500) + "1" + "}".repeat(500) + "}") + ".AA.AA",
                Reason.TOKEN_MALFORMED, "header");
        assertRefused(rsa.token("{\"alg\":\"RS256\",\"kid\":\"k1\"}", "{\"exp\":1" + "0".repeat(10_000) + "}"), Reason.TOKEN_MALFORMED, "payload");
        assertRefused(token(claims -> claims.put("azp", "x".repeat(513))), Reason.TOKEN_CLIENT, "513 characters");
        String far = token(claims -> claims.put("exp", 1e300));
        assertThat(client(verify(far, provider(rsa.jwk(), "RS256")))).isEqualTo("app-1");
    }

    @Test
    void noAlgorithmAndAnAlgorithmOutsideTheListAreRefused() {
        String good = rsa.token(Signer.claims(ISSUER, NOW));
        for (String none : List.of("none", "None", "NONE", "nOnE")) {
            String unsigned = Signer.part("{\"alg\":\"" + none + "\",\"kid\":\"k1\"}") + good.substring(good.indexOf('.'), good.lastIndexOf('.') + 1);
            assertRefused(unsigned, Reason.TOKEN_ALGORITHM, "alg " + none + " is not accepted (accepted: RS256)");
            assertBad(verify(unsigned, provider(rsa.jwk(), "RS256", none)), Reason.TOKEN_ALGORITHM);
        }
        assertBad(verify(good, provider(rsa.jwk(), "RS512")), Reason.TOKEN_ALGORITHM, "accepted: RS512");
    }

    /// The oldest trick: the public key, which everybody has, as the secret of an HMAC.
    @Test
    void aPublicKeyIsNeverASecret() throws GeneralSecurityException {
        for (byte[] secret : List.of(rsa.pem().getBytes(StandardCharsets.UTF_8), rsa.pem().strip().getBytes(StandardCharsets.UTF_8))) {
            String forged = Signer.shared("HS256", "k1", secret, Signer.claims(ISSUER, NOW));
            assertBad(verify(forged, provider(Map.of("pem", rsa.pem()), "RS256", "HS256")), Reason.TOKEN_KEY_ALGORITHM,
                    "HS256 wants a shared secret, this one is an RSA key");
        }
    }

    @Test
    void aKeyIsForItsOwnAlgorithmOnly() throws GeneralSecurityException {
        Map<String, Object> key = rsa.jwk();
        key.put("alg", "RS512");
        assertBad(verify(rsa.token(Signer.claims(ISSUER, NOW)), provider(key, "RS256", "RS512")), Reason.TOKEN_KEY_ALGORITHM,
                "the token's alg is RS256, key k1 is for RS512");
        Signer p384 = Signer.of("k1", "ES384");
        String token = p384.token(Map.of("alg", "ES256", "kid", "k1"), Signer.claims(ISSUER, NOW));
        assertBad(verify(token, provider(p384.jwk(), "ES256")), Reason.TOKEN_KEY_ALGORITHM, "a curve of 256 bits, this key's has 384");
    }

    @Test
    void aSignatureByAnotherKeyOfTheSameNameIsRefused() {
        assertRefused(other.token(Signer.claims(ISSUER, NOW)), Reason.TOKEN_SIGNATURE, "key k1 (RS256)");
    }

    @Test
    void anUnknownKeyIsTold() {
        Verification found = verify(rsa.token(Map.of("alg", "RS256", "kid", "zz"), Signer.claims(ISSUER, NOW)), provider(rsa.jwk(), "RS256"));
        assertThat(found).isEqualTo(new Verification.UnknownKey("kid zz is not known (known: k1)"));
        assertRefused(rsa.token(Map.of("alg", "RS256"), Signer.claims(ISSUER, NOW)), Reason.TOKEN_KEY_UNKNOWN, "no kid");
    }

    @Test
    void keysThatProveNothingAreLeftOut() {
        KeySet published = KeySet.ofPublished("""
                {"keys":[{"kid":"a","kty":"oct","k":"c2VjcmV0"},{"kid":"b","kty":"EC","crv":"P-256","x":"AQ","y":"AQ"},
                 {"kid":"c","kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"RSA"},{"kid":"d"},{"kid":"e","kty":"OKP","crv":"X25519","x":"AQ"}]}
                """.getBytes(StandardCharsets.UTF_8));
        assertThat(published).isNotNull();
        assertThat(published.size()).isZero();
        assertThat(published.problems()).hasSize(6);
        assertThat(String.join("\n", published.problems())).contains("everybody can read", "no point of P-256", "at least 512 bits", "without kid", "neither kty nor pem", "X25519");
        assertThat(KeySet.ofPublished("{}".getBytes(StandardCharsets.UTF_8))).isNull();
    }

    // ---- the cache

    @Test
    void aTokenCheckedBeforeIsCheckedAgainByAllButItsSignature() {
        String token = rsa.token(Signer.claims(ISSUER, NOW));
        Provider provider = provider(rsa.jwk(), "RS256");
        verify(token, provider);
        assertThat(client(verify(token, provider))).isEqualTo("app-1");
        assertThat(cache.hits()).isEqualTo(1);
        TokenVerifier verifier = new TokenVerifier(cache, "azp", 0);
        assertBad(verifier.verify(token, provider, (NOW + 301) * 1000), Reason.TOKEN_EXPIRED);
        assertThat(verifier.verify(token, new Provider(ISSUER, provider.algorithms(), KeySet.EMPTY, 0), NOW * 1000))
                .as("its key was taken away").isInstanceOf(Verification.UnknownKey.class);
        assertBad(verify(token, provider(other.jwk(), "RS256")), Reason.TOKEN_SIGNATURE);
        assertBad(verify(token, provider(rsa.jwk(), "RS512")), Reason.TOKEN_ALGORITHM);
        assertBad(verify(token, new Provider("https://another", provider.algorithms(), provider.keys(), 0)), Reason.TOKEN_ISSUER);
    }

    @Test
    void theCacheIsBoundedInTokensAndInBytes() {
        TokenCache small = new TokenCache(10, 1 << 20);
        TokenCache light = new TokenCache(1000, 1000);
        Token token = new Token(new VerificationKey("k", new SecretKeySpec(new byte[1], "HMAC"), null), Algorithm.HS256, Map.of(), 100);
        for (int i = 0; i < 1000; i++) {
            small.put(TokenCache.digest("a" + i), token);
            light.put(TokenCache.digest("a" + i), token);
        }
        assertThat(small.size()).isBetween(5, 10);
        assertThat(light.size()).isBetween(5, 10);
        assertThat(small.find(TokenCache.digest("a999"))).isSameAs(token);
        assertThat(small.find(TokenCache.digest("a0"))).isNull();
    }

    @Test
    void whatIsAskedForStaysInTheCache() {
        TokenCache small = new TokenCache(10, 1 << 20);
        Token token = new Token(new VerificationKey("k", new SecretKeySpec(new byte[1], "HMAC"), null), Algorithm.HS256, Map.of(), 1);
        small.put(TokenCache.digest("often"), token);
        for (int i = 0; i < 100; i++) {
            small.put(TokenCache.digest("a" + i), token);
            assertThat(small.find(TokenCache.digest("often"))).isSameAs(token);
        }
    }

    @Test
    void evidenceNeverHoldsTheToken() {
        String token = other.token(Signer.claims(ISSUER, NOW));
        String signature = token.substring(token.lastIndexOf('.') + 1);
        for (String bad : Arrays.asList(token, token + ".x", token.substring(0, token.length() / 2), "x" + token)) {
            Verification found = verify(bad, provider(rsa.jwk(), "RS256"));
            assertThat(found.toString()).doesNotContain(signature.substring(0, 20)).doesNotContain(token.substring(0, 40));
        }
    }
}
