package io.tollkeeper.core.verdict;

import java.util.EnumSet;
import java.util.Set;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.Stage;
import io.tollkeeper.core.flight.StatusWriter;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Period;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

class VerdictRulesTest {

    /// Reasons that only warn: nothing failed.
    private static final Set<Reason> WARNINGS = EnumSet.of(Reason.DNS_STALE_USED, Reason.CONFIG_STALE);

    @ParameterizedTest
    @EnumSource
    void everyReasonNamesOneFailingHopItsEvidenceAndAFix(Reason reason) {
        for (FlightRecord.RequestKind kind : FlightRecord.RequestKind.values()) {
            FlightRecord record = proxied(reason, "the proof");
            record.kind(kind);
            Verdict verdict = VerdictRules.explain(record);
            assertThat(verdict.path().stream().filter(hop -> hop.state() == Verdict.State.FAILED))
                    .hasSize(WARNINGS.contains(reason) ? 0 : 1);
            assertThat(verdict.evidence()).first().isEqualTo("the proof");
            assertThat(verdict.fix()).first().isEqualTo(reason.fix());
            assertThat(verdict.text())
                    .contains("verdict  " + reason.code())
                    .contains("domain: " + reason.domain().text())
                    .doesNotContain("secret-key-0123");
            assertThat(verdict.publicPart()).doesNotContain("10.0.3.9", "orders.internal");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "MALFORMED|client ✗ ── gateway · ── service-management · ── upstream orders.internal:8080 (10.0.3.9:8080) ·",
                "NO_CREDENTIALS|client ✓ ── gateway ✗ ── service-management · ── upstream orders.internal:8080 (10.0.3.9:8080) ·",
                "NO_MAPPING_RULE|client ✓ ── gateway ✗ ── service-management · ── upstream orders.internal:8080 (10.0.3.9:8080) ·",
                "LIMIT|client ✓ ── gateway ✓ ── service-management ✗ ── upstream orders.internal:8080 (10.0.3.9:8080) ·",
                "STORE_UNWRITABLE|client ✓ ── gateway ✓ ── service-management ✗ ── upstream orders.internal:8080 (10.0.3.9:8080) ·"
            })
    void thePathStopsWhereTheRequestDid(Reason reason, String path) {
        assertThat(VerdictRules.explain(proxied(reason, "x")).text()).contains("path     " + path + "\n");
    }

    @Test
    void aStaleConnectionIsExplainedWithWhatThePoolKnows() {
        FlightRecord record = proxied(Reason.UPSTREAM_STALE_REUSE, "FIN from upstream 0.2 ms after our first byte");
        record.method("POST");
        record.stamp(Stage.METER, record.receivedNanos() + 80_000);
        record.stamp(Stage.UPSTREAM_HEAD_SENT, record.receivedNanos() + 400_000);
        record.stamp(Stage.DONE, record.receivedNanos() + 3_000_000);
        record.connectionId(8812);
        record.connectionReused(true);
        record.connectionIdleMillis(61_400);
        record.connectionAgeMillis(90_000);
        record.upstreamBytesSent(212);
        record.upstreamCloseMillis(60_000);
        record.poolIdleMillis(75_000);
        assertThat(VerdictRules.explain(record).text())
                .isEqualTo("""
                        request 00000000030000000000000007  POST api.example.com/orders/17?user_key=sec…   \
                        2026-11-20 12:04:31.220Z   502 sent in 3.0 ms
                        verdict  U-STALE-REUSE   The upstream closed the connection.   domain: upstream
                        path     client ✓ ── gateway ✓ ── service-management ✓ ── upstream orders.internal:8080 (10.0.3.9:8080) ✗
                        evidence FIN from upstream 0.2 ms after our first byte
                                 product orders, application shop, user_key sec…
                                 reused connection #8812, idle 61.4 s, age 90.0 s; 212 bytes sent (request not complete), 0 response bytes
                                 this upstream was seen to close idle connections after 60.0 s; our pool keeps them 75.0 s
                                 not retried: the request could not safely be sent a second time
                                 times meter 80 µs, upstream head sent 400 µs, done 3.0 ms
                        fix      Set the pool's idle time below the time after which this upstream closes.
                                 here: an idle time of 59.0 s or less
                        public   the client saw only: status 502, request id, "The upstream closed the connection."
                        """);
    }

    @Test
    void aLimitIsExplainedWithItsNumbersAndItsEnd() {
        FlightRecord record = proxied(Reason.LIMIT, "60 + 1 > 60");
        record.statusSent(429);
        record.usage("hits", 1);
        record.rule(3);
        record.limitMetric("hits");
        record.limitPeriod(Period.MINUTE);
        record.limitMax(60);
        record.limitValue(60);
        record.limitAsked(1);
        record.limitEnds(record.receivedMillis() / 1_000 + 29);
        assertThat(VerdictRules.explain(record).evidence())
                .contains(
                        "usage hits=1, from 1 mapping rule",
                        "limit hits per minute: 60 counted, this call asks for 1, allowed are 60;"
                                + " window 2026-11-20T12:04:00Z to 2026-11-20T12:05:00Z, starts anew 29 s after this call");
        assertThat(VerdictRules.explain(record).fix()).last().isEqualTo("here: from 2026-11-20T12:05:00Z on, 29 s after this call");
    }

    @Test
    void aPassedCallShowsItsRoadAndNoFix() {
        FlightRecord record = proxied(null, null);
        record.statusSent(200);
        record.statusReceived(200);
        record.statusWriter(StatusWriter.UPSTREAM);
        record.stamp(Stage.METER, record.receivedNanos() + 80_000);
        record.contribute(Reason.DNS_STALE_USED);
        Verdict verdict = VerdictRules.explain(record);
        assertThat(verdict.path()).allMatch(hop -> hop.state() == Verdict.State.PASSED);
        assertThat(verdict.fix()).isEmpty();
        assertThat(verdict.text()).contains("verdict  passed", "also D-STALE-USED: An expired address was used.");
    }

    @Test
    void aClientThatLeftWhileTheUpstreamWasSilentIsNotTheUpstreamsFault() {
        FlightRecord record = proxied(Reason.ABORTED, "client closed after 30.0 s; upstream silent for 29.9 s");
        record.stamp(Stage.METER, record.receivedNanos() + 80_000);
        record.stamp(Stage.UPSTREAM_HEAD_SENT, record.receivedNanos() + 100_000);
        assertThat(VerdictRules.explain(record).text())
                .contains("path     client ✗ ── gateway ✓ ── service-management ✓ ── upstream orders.internal:8080 (10.0.3.9:8080) …");
    }

    @Test
    void aTruncatedAnswerTellsHowMuchWasMissing() {
        FlightRecord record = proxied(Reason.UPSTREAM_TRUNCATED, "closed early");
        record.upstreamBytesExpected(1_000);
        record.upstreamBytesReceived(400);
        assertThat(VerdictRules.explain(record).evidence()).contains("body: 400 of 1000 bytes");
    }

    private static FlightRecord proxied(@Nullable Reason reason, @Nullable String evidence) {
        FlightRecord record = new FlightRecord();
        record.id(12L << 14, 7);
        record.receivedMillis(1_795_176_271_220L);
        record.receivedNanos(5_000_000_000L);
        record.method("GET");
        record.host("api.example.com");
        record.target("/orders/17?user_key=secret-key-0123");
        record.productId("orders");
        record.applicationId("shop");
        record.credentialName("user_key");
        record.credential("secret-key-0123");
        record.upstreamHost("orders.internal:8080");
        record.upstreamAddress("10.0.3.9:8080");
        record.statusSent(502);
        record.statusWriter(StatusWriter.GATEWAY);
        if (reason != null) {
            record.refuse(reason, evidence);
        }
        return record.copy();
    }
}
