package io.tollkeeper.gateway;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;

import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.flight.FlightRecord.DecidedBy;
import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.proxy.PolicySpec;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.verdict.VerdictRules;
import io.tollkeeper.gateway.RunningGateway.Shape;
import io.tollkeeper.gateway.exchange.Caching;
import io.tollkeeper.gateway.meter.RemoteMeterSettings;
import io.tollkeeper.gateway.meter.RemoteMeterSettings.FirstCall;
import io.tollkeeper.gateway.meter.RemoteMeterSettings.UnreachableStatus;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.RefusingPort;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/// A meter over HTTP: what it is asked, what is remembered, what clients are told when it fails. Every request comes on a
/// connection of its own, so they land on two event loops.
class RemoteMeterTest {

    private final MeterStub meter = new MeterStub();
    private RudePeer upstream;
    private RudePeer peer;

    @BeforeEach
    void start() {
        upstream = RudePeer.start(Manner.citizen());
        peer = RudePeer.start(meter);
    }

    @AfterEach
    void stop() throws IOException {
        peer.close();
        upstream.close();
    }

    private RunningGateway gateway(RemoteMeterSettings settings, UnaryOperator<Shape> change) throws IOException {
        return RunningGateway.remote(settings)
                .products(RunningGateway.product("http://127.0.0.1:" + upstream.port(),
                        p -> change.apply(p.backend("http://127.0.0.1:" + peer.port() + "/base//path/", "meter.test"))))
                .start();
    }

    private RunningGateway gateway() throws IOException {
        return gateway(RemoteMeterSettings.DEFAULT, p -> p);
    }

    private static PolicySpec caching(String type) {
        return new PolicySpec("caching", Map.of("caching_type", type));
    }

    /// A call, and until what it owes to the meter has arrived there.
    private RawAnswer get(RunningGateway gateway, String key, int asked) throws IOException {
        RawAnswer answer = gateway.get("/a?user_key=" + key);
        Eventually.value("calls of the meter", meter::count, count -> count == asked);
        return answer;
    }

    @Test
    void theFirstCallAsksAndTheNextAreReportedAfterTheirAnswer() throws IOException {
        try (RunningGateway gateway = gateway()) {
            assertThat(get(gateway, "k1", 1).status()).isEqualTo(200);
            MeterStub.Asked first = meter.last();
            assertThat(first.method()).isEqualTo("GET");
            assertThat(first.path()).isEqualTo("/base/path/transactions/authrep.xml");
            assertThat(first.query()).isEqualTo(
                    Map.of("service_token", "svc-token", "service_id", "api", "user_key", "k1", "usage[hits]", "1"));
            assertThat(first.request().header("host")).isEqualTo("meter.test");
            assertThat(first.request().header("3scale-options"))
                    .isEqualTo("rejection_reason_header=1&limit_headers=1&no_body=1");
            RawAnswer second = get(gateway, "k1", 2);
            assertThat(second.status()).isEqualTo(200);
            assertThat(meter.last().query()).isEqualTo(first.query());
            assertThat(gateway.record(second).decidedBy()).isEqualTo(DecidedBy.CACHE);
            assertThat(VerdictRules.explain(gateway.record(second)).evidence())
                    .anyMatch(line -> line.contains("was not asked before"));
            assertThat(gateway.metrics())
                    .contains("threescale_backend_calls{endpoint=\"authrep\",status=\"2xx\"} 2\n")
                    .contains("tollkeeper_auth_cache_total{result=\"hit\"} 1\n");
        }
    }

    @Test
    void aClientNeverWaitsForItsReport() throws IOException {
        try (RunningGateway gateway = gateway()) {
            get(gateway, "k1", 1);
            meter.gate = new CountDownLatch(1);
            try (RawClient client = gateway.client()) {
                for (int i = 0; i < 5; i++) {
                    client.send("GET /a?user_key=k1 HTTP/1.1\r\nHost: api.test\r\n\r\n");
                    assertThat(client.answer().status()).isEqualTo(200);
                }
            }
            meter.gate.countDown();
            Eventually.value("reports", meter::count, count -> count == 6);
        }
    }

    @Test
    void aDecisionIsRememberedPerUseAndTheOrderOfRulesDoesNotMatter() throws IOException {
        try (RunningGateway gateway = gateway(RemoteMeterSettings.DEFAULT, p -> p.rules(
                new MappingRule("GET", "/b", List.of(), "writes", 2, false),
                new MappingRule("GET", "/", List.of(), "hits", 1, false),
                new MappingRule("GET", "/c", List.of(), "a & b", 1, false)))) {
            gateway.get("/b/c?user_key=k");
            gateway.get("/c?user_key=k");
            Eventually.value("calls of the meter", meter::count, count -> count == 2);
            assertThat(meter.asked().getFirst().request().target()).endsWith("&usage%5Bhits%5D=1&usage%5Bwrites%5D=2");
            assertThat(meter.last().query()).containsEntry("usage[a & b]", "1");
            assertThat(gateway.metrics()).contains("tollkeeper_auth_cache_total{result=\"miss\"} 2\n");
        }
    }

    @Test
    void credentialsAreEncoded() throws IOException {
        try (RunningGateway gateway = gateway()) {
            gateway.get("/a?user_key=k%26service_id%3D9");
            gateway.get("/a?user_key=k;x+y");
            Eventually.value("calls of the meter", meter::count, count -> count == 2);
            assertThat(meter.asked().getFirst().query()).containsEntry("user_key", "k%26service_id%3D9").containsEntry("service_id", "api");
            assertThat(meter.last().query()).containsEntry("user_key", "k;x+y");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "bad, 403, A-KEY-UNKNOWN",
        "token, 403, S-TOKEN",
        "mute, 403, A-DENIED",
        "limits, 429, L-LIMIT",
        "off, 403, L-LIMIT",
        "gone, 403, A-APP-UNKNOWN",
        "err, 403, S-STATUS",
        "drop, 403, S-CLOSED",
        "garbage, 403, S-PROTOCOL",
        "short, 403, A-DENIED",
    })
    void eachAnswerOfTheMeterHasItsStatusAndReason(String key, int status, String reason) throws IOException {
        try (RunningGateway gateway = gateway()) {
            RawAnswer answer = get(gateway, key, 1);
            assertThat(answer.status()).isEqualTo(status);
            assertThat(gateway.record(answer).reason()).isEqualTo(Reason.ofCode(reason));
            assertThat(answer.header("proxy-status")).isEqualTo(
                    "tollkeeper; error=" + (reason.startsWith("S-") && !reason.equals("S-TOKEN") ? "destination_unavailable" : "http_request_denied"));
            assertThat(answer.text()).isEqualTo(status == 429 ? "Limits exceeded" : "Authentication failed");
            assertThat(upstream.received()).isZero();
        }
    }

    @Test
    void aBrokenLimitTellsWhenToComeBack() throws IOException {
        try (RunningGateway gateway = gateway()) {
            RawAnswer answer = get(gateway, "limits", 1);
            assertThat(answer.header("retry-after")).isEqualTo("17");
            assertThat(answer.header("ratelimit-limit")).isEqualTo("10");
            assertThat(answer.header("ratelimit-remaining")).isEqualTo("0");
            assertThat(answer.header("ratelimit-reset")).isEqualTo("17");
            assertThat(get(gateway, "off", 2).header("retry-after")).isNull();
        }
    }

    @Test
    void aRefusalWithoutACodeIsTheKeysOnceTheMeterKnewTheToken() throws IOException {
        try (RunningGateway gateway = gateway()) {
            get(gateway, "good", 1);
            assertThat(gateway.record(get(gateway, "mute", 2)).reason()).isEqualTo(Reason.USER_KEY_INVALID);
        }
    }

    @Test
    void withApplicationIdsA403IsTheToken() throws IOException {
        try (RunningGateway gateway = gateway(RemoteMeterSettings.DEFAULT, p -> p.mode(AuthenticationMode.APP_ID))) {
            RawAnswer answer = gateway.get("/a?app_id=mute&app_key=s%20x");
            assertThat(gateway.record(answer).reason()).isEqualTo(Reason.METER_TOKEN);
            assertThat(meter.last().query()).containsEntry("app_id", "mute").containsEntry("app_key", "s%20x");
        }
    }

    @ParameterizedTest
    @CsvSource({
        // caching, then what the second and third call of a key get whose first was let in, then a new key in an outage
        "strict, 403, 200, 403, 403",
        "strict, err, 200, 403, 403",
        "resilient, 403, 200, 403, 403",
        "resilient, err, 200, 200, 403",
        "resilient, drop, 200, 200, 403",
        "allow, err, 200, 200, 200",
        "allow, 403, 200, 403, 200",
        "none, err, 403, 403, 403",
        "none, drop, 403, 403, 403",
    })
    void decisionsAreRememberedAsTheCachingSays(String caching, String then, int second, int third, int unseen)
            throws IOException {
        String key = "flip" + (then.equals("403") ? "bad" : then);
        try (RunningGateway gateway =
                gateway(RemoteMeterSettings.DEFAULT, p -> p.policies(PolicySpec.APICAST, caching(caching)))) {
            assertThat(get(gateway, key, 1).status()).isEqualTo(200);
            assertThat(get(gateway, key, 2).status()).isEqualTo(second);
            // what the report found out must be known before the next call
            Eventually.passes(() -> assertThat(gateway.metrics()).containsPattern("endpoint=\"authrep\",status=\"(4xx|5xx|invalid_status)\"} 1\n"));
            assertThat(get(gateway, key, 3).status()).isEqualTo(third);
            assertThat(get(gateway, "err-new", 4).status()).isEqualTo(unseen);
        }
    }

    @Test
    void theEnvironmentsHandlerCountsWithoutAPolicyAndAGoodDecisionSurvivesAnOutage() throws IOException {
        try (RunningGateway gateway = gateway(RemoteMeterSettings.DEFAULT.caching(Caching.RESILIENT), p -> p)) {
            get(gateway, "flipdrop", 1);
            get(gateway, "flipdrop", 2);
            Eventually.passes(() -> assertThat(gateway.metrics()).contains("status=\"invalid_status\"} 1\n"));
            RawAnswer third = get(gateway, "flipdrop", 3);
            assertThat(third.status()).isEqualTo(200);
            Eventually.passes(() -> assertThat(gateway.metrics()).contains("tollkeeper_meter_reports_lost_total 2\n"));
        }
    }

    @Test
    void anUnknownHandlerOfTheEnvironmentRemembersNothing() throws IOException {
        try (RunningGateway gateway = gateway(RemoteMeterSettings.DEFAULT.caching(Caching.UNKNOWN), p -> p)) {
            get(gateway, "k", 1);
            assertThat(gateway.record(get(gateway, "k", 2)).decidedBy()).isEqualTo(DecidedBy.ANSWER);
        }
    }

    @Test
    void anOutageIs503WhereTheSettingSaysSo() throws IOException {
        try (RunningGateway gateway = gateway(
                RemoteMeterSettings.DEFAULT.unreachableStatus(UnreachableStatus.SERVICE_UNAVAILABLE), p -> p)) {
            RawAnswer outage = get(gateway, "drop", 1);
            assertThat(outage.status()).isEqualTo(503);
            assertThat(outage.header("retry-after")).isEqualTo("1");
            assertThat(get(gateway, "bad", 2).status()).isEqualTo(403);
        }
    }

    @Test
    void aMeterThatIsNotThereIsToldApartFromOneWithoutAName() throws IOException {
        try (RefusingPort closed = RefusingPort.open();
                RunningGateway gateway = gateway(RemoteMeterSettings.DEFAULT.endpointOverride("http://127.0.0.1:" + closed.port()), p -> p)) {
            RawAnswer answer = gateway.get("/a?user_key=k");
            assertThat(answer.status()).isEqualTo(403);
            assertThat(gateway.record(answer).reason()).isEqualTo(Reason.METER_REFUSED);
            assertThat(VerdictRules.explain(gateway.record(answer)).text())
                    .contains("service-management ✗").contains("127.0.0.1:" + closed.port());
        }
    }

    @Test
    void reportsCarryTheStatusThatTheClientGotWhereResponseCodesAreOn() throws IOException {
        try (RunningGateway gateway = gateway(RemoteMeterSettings.DEFAULT.responseCodes(true), p -> p)) {
            get(gateway, "k", 1);
            assertThat(meter.last().query()).doesNotContainKey("log[code]");
            gateway.get("/status/404?user_key=k");
            Eventually.value("calls of the meter", meter::count, count -> count == 2);
            assertThat(meter.last().query()).containsEntry("log[code]", "404");
        }
    }

    @Test
    void onRequestTheFirstCallIsAuthorizedAndThenReportedWithItsStatus() throws IOException {
        try (RunningGateway gateway = gateway(
                RemoteMeterSettings.DEFAULT.responseCodes(true).firstCall(FirstCall.AUTHORIZE_THEN_REPORT), p -> p)) {
            gateway.get("/status/201?user_key=k%201");
            Eventually.value("calls of the meter", meter::count, count -> count == 2);
            assertThat(meter.asked().getFirst().path()).endsWith("/transactions/authorize.xml");
            MeterStub.Asked report = meter.last();
            assertThat(report.method()).isEqualTo("POST");
            assertThat(report.path()).endsWith("/transactions.xml");
            assertThat(report.query()).isEqualTo(Map.of("service_token", "svc-token", "service_id", "api"));
            assertThat(report.form()).isEqualTo(Map.of(
                    "transactions[0][user_key]", "k%201", "transactions[0][usage][hits]", "1", "transactions[0][log][code]", "201"));
            assertThat(get(gateway, "k%201", 3).status()).isEqualTo(200);
            assertThat(meter.last().path()).endsWith("/transactions/authrep.xml");
        }
    }

    @Test
    void aCallWaitsForItsReportWhenTooManyOthersDo() throws IOException {
        try (RunningGateway gateway = gateway(RemoteMeterSettings.DEFAULT.queuedReports(0), p -> p)) {
            get(gateway, "k", 1);
            meter.gate = new CountDownLatch(1);
            try (RawClient client = gateway.client()) {
                for (int i = 0; i < 64; i++) {
                    client.send("GET /a?user_key=k HTTP/1.1\r\nHost: api.test\r\n\r\n");
                    assertThat(client.answer().status()).isEqualTo(200);
                }
                client.send("GET /a?user_key=k HTTP/1.1\r\nHost: api.test\r\n\r\n");
                Eventually.passes(() -> assertThat(gateway.metrics()).contains("tollkeeper_meter_reports_inline_total 1\n"));
                meter.gate.countDown();
                assertThat(client.answer().status()).isEqualTo(200);
            }
            Eventually.value("calls of the meter", meter::count, count -> count == 66);
        }
    }

    @Test
    void aClientThatLeavesWhileTheMeterIsAskedIsForgottenButNotWhatWasLearned() throws IOException {
        try (RunningGateway gateway = gateway()) {
            meter.gate = new CountDownLatch(1);
            try (RawClient client = gateway.client()) {
                client.send("GET /a?user_key=k HTTP/1.1\r\nHost: api.test\r\n\r\n");
                Eventually.value("calls of the meter", meter::count, count -> count == 1);
                client.reset();
            }
            Eventually.passes(() -> assertThat(gateway.log()).contains("C-ABORTED"));
            meter.gate.countDown();
            Eventually.passes(() -> assertThat(gateway.metrics()).contains("threescale_backend_calls{endpoint=\"authrep\",status=\"2xx\"} 1\n"));
            assertThat(gateway.record(get(gateway, "k", 2)).decidedBy()).isEqualTo(DecidedBy.CACHE);
            assertThat(upstream.received()).isEqualTo(1);
        }
    }

    @Test
    void theReferrerIsSentAndIsPartOfWhatIsRemembered() throws IOException {
        try (RunningGateway gateway = gateway(RemoteMeterSettings.DEFAULT,
                p -> p.policies(new PolicySpec("3scale_referrer", Map.of()), PolicySpec.APICAST))) {
            gateway.get("/a?user_key=k", "Referer: http://shop.example/x?y");
            Eventually.value("calls of the meter", meter::count, count -> count == 1);
            assertThat(meter.last().query()).containsEntry("referrer", "http://shop.example/x?y");
            RawAnswer other = gateway.get("/a?user_key=k", "Referer: http://other.example/");
            assertThat(gateway.record(other).decidedBy()).isEqualTo(DecidedBy.ANSWER);
        }
    }
}
