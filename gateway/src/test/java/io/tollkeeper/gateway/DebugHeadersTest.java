package io.tollkeeper.gateway;

import java.io.IOException;
import java.util.List;

import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.proxy.MappingRule.QueryCondition;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// Section 9 of the gateway specification: what an answer tells to whoever knows the service token.
class DebugHeadersTest {

    private static final String DEBUG = "X-3scale-debug: svc-token";

    private final MemoryMeter meter = new MemoryMeter()
            .product("api", "1", List.of("hits", "a_calls", "one"), MemoryMeter.limit("one", Period.ETERNITY, 1))
            .application("api", "app-1", "active")
            .userKey("api", "good key", "app-1");
    private RudePeer upstream;
    private RunningGateway gateway;

    @BeforeEach
    void start() throws IOException {
        upstream = RudePeer.start(Manner.citizen());
        gateway = RunningGateway.over(meter).products(RunningGateway.product("http://127.0.0.1:" + upstream.port(), shape -> shape.rules(
                new MappingRule("GET", "/", List.of(), "hits", 1, false),
                new MappingRule("GET", "/a?x={x}", List.of(new QueryCondition("x", "{x}")), "a_calls", 3, false),
                new MappingRule("GET", "/a/{id}", List.of(), "one", 1, false),
                new MappingRule("POST", "/b$", List.of(), "hits", 1, false)))).start();
    }

    @AfterEach
    void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    @Test
    void anAnswerTellsRulesCredentialsUsageAndProduct() throws IOException {
        RawAnswer answer = gateway.get("/a/7?x=1&user_key=good%20key", DEBUG);
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.header("x-3scale-credentials")).isEqualTo("user_key=good%2520key");
        assertThat(answer.header("x-3scale-matched-rules")).isEqualTo("/, /a?x={x}, /a/{id}");
        assertThat(answer.header("x-3scale-usage")).isEqualTo("usage%5Ba_calls%5D=3&usage%5Bhits%5D=1&usage%5Bone%5D=1");
        assertThat(answer.header("x-3scale-service-id")).isEqualTo("api");
        assertThat(answer.header("x-3scale-service-name")).isEqualTo("name of api");
        assertThat(answer.header("x-3scale-hostname")).isNotBlank();
        assertThat(answer.header("x-3scale-reason")).isEqualTo("A-KEY-UNKNOWN");
    }

    @Test
    void withoutTheRightValueNothingIsTold() throws IOException {
        for (String header : List.of("X-3scale-debug: svc-toke", "X-3scale-debug: SVC-TOKEN", "X-3scale-debug:", "X-Other: svc-token")) {
            RawAnswer answer = gateway.get("/nothing?user_key=none", header);
            assertThat(answer.text()).isEqualTo("Authentication failed");
            assertThat(answer.header("x-3scale-service-id")).isNull();
            assertThat(answer.header("x-3scale-reason")).isNull();
        }
    }

    @Test
    void aRequestThatNoRuleMatchesIsToldWhatWasTried() throws IOException {
        RawAnswer answer = gateway.ask("POST /x/../a//q?user_key=none HTTP/1.1\r\nHost: api.test\r\nContent-Length: 0\r\n" + DEBUG + "\r\n\r\n");
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.header("x-3scale-method")).isEqualTo("POST");
        assertThat(answer.header("x-3scale-path")).isEqualTo("/a/q");
        assertThat(answer.header("x-3scale-rules-tried")).isEqualTo("GET / (method), GET /a?x={x} (method), GET /a/{id} (method), POST /b$ (path)");
        assertThat(answer.header("x-3scale-reason")).isEqualTo("R-NO-MAPPING-RULE");
        assertThat(answer.header("x-3scale-evidence")).contains("matches the path but not the method");
        assertThat(answer.header("x-3scale-usage")).isNull();
        assertThat(upstream.received()).isZero();
    }

    @Test
    void missingCredentialsAreToldWhereTheyWereLookedFor() throws IOException {
        RawAnswer answer = gateway.get("/a/7", DEBUG);
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("x-3scale-evidence")).startsWith("looked for user_key in the query");
        assertThat(answer.header("x-3scale-matched-rules")).isNull();
    }

    @Test
    void theUpstreamNeverSeesTheTokenAndAnswersCarryTheReport() throws IOException {
        String good = "/a/7?user_key=ok";
        meter.userKey("api", "ok", "app-1");
        RawAnswer answer = gateway.get(good, DEBUG);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("x-3scale-credentials")).isEqualTo("user_key=ok");
        assertThat(answer.header("x-3scale-reason")).isNull();
        assertThat(upstream.lastRequest().header("x-3scale-debug")).isNull();
        RawAnswer limited = gateway.get(good, DEBUG);
        assertThat(limited.status()).isEqualTo(429);
        assertThat(limited.header("x-3scale-usage")).isEqualTo("usage%5Bhits%5D=1&usage%5Bone%5D=1");
        assertThat(limited.header("x-3scale-reason")).isEqualTo("L-LIMIT");
    }
}
