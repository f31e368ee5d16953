package io.tollkeeper.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// A 3scale installation moves over: its gateway document, and its portal's pushes through the Internal API.
class GatewayDocumentIT {
    @TempDir private Path folder;

    @Test void aThreescaleDocumentServesOnceThePortalPushedTheProduct() throws IOException {
        try (var upstream = new TestUpstream()) {
            Files.writeString(folder.resolve("config.json"), """
                    {"services": [{"id": 310, "system_name": "inventory", "backend_version": "1",
                      "backend_authentication_type": "service_token", "backend_authentication_value": "st-310",
                      "proxy": {"hosts": ["inv.example.com"], "api_backend": "http://127.0.0.1:%d", "policy_chain": null,
                        "proxy_rules": [{"http_method": "GET", "pattern": "/", "metric_system_name": "hits", "delta": 1}]}}]}
                    """.formatted(upstream.port()));
            try (var program = RunningProgram.start(folder, "--config", "config.json")) {
                assertThat(program.errors()).contains("product 310 is not known to the meter");
                assertThat(get(program).status()).isEqualTo(503);
                push(program, "POST", "/internal/services/", "{\"service\":{\"id\":\"310\",\"provider_key\":\"pk\",\"backend_version\":\"1\",\"state\":\"active\"}}");
                push(program, "POST", "/internal/services/310/metrics/1", "{\"metric\":{\"id\":\"1\",\"name\":\"hits\"}}");
                push(program, "POST", "/internal/services/310/applications/a1", "{\"application\":{\"id\":\"a1\",\"state\":\"active\",\"plan_id\":\"1\",\"plan_name\":\"basic\"}}");
                push(program, "PUT", "/internal/services/310/applications/a1/key/k1", "");
                var answer = get(program);
                assertThat(answer.status()).as(answer.rawText()).isEqualTo(200);
                assertThat(answer.text()).isEqualTo("fine\n");
            }
        }
    }

    private static RawAnswer get(RunningProgram program) throws IOException {
        try (var client = RawClient.connect(program.port("gateway"))) {
            return client.send("GET /items?user_key=k1 HTTP/1.1\r\nHost: inv.example.com\r\n\r\n").answer();
        }
    }

    private static void push(RunningProgram program, String method, String path, String json) throws IOException {
        try (var client = RawClient.connect(program.port("meter"))) {
            var answer = client.send(method + " " + path + " HTTP/1.1\r\nHost: m\r\nContent-Type: application/json\r\nContent-Length: "
                    + json.length() + "\r\n\r\n" + json).answer();
            assertThat(answer.status()).as(method + " " + path + ": " + answer.rawText()).isBetween(200, 201);
        }
    }
}
