package io.tollkeeper.gateway;

import java.io.IOException;
import java.util.List;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.Stage;
import io.tollkeeper.core.flight.StatusWriter;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// The road of a request from end to end: real sockets, real authorizer.
class RoadTest {

    private final MemoryMeter meter = new MemoryMeter()
            .product("api", "1", List.of("hits"), MemoryMeter.limit("hits", Period.ETERNITY, 5))
            .application("api", "app-1", "active")
            .userKey("api", "good", "app-1");
    private RudePeer upstream;
    private RunningGateway gateway;

    @BeforeEach
    void start() throws IOException {
        upstream = RudePeer.start(Manner.citizen());
        gateway = RunningGateway.over(meter)
                .products(RunningGateway.product("http://127.0.0.1:" + upstream.port()))
                .start();
    }

    @AfterEach
    void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    @Test
    void aCallWithAGoodKeyPassesIsCountedAndCanBeFoundByItsId() throws IOException {
        RawAnswer answer = gateway.get("/bytes/10?user_key=good");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.bodyLength()).isEqualTo(10);
        assertThat(answer.header("server")).isEqualTo("tollkeeper");
        assertThat(upstream.lastRequest().target()).isEqualTo("/bytes/10?user_key=good");
        assertThat(upstream.lastRequest().header("host")).isEqualTo("127.0.0.1:" + upstream.port());
        assertThat(upstream.lastRequest().header("x-request-id")).isEqualTo(answer.header("x-request-id"));
        assertThat(meter.counted("api", "app-1", 0)).isEqualTo(1);

        FlightRecord record = gateway.record(answer);
        assertThat(record.reason()).isNull();
        assertThat(record.statusSent()).isEqualTo(200);
        assertThat(record.statusReceived()).isEqualTo(200);
        assertThat(record.statusWriter()).isEqualTo(StatusWriter.UPSTREAM);
        assertThat(record.applicationId()).isEqualTo("app-1");
        assertThat(record.productId()).isEqualTo("api");
        assertThat(record.bytesOut()).isEqualTo(10);
        assertThat(record.upstreamAddress()).isEqualTo("127.0.0.1:" + upstream.port());
        assertThat(record.target()).doesNotContain("good");
        for (Stage stage : List.of(Stage.ROUTED, Stage.CREDENTIALS, Stage.RULES, Stage.METER, Stage.FIRST_BYTE, Stage.DONE)) {
            assertThat(record.reached(stage)).as(stage.name()).isTrue();
        }
    }

    @Test
    void theSixthCallOfAnEternityLimitOfFiveIsRefused() throws IOException {
        try (RawClient client = gateway.client()) {
            for (int i = 0; i < 5; i++) {
                client.send("GET /a?user_key=good HTTP/1.1\r\nHost: api.test\r\n\r\n");
                assertThat(client.answer().status()).isEqualTo(200);
            }
            client.send("GET /a?user_key=good HTTP/1.1\r\nHost: api.test\r\n\r\n");
            RawAnswer answer = client.answer();
            assertThat(answer.status()).isEqualTo(429);
            assertThat(answer.text()).isEqualTo("Limits exceeded");
            assertThat(answer.header("proxy-status")).isEqualTo("tollkeeper; error=http_request_denied");
            assertThat(answer.header("ratelimit-limit")).isEqualTo("5");
            assertThat(answer.header("ratelimit-remaining")).isEqualTo("0");
            assertThat(answer.header("retry-after")).isNull();
            assertThat(gateway.record(answer).limitMetric()).isEqualTo("hits");
        }
        assertThat(upstream.received()).isEqualTo(5);
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        try (RawClient client = gateway.client()) {
            client.send("GET /bytes/1?user_key=good HTTP/1.1\r\nHost: api.test\r\n\r\n"
                    + "GET /bytes/2?user_key=good HTTP/1.1\r\nHost: api.test\r\n\r\n"
                    + "GET /bytes/3?user_key=wrong HTTP/1.1\r\nHost: api.test\r\n\r\n"
                    + "GET /bytes/4?user_key=good HTTP/1.1\r\nHost: api.test\r\n\r\n");
            assertThat(client.answer().bodyLength()).isEqualTo(1);
            assertThat(client.answer().bodyLength()).isEqualTo(2);
            assertThat(client.answer().status()).isEqualTo(403);
            assertThat(client.answer().bodyLength()).isEqualTo(4);
        }
    }

    @Test
    void theHealthLocationIsAnsweredOnEveryHostAndLeavesNoTrace() throws IOException {
        RawAnswer answer = gateway.ask("GET /_threescale/healthz?x=1 HTTP/1.1\r\nHost: unknown.test\r\n\r\n");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("content-length")).isEqualTo("0");
        assertThat(answer.header("content-type")).isEqualTo("text/plain");
        assertThat(gateway.metrics()).doesNotContain("apicast_status{");
    }

    @Test
    void theAccessLogTellsWhatHappenedWithoutSecrets() throws IOException {
        RawAnswer answer = gateway.get("/a?x=1&user_key=good&y=\"2\"", "X-Request-Id: mine-1");
        String line = gateway.logLine(String.valueOf(answer.header("tollkeeper-request-id") == null
                ? answer.header("x-request-id") : answer.header("tollkeeper-request-id")));
        assertThat(line)
                .startsWith("{\"time\":\"2")
                .contains("\"method\":\"GET\"")
                .contains("\"host\":\"api.test\"")
                .contains("\"target\":\"/a?x=1&user_key=g...&y=\\\"2\\\"\"")
                .contains("\"client_id\":\"mine-1\"")
                .contains("\"status\":200")
                .contains("\"product\":\"api\"")
                .contains("\"application\":\"app-1\"")
                .contains("\"upstream\":\"127.0.0.1:" + upstream.port() + "\"")
                .endsWith("}");
        assertThat(upstream.lastRequest().header("x-request-id")).isEqualTo("mine-1");
    }

    @Test
    void metricsCountAnswersReasonsAndDecisions() throws IOException {
        gateway.get("/a?user_key=good");
        gateway.get("/a");
        gateway.get("/a?user_key=wrong");
        Eventually.passes(() -> assertThat(gateway.metrics())
                .contains("apicast_status{status=\"200\"} 1\n")
                .contains("apicast_status{status=\"401\"} 1\n")
                .contains("apicast_status{status=\"403\"} 1\n")
                .contains("upstream_status{status=\"200\",service_id=\"\",service_system_name=\"\"} 1\n")
                .contains("tollkeeper_reasons_total{reason=\"A-NO-CREDENTIALS\"} 1\n")
                .contains("tollkeeper_reasons_total{reason=\"A-KEY-UNKNOWN\"} 1\n")
                .contains("tollkeeper_meter_decisions_total{decision=\"granted\"} 1\n")
                .contains("tollkeeper_meter_decisions_total{decision=\"denied\"} 1\n")
                .contains("total_response_time_seconds_count{service_id=\"\",service_system_name=\"\"} 3\n")
                .contains("tollkeeper_upstream_connections 1\n")
                .contains("tollkeeper_exchanges 0\n"));
    }
}
