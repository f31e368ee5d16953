package io.tollkeeper.gateway;

import java.io.IOException;
import java.util.List;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.proxy.ErrorAnswer;
import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/// Every refusal: status, text, headers, the JSON form, what the record holds, and that nothing reached the upstream.
class RefusalTest {

    private static RudePeer upstream;
    private static RunningGateway gateway;

    @BeforeAll
    static void start() throws IOException {
        upstream = RudePeer.start(Manner.citizen());
        MemoryMeter meter = new MemoryMeter()
                .product("api", "1", List.of("hits", "zero"),
                        MemoryMeter.limit("hits", Period.DAY, 2), MemoryMeter.limit("zero", Period.DAY, 0))
                .application("api", "app", "active")
                .application("api", "sleeper", "suspended")
                .application("api", "spender", "active")
                .userKey("api", "good", "app")
                .userKey("api", "asleep", "sleeper")
                .userKey("api", "spend", "spender")
                .product("own", "1", List.of("hits"))
                .product("none", "1", List.of("hits"))
                .application("none", "app", "active")
                .userKey("none", "good", "app");
        String url = "http://127.0.0.1:" + upstream.port();
        gateway = RunningGateway.over(meter)
                .products(
                        RunningGateway.product(url, p -> p.rules(
                                new MappingRule("GET", "/v1/", List.of(), "hits", 1, false),
                                new MappingRule("GET", "/zero", List.of(), "zero", 1, false),
                                new MappingRule("GET", "/nil", List.of(), "hits", 0, false),
                                new MappingRule("GET", "/strange", List.of(), "unheard_of", 1, false))),
                        RunningGateway.product(url, p -> p.id("own").hosts("own.test")
                                .authMissing(new ErrorAnswer(499, "application/json", "{\"no\":\"key\"}"))),
                        RunningGateway.product(url, p -> p.id("none").hosts("none.test").noUpstream()))
                .start();
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = true, textBlock = """
            api.test     | GET   | /v1/a                    | 401 | A-NO-CREDENTIALS  | Authentication parameters missing
            api.test     | GET   | /v1/a?user_key=wrong     | 403 | A-KEY-UNKNOWN     | Authentication failed
            api.test     | GET   | /v1/a?user_key=asleep    | 403 | A-APP-NOT-ACTIVE  | Authentication failed
            api.test     | GET   | /v2/a?user_key=good      | 404 | R-NO-MAPPING-RULE | No Mapping Rule matched
            api.test     | PUT   | /v1/a?user_key=good      | 404 | R-NO-MAPPING-RULE | No Mapping Rule matched
            api.test     | GET   | /nil?user_key=good       | 404 | R-NO-MAPPING-RULE | No Mapping Rule matched
            api.test     | GET   | /zero?user_key=good      | 403 | L-LIMIT           | Authentication failed
            api.test     | GET   | /strange?user_key=good   | 403 | L-METRIC-UNKNOWN  | Authentication failed
            api.test     | GET   | /../v1/a?user_key=good   | 400 | C-MALFORMED       | The request is not valid HTTP.
            api.test     | GET   | /v1/%00?user_key=good    | 400 | C-MALFORMED       | The request is not valid HTTP.
            api.test     | GET   | /v1/%zz?user_key=good    | 400 | C-MALFORMED       | The request is not valid HTTP.
            api.test     | TRACE | /v1/a?user_key=good      | 405 | R-METHOD          | This method is not allowed.
            unknown.test | GET   | /v1/a?user_key=good      | 404 | R-NO-HOST         | ''
            sub.api.test | GET   | /v1/a?user_key=good      | 404 | R-NO-HOST         | ''
            own.test     | GET   | /v1/a                    | 499 | A-NO-CREDENTIALS  | {"no":"key"}
            none.test    | GET   | /v1/a?user_key=good      | 404 | R-NO-UPSTREAM     | ''
            """)
    void aRefusalHasItsStatusTextAndReason(String host, String method, String target, int status, String code, String text)
            throws IOException {
        long before = upstream.received();
        RawAnswer answer = gateway.ask(method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.text().strip()).isEqualTo(text);
        Reason reason = Reason.ofCode(code);
        assertThat(reason).as(code).isNotNull();
        assertThat(answer.header("proxy-status"))
                .isEqualTo("tollkeeper" + (reason.proxyError() == null ? "" : "; error=" + reason.proxyError()));
        assertThat(answer.header("server")).isEqualTo("tollkeeper");
        FlightRecord record = gateway.record(answer);
        assertThat(record.reason()).isEqualTo(reason);
        assertThat(record.evidence()).isNotBlank();
        assertThat(record.statusSent()).isEqualTo(status);
        assertThat(gateway.logLine(record.id().toString())).contains("\"reason\":\"" + code + "\"").contains("\"status\":" + status);
        assertThat(upstream.received()).isEqualTo(before);
    }

    @Test
    void problemDetailsAreGivenToThoseWhoAcceptThem() throws IOException {
        RawAnswer answer = gateway.get("/v1/a", "Accept: text/html, application/problem+json;q=0.9");
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("content-type")).isEqualTo("application/problem+json");
        JsonNode problem = JsonMapper.shared().readTree(answer.text());
        assertThat(problem.get("type").asString()).isEqualTo("urn:tollkeeper:reason:A-NO-CREDENTIALS");
        assertThat(problem.get("title").asString()).isEqualTo("Authentication parameters missing.");
        assertThat(problem.get("status").asInt()).isEqualTo(401);
        assertThat(problem.get("detail").asString()).isEqualTo("Authentication parameters missing");
        assertThat(problem.get("instance").asString()).isEqualTo("urn:tollkeeper:request:" + answer.header("x-request-id"));
        assertThat(problem.get("code").asString()).isEqualTo("A-NO-CREDENTIALS");
    }

    @Test
    void problemDetailsQuoteAConfiguredText() throws IOException {
        RawAnswer answer = gateway.ask(
                "GET /a HTTP/1.1\r\nHost: own.test\r\nAccept: application/problem+json\r\n\r\n");
        assertThat(JsonMapper.shared().readTree(answer.text()).get("detail").asString()).isEqualTo("{\"no\":\"key\"}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Accept: application/json
            Accept: */*
            Accept: application/problem+json;q=0
            Accept: application/problem+json; q=0.0, text/plain
            """)
    void othersGetTheConfiguredText(String accept) throws IOException {
        RawAnswer answer = gateway.get("/v1/a", accept);
        assertThat(answer.header("content-type")).isEqualTo("text/plain; charset=utf-8");
        assertThat(answer.text()).isEqualTo("Authentication parameters missing");
    }

    @Test
    void aLimitTellsWhenItStartsAnew() throws IOException {
        assertThat(gateway.get("/v1/a?user_key=spend").status()).isEqualTo(200);
        assertThat(gateway.get("/v1/a?user_key=spend").status()).isEqualTo(200);
        RawAnswer answer = gateway.get("/v1/a?user_key=spend");
        assertThat(answer.status()).isEqualTo(429);
        assertThat(answer.text()).isEqualTo("Limits exceeded");
        assertThat(answer.header("ratelimit-limit")).isEqualTo("2");
        assertThat(answer.header("ratelimit-remaining")).isEqualTo("0");
        assertThat(Long.parseLong(String.valueOf(answer.header("retry-after")))).isBetween(1L, 86_400L);
        assertThat(answer.header("ratelimit-reset")).isEqualTo(answer.header("retry-after"));
        FlightRecord record = gateway.record(answer);
        assertThat(record.reason()).isEqualTo(Reason.LIMIT);
        assertThat(record.limitMetric()).isEqualTo("hits");
        assertThat(record.limitPeriod()).isEqualTo(Period.DAY);
        assertThat(record.limitMax()).isEqualTo(2);
        assertThat(record.limitValue()).isEqualTo(2);
        assertThat(record.limitAsked()).isEqualTo(1);
    }

    @Test
    void aRefusedConnectionGoesOnWithTheNextRequest() throws IOException {
        try (RawClient client = gateway.client()) {
            client.send("GET /v1/a HTTP/1.1\r\nHost: api.test\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(401);
            client.send("GET /v1/a?user_key=good HTTP/1.1\r\nHost: api.test\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(200);
        }
    }

    @Test
    void anExpectedBodyIsNotAskedForWhenTheRequestIsRefused() throws IOException {
        try (RawClient client = gateway.client()) {
            client.send("POST /v1/a HTTP/1.1\r\nHost: api.test\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
            RawAnswer answer = client.answer();
            assertThat(answer.interim()).isEmpty();
            assertThat(answer.status()).isEqualTo(401);
        }
    }

    @Test
    void aHeadRequestIsRefusedWithoutABody() throws IOException {
        RawAnswer answer = gateway.ask("HEAD /v1/a HTTP/1.1\r\nHost: api.test\r\n\r\n");
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.bodyLength()).isZero();
    }

    @Test
    void theEvidenceOfAnUnknownHostNamesTheNearest() throws IOException {
        RawAnswer answer = gateway.ask("GET / HTTP/1.1\r\nHost: apl.test\r\n\r\n");
        assertThat(gateway.record(answer).evidence()).isEqualTo("host apl.test belongs to no product; nearest is api.test");
        assertThat(answer.rawText()).doesNotContain("api.test");
    }

    @Test
    void aHostIsFoundInAnyLetterCaseWithPortAndInAbsoluteForm() throws IOException {
        assertThat(gateway.ask("GET /v1/a HTTP/1.1\r\nHost: API.Test:8443\r\n\r\n").status()).isEqualTo(401);
        assertThat(gateway.ask("GET http://api.test/v1/a HTTP/1.1\r\nHost: unknown.test\r\n\r\n").status()).isEqualTo(401);
        assertThat(gateway.ask("GET /v1/a HTTP/1.0\r\n\r\n").status()).isEqualTo(404);
    }
}
