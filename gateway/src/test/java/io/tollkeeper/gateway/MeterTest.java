package io.tollkeeper.gateway;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.CounterKey;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.UsageJournal;
import io.tollkeeper.gateway.meter.LocalMeter.WhenUnwritable;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// The in-process meter: waiting for applications, exact limits, stores that fail.
class MeterTest {

    private final MemoryMeter meter = new MemoryMeter()
            .product("api", "1", List.of("hits", "writes"), MemoryMeter.limit("hits", Period.ETERNITY, 100))
            .application("api", "app", "active")
            .userKey("api", "good", "app");
    private RudePeer upstream;

    @BeforeEach
    void start() {
        upstream = RudePeer.start(Manner.citizen());
    }

    @AfterEach
    void stop() throws IOException {
        upstream.close();
    }

    private RunningGateway gateway(WhenUnwritable whenUnwritable) throws IOException {
        return RunningGateway.over(meter)
                .products(RunningGateway.product("http://127.0.0.1:" + upstream.port(), p -> p.rules(
                        new MappingRule("ANY", "/", List.of(), "hits", 1, false),
                        new MappingRule("POST", "/", List.of(), "writes", 3, false),
                        new MappingRule("GET", "/half", List.of(), "hits", -1, false))))
                .whenUnwritable(whenUnwritable)
                .start();
    }

    @Test
    void callsWaitForTheirApplicationWhichIsLoadedOnce() throws Exception {
        meter.loadGate = new CountDownLatch(1);
        try (RunningGateway gateway = gateway(WhenUnwritable.OPEN);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<RawAnswer>> answers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                answers.add(threads.submit(() -> gateway.get("/a?user_key=good")));
            }
            Eventually.passes(() -> assertThat(gateway.metrics()).contains("tollkeeper_exchanges 20\n"));
            assertThat(upstream.received()).isZero();
            meter.loadGate.countDown();
            for (Future<RawAnswer> answer : answers) {
                assertThat(answer.get().status()).isEqualTo(200);
            }
            assertThat(meter.loads.get()).isEqualTo(1);
            assertThat(meter.counted("api", "app", 0)).isEqualTo(20);
            assertThat(gateway.metrics()).contains("tollkeeper_application_loads_total 20\n");
        }
    }

    @Test
    void aClientThatLeavesWhileItsApplicationIsLoadedIsForgotten() throws IOException {
        meter.loadGate = new CountDownLatch(1);
        try (RunningGateway gateway = gateway(WhenUnwritable.OPEN)) {
            try (RawClient client = gateway.client()) {
                client.send("GET /a?user_key=good HTTP/1.1\r\nHost: api.test\r\n\r\n");
                Eventually.holds("the load began", () -> meter.loads.get() == 1);
                client.reset();
            }
            Eventually.passes(() -> assertThat(gateway.log()).contains("C-ABORTED"));
            meter.loadGate.countDown();
            assertThat(gateway.get("/a?user_key=good").status()).isEqualTo(200);
            assertThat(upstream.received()).isEqualTo(1);
            assertThat(meter.counted("api", "app", 0)).isEqualTo(1);
        }
    }

    @Test
    void sixtyFourClientsGetExactlyWhatALimitAllows() throws InterruptedException, ExecutionException, IOException {
        try (RunningGateway gateway = gateway(WhenUnwritable.OPEN);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> passes = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                passes.add(threads.submit(() -> {
                    int passed = 0;
                    try (RawClient client = gateway.client()) {
                        for (int k = 0; k < 5; k++) {
                            client.send("GET /a?user_key=good HTTP/1.1\r\nHost: api.test\r\n\r\n");
                            passed += client.answer().status() == 200 ? 1 : 0;
                        }
                    }
                    return passed;
                }));
            }
            int sum = 0;
            for (Future<Integer> passed : passes) {
                sum += passed.get();
            }
            assertThat(sum).isEqualTo(100);
        }
    }

    @Test
    void severalRulesAddUpAndEachMetricIsCounted() throws IOException {
        try (RunningGateway gateway = gateway(WhenUnwritable.OPEN)) {
            RawAnswer answer = gateway.ask("POST /a?user_key=good HTTP/1.1\r\nHost: api.test\r\nContent-Length: 0\r\n\r\n");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(meter.counted("api", "app", 0)).isEqualTo(1);
            assertThat(meter.counted("api", "app", 1)).isEqualTo(3);
            FlightRecord record = gateway.record(answer);
            assertThat(record.rules()).isEqualTo(2);
            assertThat(record.metricName(1)).isEqualTo("writes");
            assertThat(record.metricAmount(1)).isEqualTo(3);
        }
    }

    @Test
    void theStatusOfEveryCallIsCountedOnceTheFirstCallsToo() throws IOException {
        try (RunningGateway gateway = gateway(WhenUnwritable.OPEN)) {
            gateway.get("/a?user_key=good");
            gateway.get("/status/404?user_key=good");
            gateway.get("/status/404?user_key=good");
            gateway.get("/status/418?user_key=good");
            gateway.get("/a?user_key=wrong");
            gateway.get("/status/503?user_key=good");
            Eventually.value("counted statuses", () -> meter.counted("api", "app", CounterKey.status(503)), count -> count == 1);
            assertThat(meter.counted("api", "app", CounterKey.status(200))).isEqualTo(1);
            assertThat(meter.counted("api", "app", CounterKey.status(404))).isEqualTo(2);
            assertThat(meter.counted("api", "app", CounterKey.status(418))).isEqualTo(1);
            assertThat(meter.counted("api", "app", CounterKey.responseCode(404))).isEqualTo(2);
            assertThat(meter.counted("api", "app", CounterKey.responseClass(404))).isEqualTo(3);
            assertThat(meter.counted("api", "app", 0)).isEqualTo(5);
        }
    }

    @Test
    void rulesThatAddUpToNothingAreNoMatch() throws IOException {
        try (RunningGateway gateway = gateway(WhenUnwritable.OPEN)) {
            RawAnswer answer = gateway.get("/half?user_key=good");
            assertThat(answer.status()).isEqualTo(404);
            assertThat(gateway.record(answer).evidence()).contains("2 rules matched").contains("zero or less");
        }
    }

    @Test
    void whileUsageCannotBeWrittenAnOpenGatewayLetsInWhomItWouldLetIn() throws IOException {
        try (RunningGateway gateway = gateway(WhenUnwritable.OPEN)) {
            meter.refuseAppends = UsageJournal.UNWRITABLE;
            RawAnswer passed = gateway.get("/a?user_key=good");
            assertThat(passed.status()).isEqualTo(200);
            assertThat(gateway.record(passed).contributing()).contains(Reason.STORE_UNWRITABLE);
            assertThat(gateway.get("/a?user_key=wrong").status()).isEqualTo(403);
            assertThat(gateway.metrics()).contains("tollkeeper_meter_uncounted_total 1\n");
            assertThat(meter.counted("api", "app", 0)).isZero();
        }
    }

    @Test
    void whileUsageCannotBeWrittenAClosedGatewayAnswers503() throws IOException {
        try (RunningGateway gateway = gateway(WhenUnwritable.CLOSED)) {
            meter.refuseAppends = UsageJournal.UNWRITABLE;
            RawAnswer refused = gateway.get("/a?user_key=good");
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.header("retry-after")).isEqualTo("1");
            assertThat(gateway.record(refused).reason()).isEqualTo(Reason.STORE_UNWRITABLE);
            meter.refuseAppends = 0;
            assertThat(gateway.get("/a?user_key=good").status()).isEqualTo(200);
        }
    }

    @Test
    void anApplicationThatCannotBeLoadedIsNeverLetIn() throws IOException {
        try (RunningGateway gateway = gateway(WhenUnwritable.OPEN)) {
            meter.storesBroken = true;
            RawAnswer unreadable = gateway.get("/a?user_key=good");
            assertThat(unreadable.status()).isEqualTo(503);
            assertThat(gateway.record(unreadable).reason()).isEqualTo(Reason.STORE_UNREADABLE);
            meter.storesBroken = false;
            meter.loaderFull = true;
            RawAnswer full = gateway.get("/a?user_key=good");
            assertThat(full.status()).isEqualTo(503);
            assertThat(gateway.record(full).reason()).isEqualTo(Reason.METER_OVERLOAD);
            meter.loaderFull = false;
            assertThat(gateway.get("/a?user_key=good").status()).isEqualTo(200);
        }
    }
}
