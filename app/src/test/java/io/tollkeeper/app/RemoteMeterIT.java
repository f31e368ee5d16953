package io.tollkeeper.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.FreePort;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// `tollkeeper gateway` and `tollkeeper meter`, each in a process of its own that gets killed.
class RemoteMeterIT {

    @TempDir private Path meterFolder;
    @TempDir private Path gatewayFolder;

    private final AtomicLong asked = new AtomicLong();
    private final AtomicLong answered = new AtomicLong();

    @Test void whatAGatewayLetInIsCountedOnceThroughKillsOfBoth() throws Exception {
        Files.writeString(meterFolder.resolve("tollkeeper.yaml"), """
                gateway:
                  listen: off
                products:
                  orders:
                    hosts: [orders]
                    upstream: http://127.0.0.1:1
                    service-tokens: [token]
                    rules: [{method: ANY, pattern: /}]
                    plans: {basic: {limits: [{metric: hits, period: eternity, max: 1000000000}]}}
                    applications: {app: {plan: basic, user-key: key}}
                """);
        var meterPorts = RunningProgram.freePorts();
        try (var upstream = RudePeer.start(Manner.citizen())) {
            configure(upstream.port(), Objects.requireNonNull(meterPorts.get("meter")));
            var meter = RunningProgram.ready(RunningProgram.launch("meter", meterFolder, meterPorts));
            var gateway = gateway();
            var clients = clients(gateway);
            more(200);
            meter.kill();
            more(200); // by what the meter had said before
            meter.close();
            meter = RunningProgram.ready(RunningProgram.launch("meter", meterFolder, meterPorts));
            more(200);
            gateway.kill();
            join(clients);
            gateway.close();
            try (var next = gateway()) {
                var nextClients = clients(next);
                more(200);
                next.terminate();
                assertThat(next.awaitEnd()).as(next.errors()).isZero();
                join(nextClients);
            }
            try (var last = meter) {
                assertThat(counted(last, "metric=hits")).isBetween(answered.get(), asked.get());
                // what was under way when the gateway was killed had not ended
                assertThat(counted(last, "response_code=2XX")).isBetween(answered.get() - 10, asked.get());
            }
        }
    }

    private void configure(int upstream, int meter) throws IOException {
        Files.writeString(gatewayFolder.resolve("config.json"), """
                {"services": [{"id": "orders", "backend_version": "1",
                  "backend_authentication_type": "service_token", "backend_authentication_value": "token",
                  "proxy": {"hosts": ["orders"], "api_backend": "http://127.0.0.1:%d",
                    "backend": {"endpoint": "http://127.0.0.1:%d"},
                    "proxy_rules": [{"http_method": "GET", "pattern": "/", "metric_system_name": "hits", "delta": 1}]}}]}
                """.formatted(upstream, meter));
    }

    private RunningProgram gateway() {
        var ports = Map.of("gateway", FreePort.find(), "management", FreePort.find(), "metrics", FreePort.find());
        return RunningProgram.ready(RunningProgram.launch("gateway", gatewayFolder, ports,
                "--set", "gateway.configuration=" + gatewayFolder.resolve("config.json"), "--set", "meter.caching=resilient"));
    }

    private List<Thread> clients(RunningProgram gateway) {
        return IntStream.range(0, 3).mapToObj(_ -> Thread.ofVirtual().start(() -> call(gateway.port("gateway")))).toList();
    }

    private void call(int port) {
        try (var client = RawClient.connect(port)) {
            while (true) {
                asked.incrementAndGet();
                if (client.send("GET /a?user_key=key HTTP/1.1\r\nHost: orders\r\n\r\n").answer().status() != 200) {
                    return;
                }
                answered.incrementAndGet();
            }
        } catch (IOException e) {
            assertThat(e).as("the gateway is gone").isNotNull();
        }
    }

    private void more(long calls) {
        long until = answered.get() + calls;
        Eventually.holds(calls + " more calls", () -> answered.get() > until);
    }

    private static void join(List<Thread> threads) throws InterruptedException {
        for (var thread : threads) {
            assertThat(thread.join(java.time.Duration.ofSeconds(20))).isTrue();
        }
    }

    private static long counted(RunningProgram meter, String what) throws IOException {
        try (var client = RawClient.connect(meter.port("meter"))) {
            var answer = client.send("GET /internal/services/orders/counters?app_id=app&period=month&" + what
                    + " HTTP/1.1\r\nHost: m\r\n\r\n").answer();
            assertThat(answer.status()).as(answer.text()).isEqualTo(200);
            return Long.parseLong(answer.text().replaceAll("\\D", ""));
        }
    }
}
