package io.tollkeeper.gateway;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.http.recorder.LogFormat;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// Sections 14 and 15.1 of the gateway specification.
class MetricsAndLogTest {

    private final MemoryMeter meter = new MemoryMeter()
            .product("api", "1", List.of("hits"))
            .application("api", "app-1", "active")
            .userKey("api", "s3cret-key", "app-1");
    private RudePeer upstream;

    @BeforeEach
    void start() throws IOException {
        upstream = RudePeer.start(Manner.citizen());
    }

    @AfterEach
    void stop() throws IOException {
        upstream.close();
    }

    private ProxyConfig product(String id, String host) {
        return RunningGateway.product("http://127.0.0.1:" + upstream.port(), shape -> shape.id(id).hosts(host));
    }

    @Test
    void productsHaveSeriesOfTheirOwnIfTheyAreWanted() throws IOException {
        try (RunningGateway gateway = RunningGateway.over(meter).labelProducts().products(product("api", "api.test")).start()) {
            gateway.get("/a?user_key=s3cret-key");
            gateway.get("/status/500?user_key=s3cret-key");
            gateway.ask("GET /a HTTP/1.1\r\nHost: nobody.test\r\n\r\n");
            Eventually.passes(() -> assertThat(gateway.metrics())
                    .contains("apicast_status{status=\"200\"} 1\n", "apicast_status{status=\"404\"} 1\n")
                    .contains("upstream_status{status=\"200\",service_id=\"api\",service_system_name=\"name of api\"} 1\n")
                    .contains("upstream_status{status=\"500\",service_id=\"api\",service_system_name=\"name of api\"} 1\n")
                    .contains("total_response_time_seconds_count{service_id=\"api\",service_system_name=\"name of api\"} 2\n")
                    .contains("total_response_time_seconds_count{service_id=\"\",service_system_name=\"\"} 1\n")
                    .contains("upstream_response_time_seconds_bucket{service_id=\"api\",service_system_name=\"name of api\",le=\"+Inf\"} 2\n")
                    .contains("nginx_http_connections{state=\"accepted\"} 3\n", "nginx_http_connections{state=\"total\"} 3\n")
                    .contains("worker_process 1\n"));
            ProxyConfig changed = product("api", "api.test").toBuilder().hosts(List.of("other.test")).build();
            gateway.gateway().apply(List.of(changed));
            assertThat(gateway.metrics()).as("a change keeps what was counted")
                    .contains("total_response_time_seconds_count{service_id=\"api\",service_system_name=\"name of api\"} 2\n");
            gateway.gateway().apply(List.of());
            assertThat(gateway.metrics()).as("who is gone is gone").doesNotContain("service_id=\"api\"");
        }
    }

    @Test
    void noMoreThanAThousandProductsHaveSeries() throws IOException {
        List<ProxyConfig> many = new ArrayList<>();
        for (int i = 0; i < 1_005; i++) {
            many.add(product("p" + i, "p" + i + ".test"));
        }
        try (RunningGateway gateway = RunningGateway.over(meter).labelProducts().products(many.toArray(ProxyConfig[]::new)).start()) {
            gateway.ask("GET /a HTTP/1.1\r\nHost: p3.test\r\n\r\n");
            gateway.ask("GET /a HTTP/1.1\r\nHost: p1004.test\r\n\r\n");
            Eventually.passes(() -> assertThat(gateway.metrics())
                    .contains("total_response_time_seconds_count{service_id=\"p3\",service_system_name=\"name of p3\"} 1\n")
                    .contains("total_response_time_seconds_count{service_id=\"\",service_system_name=\"\"} 1\n"));
        }
    }

    @Test
    void theLogCanBeThatOfTheOriginalButForSecrets() throws IOException {
        try (RunningGateway gateway = RunningGateway.over(meter).logFormat(LogFormat.APICAST).products(product("api", "api.test")).start()) {
            gateway.get("/bytes/7?user_key=s3cret-key&x=%22\u00e9", "User-Agent: \"x");
            String line = Eventually.value("a log line", () -> gateway.log(), log -> log.endsWith("\n"));
            assertThat(line).matches("\\[\\d\\d/[A-Z][a-z][a-z]/\\d{4}:\\d\\d:\\d\\d:\\d\\d \\+0000] api\\.test:" + gateway.port()
                    + " 127\\.0\\.0\\.1:\\d+ \"GET /bytes/7\\?user_key=s3c\\.\\.\\.&x=%22.* HTTP/1\\.1\" 200 7 \\(\\d\\.\\d{3}\\) 0\n");
            assertThat(line).doesNotContain("s3cret");
        }
    }
}
