package io.tollkeeper.gateway;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.proxy.OpenIdSettings;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.gateway.jwt.Issuers;
import io.tollkeeper.gateway.jwt.JwtSettings;
import io.tollkeeper.gateway.jwt.Signer;
import io.tollkeeper.testkit.Conversation;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.RudePeer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/// Callers with tokens, end to end: providers that answer, change their keys, are slow, or are gone.
class OpenIdTest {

    private static Signer first;
    private static Signer second;

    private final MemoryMeter meter = new MemoryMeter()
            .product("api", "oauth", List.of("hits"))
            .product("plain", "1", List.of("hits"))
            .application("api", "app-1", "active", "a key that nobody sends")
            .application("plain", "app-1", "active")
            .userKey("plain", "good", "app-1");
    private final FakeProvider provider = new FakeProvider();
    private RudePeer upstream;
    private RudePeer realm;
    private @Nullable RunningGateway gateway;

    @BeforeAll
    static void makeKeys() throws GeneralSecurityException {
        first = Signer.of("k1", "RS256");
        second = Signer.of("k2", "ES256");
    }

    @BeforeEach
    void start() throws IOException {
        upstream = RudePeer.start(Manner.citizen());
        realm = RudePeer.start(provider);
        provider.issuer = "http://127.0.0.1:" + realm.port() + "/realm";
        provider.keys = List.of(first);
    }

    @AfterEach
    void stop() throws IOException {
        if (gateway != null) {
            gateway.close();
        }
        realm.close();
        upstream.close();
    }

    /// Plays a provider: its discovery document and its keys.
    private static final class FakeProvider implements Manner {
        volatile String issuer = "";
        volatile List<Signer> keys = List.of();
        volatile int status = 200;
        volatile String date = "";
        volatile CountDownLatch gate = new CountDownLatch(0);
        final List<String> asked = new CopyOnWriteArrayList<>();

        @Override
        public boolean meet(Conversation with) throws IOException {
            var request = with.readRequest();
            if (request == null) {
                return false;
            }
            asked.add(request.target() + " " + request.header("authorization"));
            try {
                gate.await(10, TimeUnit.SECONDS);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
            boolean discovery = request.target().equals("/realm/.well-known/openid-configuration");
            Map<String, Object> answer = discovery
                    ? Map.of("issuer", issuer, "jwks_uri", issuer + "/jwks", "id_token_signing_alg_values_supported", List.of("none", "RS256", "ES256"))
                    : Map.of("keys", keys.stream().map(Signer::jwk).toList());
            String body = new JsonMapper().writeValueAsString(answer);
            with.write("HTTP/1.1 " + status + " X\r\nContent-Type: " + (discovery ? "application/json; charset=utf-8" : "application/jwk-set+json")
                    + "\r\n" + date + "Content-Length: " + body.length() + "\r\n\r\n" + body);
            return true;
        }

        long jwksAsked() {
            return asked.stream().filter(target -> target.startsWith("/realm/jwks")).count();
        }
    }

    private RunningGateway gateway(JwtSettings settings, OpenIdSettings openId) throws IOException {
        ProxyConfig plain = RunningGateway.product("http://127.0.0.1:" + upstream.port(), shape -> shape.id("plain").hosts("plain.test"));
        RunningGateway started = RunningGateway.over(meter).jwt(settings).products(product(openId), plain).start();
        gateway = started;
        return started;
    }

    private ProxyConfig product(OpenIdSettings openId) {
        return RunningGateway.product("http://127.0.0.1:" + upstream.port(), shape -> shape.openId(openId));
    }

    private RunningGateway discovering() throws IOException {
        return gateway(JwtSettings.DEFAULT, discovery());
    }

    private OpenIdSettings discovery() {
        return new OpenIdSettings("http://client:se%40cret@127.0.0.1:" + realm.port() + "/realm", "azp", false, null);
    }

    private Map<String, Object> claims() {
        return Signer.claims(provider.issuer, System.currentTimeMillis() / 1000);
    }

    private static String bearer(String token) {
        return "Authorization: Bearer " + token;
    }

    private static void assertRefused(RunningGateway gateway, RawAnswer answer, Reason reason, String... evidence) {
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.text()).isEqualTo("Authentication failed");
        FlightRecord record = gateway.record(answer);
        assertThat(record.reason()).as(record.evidence()).isEqualTo(reason);
        for (String part : evidence) {
            assertThat(record.evidence()).contains(part);
        }
    }

    private static void awaitKeys(RunningGateway gateway, int keys) {
        Eventually.holds("the provider's keys are known",
                () -> gateway.gateway().issuers().stream().anyMatch(report -> report.keys() == keys && report.error().isEmpty()));
    }

    @Test
    void aTokenOfADiscoveredProviderStandsForItsApplication() throws IOException {
        RunningGateway gateway = discovering();
        String token = first.token(claims());
        RawAnswer answer = gateway.get("/a", bearer(token));
        assertThat(answer.status()).isEqualTo(200);
        FlightRecord record = gateway.record(answer);
        assertThat(record.applicationId()).isEqualTo("app-1");
        assertThat(meter.counted("api", "app-1", 0)).isEqualTo(1);
        assertThat(upstream.lastRequest().header("authorization")).isEqualTo("Bearer " + token);
        String basic = "Basic " + Base64.getEncoder().encodeToString("client:se%40cret".getBytes(StandardCharsets.US_ASCII));
        assertThat(provider.asked).containsExactly("/realm/.well-known/openid-configuration " + basic, "/realm/jwks null");
        assertThat(gateway.get("/a", bearer(token)).status()).isEqualTo(200);
        assertThat(gateway.metrics()).contains("tollkeeper_jwt_cache_hits_total 1", "tollkeeper_openid_providers_failing 0");
        assertThat(provider.jwksAsked()).isEqualTo(1);
    }

    @Test
    void theTokenIsTakenFromItsHeaderOrFromBearerInThatLetterCase() throws IOException {
        RunningGateway gateway = discovering();
        String token = first.token(claims());
        assertThat(gateway.get("/a", "access-token: " + token).status()).isEqualTo(200);
        assertThat(gateway.get("/a", "Authorization: Bearer  " + token).status()).isEqualTo(200);
        RawAnswer missing = gateway.get("/a?access_token=" + token, "Authorization: bearer " + token);
        assertThat(missing.status()).isEqualTo(401);
        assertThat(gateway.record(missing).reason()).isEqualTo(Reason.NO_CREDENTIALS);
        assertThat(gateway.record(missing).evidence()).contains("access_token in the headers, and for Authorization: Bearer")
                .doesNotContain(token);
        assertThat(gateway.logLine(String.valueOf(missing.header("x-request-id")))).doesNotContain(token.substring(20));
    }

    @Test
    void aBadTokenIsRefusedBeforeAMissingRuleAndAGoodOneAfterIt() throws IOException {
        ProxyConfig ruled = product(discovery()).toBuilder().rules(List.of(new MappingRule("GET", "/a", List.of(), "hits", 1, false))).build();
        RunningGateway started = RunningGateway.over(meter).products(ruled).start();
        gateway = started;
        assertRefused(started, started.get("/b", bearer("nonsense")), Reason.TOKEN_MALFORMED);
        assertThat(started.get("/b", bearer(first.token(claims()))).status()).isEqualTo(404);
        assertThat(started.get("/b").status()).isEqualTo(401);
    }

    @Test
    void aTokenWithoutTheClientClaimNeverReachesTheMeter() throws IOException {
        RunningGateway gateway = discovering();
        Map<String, Object> claims = claims();
        claims.remove("azp");
        assertRefused(gateway, gateway.get("/a", bearer(first.token(claims))), Reason.TOKEN_CLIENT, "azp");
        assertThat(meter.loads.get()).isZero();
    }

    @Test
    void aNewKeyIsFetchedWhenATokenNamesItAndOnlyOnceInAWhile() throws Exception {
        RunningGateway gateway = discovering();
        awaitKeys(gateway, 1);
        assertThat(gateway.get("/a", bearer(first.token(claims()))).status()).isEqualTo(200);
        // Issuers are asked at most every ten seconds: a token of an unknown key right after the start is refused at once.
        assertRefused(gateway, gateway.get("/a", bearer(second.token(claims()))), Reason.TOKEN_KEY_UNKNOWN, "k2", "known: k1", "fetched");
        assertThat(provider.jwksAsked()).isEqualTo(1);
    }

    @Test
    void callsWithANewKeyWaitForItTogether() throws Exception {
        MovableClock clock = new MovableClock();
        RunningGateway started = RunningGateway.over(meter).clock(clock).products(product(discovery())).start();
        gateway = started;
        awaitKeys(started, 1);
        clock.ahead(Duration.ofSeconds(11));
        provider.keys = List.of(first, second);
        provider.gate = new CountDownLatch(1);
        String token = second.token(Signer.claims(provider.issuer, clock.millis() / 1000));
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            RawClient client = started.client();
            clients.add(client.send("GET /a HTTP/1.1\r\nHost: api.test\r\n" + bearer(token) + "\r\n\r\n"));
        }
        Eventually.holds("the provider is asked anew", () -> provider.asked.size() == 3);
        assertThat(started.get("/a", bearer(first.token(Signer.claims(provider.issuer, clock.millis() / 1000)))).status())
                .as("tokens of known keys pass meanwhile").isEqualTo(200);
        provider.gate.countDown();
        for (RawClient client : clients) {
            assertThat(client.answer().status()).isEqualTo(200);
            client.close();
        }
        assertThat(provider.jwksAsked()).isEqualTo(2);
        provider.keys = List.of(second);
        clock.ahead(Duration.ofSeconds(400));
        Eventually.holds("keys are fetched from time to time", () -> provider.jwksAsked() >= 3);
        awaitKeys(started, 1);
        assertRefused(started, started.get("/a", bearer(first.token(Signer.claims(provider.issuer, clock.millis() / 1000)))),
                Reason.TOKEN_KEY_UNKNOWN, "k1", "known: k2");
    }

    @Test
    void anUnreachableProviderIsNoBadTokenAndHurtsNobodyElse() throws IOException {
        provider.status = 503;
        RunningGateway gateway = discovering();
        RawAnswer answer = gateway.get("/a", bearer(first.token(claims())));
        assertRefused(gateway, answer, Reason.ISSUER_UNREACHABLE, "answered status 503");
        assertThat(answer.header("proxy-status")).isEqualTo("tollkeeper; error=destination_unavailable");
        assertThat(gateway.record(answer).evidence()).doesNotContain("cret");
        assertThat(gateway.ask("GET /a?user_key=good HTTP/1.1\r\nHost: plain.test\r\n\r\n").status()).isEqualTo(200);
        assertThat(gateway.gateway().issuers()).singleElement().satisfies(report -> {
            assertThat(report.error()).contains("status 503");
            assertThat(report.issuer()).isEqualTo("http://127.0.0.1:" + realm.port() + "/realm");
        });
        assertThat(gateway.metrics()).contains("tollkeeper_openid_providers_failing 1", "tollkeeper_openid_providers_without_keys 1");
        provider.status = 200;
        awaitKeys(gateway, 1); // asked again by itself
        assertThat(gateway.get("/a", bearer(first.token(claims()))).status()).isEqualTo(200);
    }

    @Test
    void aSlowProviderDelaysNeitherTheStartNorOthers() throws Exception {
        provider.gate = new CountDownLatch(1);
        RunningGateway gateway = discovering();
        try (RawClient waiting = gateway.client()) {
            waiting.send("GET /a HTTP/1.1\r\nHost: api.test\r\n" + bearer(first.token(claims())) + "\r\n\r\n");
            assertThat(gateway.ask("GET /a?user_key=good HTTP/1.1\r\nHost: plain.test\r\n\r\n").status()).isEqualTo(200);
            Eventually.holds("the provider is asked", () -> !provider.asked.isEmpty());
            provider.gate.countDown();
            assertThat(waiting.answer().status()).isEqualTo(200);
        }
    }

    @Test
    void theLastGoodKeysServeWhileTheProviderIsAway() throws Exception {
        MovableClock clock = new MovableClock();
        RunningGateway started = RunningGateway.over(meter).clock(clock).products(product(discovery())).start();
        gateway = started;
        awaitKeys(started, 1);
        provider.status = 500;
        clock.ahead(Duration.ofSeconds(301));
        Eventually.holds("the failure is seen", () -> started.gateway().issuers().stream().anyMatch(report -> report.error().contains("status 500")));
        assertThat(started.get("/a", bearer(first.token(Signer.claims(provider.issuer, clock.millis() / 1000)))).status()).isEqualTo(200);
    }

    @Test
    void aProvidersWrongClockIsNamed() throws IOException {
        provider.date = "Date: Fri, 01 Jan 2010 00:00:00 GMT\r\n";
        RunningGateway gateway = discovering();
        Map<String, Object> claims = claims();
        claims.put("exp", System.currentTimeMillis() / 1000 - 20);
        assertRefused(gateway, gateway.get("/a", bearer(first.token(claims))), Reason.TOKEN_SKEW, "expired", "behind ours");
    }

    @Test
    void keysOfTheDocumentNeedNoProvider() throws IOException {
        var given = new OpenIdSettings.Provider("https://elsewhere.test", List.of("RS256"), Map.of("k1", Map.of("pem", first.pem(), "alg", "RS256")));
        RunningGateway gateway = gateway(JwtSettings.DEFAULT, new OpenIdSettings("http://127.0.0.1:1/realm", "azp", false, given));
        provider.issuer = "https://elsewhere.test";
        assertThat(gateway.get("/a", bearer(first.token(claims()))).status()).isEqualTo(200);
        assertRefused(gateway, gateway.get("/a", bearer(second.token(claims()))), Reason.TOKEN_ALGORITHM);
        assertThat(gateway.gateway().issuers()).isEmpty();
    }

    @Test
    void aProductWithoutAnyProviderRefusesWithThatReason() throws IOException {
        RunningGateway gateway = gateway(JwtSettings.DEFAULT, new OpenIdSettings(null, "azp", false, null));
        assertRefused(gateway, gateway.get("/a", bearer(first.token(claims()))), Reason.ISSUER_MISSING);
    }

    @Test
    void providersThatNoProductNamesAreForgotten() throws IOException {
        RunningGateway gateway = discovering();
        assertThat(gateway.gateway().issuers()).extracting(Issuers.Report::issuer).hasSize(1);
        gateway.gateway().apply(List.of());
        assertThat(gateway.gateway().issuers()).isEmpty();
    }

    @Test
    void aTemplateAsClaimIsAnErrorOfItsProduct() throws IOException {
        RunningGateway gateway = discovering();
        var findings = gateway.gateway().check(List.of(product(new OpenIdSettings("http://127.0.0.1/r", "{{ aud | first }}", true, null))));
        assertThat(findings).singleElement().satisfies(finding -> {
            assertThat(finding.isError()).isTrue();
            assertThat(finding.text()).contains("jwt_claim_with_client_id_type", "liquid");
        });
    }
}
