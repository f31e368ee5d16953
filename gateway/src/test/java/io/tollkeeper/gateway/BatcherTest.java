package io.tollkeeper.gateway;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.proxy.PolicySpec;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.gateway.meter.RemoteMeter;
import io.tollkeeper.gateway.meter.RemoteMeterSettings;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// `3scale_batcher`: decisions that hold for a while, usage handed in together and not lost.
class BatcherTest {

    private static final PolicySpec HOURLY =
            new PolicySpec("3scale_batcher", Map.of("auths_ttl", 3600L, "batch_report_seconds", 3600L));

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

    private RunningGateway gateway(RemoteMeterSettings settings, AuthenticationMode mode, PolicySpec... policies)
            throws IOException {
        return RunningGateway.remote(settings)
                .products(RunningGateway.product("http://127.0.0.1:" + upstream.port(), p -> p
                        .mode(mode)
                        .backend("http://127.0.0.1:" + peer.port(), null)
                        .rules(new MappingRule("GET", "/", List.of(), "hits", 1, false),
                                new MappingRule("GET", "/w", List.of(), "a & b", 5, false))
                        .policies(policies)))
                .start();
    }

    private RunningGateway gateway(PolicySpec... policies) throws IOException {
        return gateway(RemoteMeterSettings.DEFAULT, AuthenticationMode.USER_KEY, policies);
    }

    /// Hands in now what waits.
    private static boolean handIn(RunningGateway gateway) {
        return ((RemoteMeter) gateway.meter()).drain(Duration.ofSeconds(10));
    }

    private List<MeterStub.Asked> reports() {
        return meter.asked().stream().filter(call -> call.method().equals("POST")).toList();
    }

    @Test
    void aDecisionHoldsAndUsageIsHandedInTogether() throws IOException {
        try (RunningGateway gateway = gateway(PolicySpec.APICAST, HOURLY)) {
            for (int i = 0; i < 5; i++) {
                assertThat(gateway.get("/a?user_key=p1").status()).isEqualTo(200);
            }
            assertThat(gateway.get("/w?user_key=p1").status()).isEqualTo(200);
            assertThat(gateway.get("/w?user_key=p%202").status()).isEqualTo(200);
            assertThat(meter.asked()).extracting(MeterStub.Asked::path).containsOnly("/transactions/authorize.xml").hasSize(3);
            assertThat(handIn(gateway)).isTrue();
            assertThat(reports()).singleElement().satisfies(report -> {
                assertThat(report.query()).isEqualTo(Map.of("service_token", "svc-token", "service_id", "api"));
                assertThat(report.form()).isEqualTo(Map.of(
                        "transactions[0][user_key]", "p1",
                        "transactions[0][usage][hits]", "6",
                        "transactions[0][usage][a & b]", "5",
                        "transactions[1][user_key]", "p%202",
                        "transactions[1][usage][hits]", "1",
                        "transactions[1][usage][a & b]", "5"));
            });
            assertThat(gateway.metrics())
                    .contains("batching_policy_auths_cache_hits 4\n")
                    .contains("batching_policy_auths_cache_misses 3\n")
                    .contains("threescale_backend_calls{endpoint=\"auth\",status=\"2xx\"} 3\n")
                    .contains("threescale_backend_calls{endpoint=\"report\",status=\"2xx\"} 1\n");
        }
    }

    @Test
    void reportsGoOutByThemselvesAndCarryNoApplicationKey() throws IOException {
        PolicySpec soon = new PolicySpec("3scale_batcher", Map.of("auths_ttl", 3600L, "batch_report_seconds", "1"));
        try (RunningGateway gateway = gateway(RemoteMeterSettings.DEFAULT, AuthenticationMode.APP_ID, soon, PolicySpec.APICAST)) {
            gateway.get("/a?app_id=app&app_key=secret");
            Eventually.value("reports", this::reports, reports -> reports.size() == 1);
            assertThat(reports().getFirst().form())
                    .isEqualTo(Map.of("transactions[0][app_id]", "app", "transactions[0][usage][hits]", "1"));
        }
    }

    @Test
    void aRefusalHoldsTooAndLimitsHaveNoRetryAfter() throws IOException {
        try (RunningGateway gateway = gateway(HOURLY, PolicySpec.APICAST)) {
            for (int i = 0; i < 2; i++) {
                RawAnswer limited = gateway.get("/a?user_key=limits");
                assertThat(limited.status()).isEqualTo(429);
                assertThat(limited.header("retry-after")).isNull();
                assertThat(gateway.get("/a?user_key=off").status()).isEqualTo(429);
                assertThat(gateway.record(gateway.get("/a?user_key=bad")).reason()).isEqualTo(Reason.USER_KEY_INVALID);
            }
            assertThat(meter.count()).isEqualTo(3);
            assertThat(handIn(gateway)).isTrue();
            assertThat(reports()).isEmpty();
        }
    }

    @Test
    void anOutageIsNotRememberedUnlessTheCachingPolicyLetsIn() throws IOException {
        try (RunningGateway gateway = gateway(HOURLY, PolicySpec.APICAST)) {
            assertThat(gateway.get("/a?user_key=err").status()).isEqualTo(403);
            assertThat(gateway.get("/a?user_key=err").status()).isEqualTo(403);
            assertThat(meter.count()).isEqualTo(2);
        }
        PolicySpec allow = new PolicySpec("caching", Map.of("caching_type", "allow"));
        try (RunningGateway gateway = gateway(HOURLY, allow, PolicySpec.APICAST)) {
            assertThat(gateway.get("/a?user_key=err").status()).isEqualTo(200);
            assertThat(handIn(gateway)).isTrue();
            assertThat(reports()).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 500, 503, 429})
    void whatTheMeterDidNotTakeIsHandedInAgain(int failure) throws IOException {
        try (RunningGateway gateway = gateway(HOURLY, PolicySpec.APICAST)) {
            gateway.get("/a?user_key=p1");
            meter.reportStatus = failure;
            assertThat(((RemoteMeter) gateway.meter()).drain(Duration.ofMillis(50))).isFalse();
            Eventually.value("reports", this::reports, reports -> !reports.isEmpty());
            gateway.get("/a?user_key=p1");
            meter.reportStatus = 202;
            assertThat(handIn(gateway)).isTrue();
            long counted = reports().stream().skip(1).mapToLong(r -> Long.parseLong(r.form().get("transactions[0][usage][hits]"))).sum();
            assertThat(counted).isEqualTo(2);
        }
    }

    @Test
    void whatTheMeterRefusesIsToldAndNotSentForEver() throws IOException {
        try (RunningGateway gateway = gateway(HOURLY, PolicySpec.APICAST)) {
            gateway.get("/a?user_key=p1");
            meter.reportStatus = 403;
            assertThat(handIn(gateway)).isTrue();
            assertThat(reports()).hasSize(1);
            assertThat(gateway.metrics()).contains("tollkeeper_meter_reports_lost_total 1\n");
        }
    }

    @Test
    void usageBeyondTheRoomForItIsDroppedVisibly() throws IOException {
        try (RunningGateway gateway =
                gateway(RemoteMeterSettings.DEFAULT.batchBytes(400), AuthenticationMode.USER_KEY, HOURLY, PolicySpec.APICAST)) {
            for (int i = 0; i < 4; i++) {
                assertThat(gateway.get("/a?user_key=p" + i).status()).isEqualTo(200);
            }
            assertThat(gateway.metrics()).contains("tollkeeper_batch_usage_dropped_total 2\n");
            assertThat(handIn(gateway)).isTrue();
            assertThat(reports().getFirst().form()).hasSize(4);
        }
    }

    @Test
    void aLargeBatchGoesOutInFormsThatTheMeterAccepts() throws IOException {
        try (RunningGateway gateway = gateway(HOURLY, PolicySpec.APICAST)) {
            for (int i = 0; i < 2100; i++) {
                gateway.get("/a?user_key=p" + i);
            }
            assertThat(handIn(gateway)).isTrue();
            assertThat(reports()).hasSize(2);
            assertThat(meter.asked().stream().filter(c -> c.method().equals("GET")).count()).isEqualTo(2100);
        }
    }
}
