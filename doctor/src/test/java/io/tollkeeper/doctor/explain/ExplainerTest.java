package io.tollkeeper.doctor.explain;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.Flights;
import io.tollkeeper.core.flight.RequestId;
import io.tollkeeper.core.flight.Stage;
import io.tollkeeper.core.flight.StatusWriter;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Period;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/// What people read. The texts are files under `explanations/`, so that a diff shows how a change reads; after a change
/// that is meant, write them anew with `-Dexplanations.write=src/test/resources/explanations` and read them.
class ExplainerTest {

    private static final Instant NOW = Instant.parse("2026-11-20T12:05:00Z");
    private static final long RECEIVED = Instant.parse("2026-11-20T12:04:31.220Z").toEpochMilli();
    private static final long NANOS = 1_000_000_000L;

    private final List<FlightRecord> kept = new ArrayList<>();
    private final Explainer explainer = new Explainer(
            new Flights() {
                @Override
                public @Nullable FlightRecord find(RequestId id) {
                    return kept.stream().filter(record -> record.id().equals(id)).findFirst().orElse(null);
                }

                @Override
                public List<FlightRecord> newest(int limit) {
                    return kept.stream().limit(limit).toList();
                }
            },
            _ -> List.of(),
            InstantSource.fixed(NOW));

    private static FlightRecord record(long number) {
        FlightRecord record = new FlightRecord();
        record.id(RECEIVED << 16 | 0x1234, number);
        record.receivedMillis(RECEIVED);
        record.receivedNanos(NANOS);
        record.method("GET");
        record.host("api.example.com");
        record.target("/orders/17?user_key=demo-key-1");
        record.protocol("HTTP/1.1");
        record.clientAddress("10.0.0.9");
        stamp(record, Stage.HEAD_READ, 0);
        return record;
    }

    private static void stamp(FlightRecord record, Stage stage, long micros) {
        record.stamp(stage, NANOS + micros * 1_000);
    }

    private static FlightRecord identified(long number) {
        FlightRecord record = record(number);
        record.productId("orders");
        record.credentialName("user_key");
        record.credential("demo-key-1");
        stamp(record, Stage.ROUTED, 12);
        stamp(record, Stage.CREDENTIALS, 15);
        record.rule(0);
        record.usage("hits", 1);
        stamp(record, Stage.RULES, 19);
        return record;
    }

    private static FlightRecord authorized(long number) {
        FlightRecord record = identified(number);
        record.applicationId("alice");
        record.applicationNumber(7);
        record.decision(FlightRecord.Outcome.GRANTED);
        stamp(record, Stage.METER, 31);
        record.upstreamHost("http://orders.internal:8080");
        return record;
    }

    private static FlightRecord called(long number, boolean reused) {
        FlightRecord record = authorized(number);
        record.upstreamAddress("10.0.3.9:8080");
        record.connectionId(8812);
        record.connectionReused(reused);
        record.connectionAgeMillis(reused ? 200_000 : 0);
        record.connectionIdleMillis(reused ? 61_400 : 0);
        record.upstreamBytesSent(240);
        record.requestSent(true);
        stamp(record, Stage.UPSTREAM_HEAD_SENT, 50);
        stamp(record, Stage.REQUEST_SENT, 52);
        return record;
    }

    private static FlightRecord answered(FlightRecord record, int status, StatusWriter writer, long micros) {
        record.statusSent(status);
        record.statusWriter(writer);
        stamp(record, Stage.ANSWER_STARTED, micros - 20);
        stamp(record, Stage.DONE, micros);
        return record;
    }

    private static FlightRecord refused(FlightRecord record, Reason reason, String evidence) {
        record.refuse(reason, evidence);
        return answered(record, reason.status(), StatusWriter.GATEWAY, 90);
    }

    private static FlightRecord failed(FlightRecord record, Reason reason, String evidence) {
        record.refuse(reason, evidence);
        return answered(record, reason.status(), StatusWriter.GATEWAY, 3_200);
    }

    private static Map<String, FlightRecord> cases() {
        Map<String, FlightRecord> cases = new TreeMap<>();
        FlightRecord passed = called(1, true);
        passed.connectionIdleMillis(40);
        passed.upstreamBytesReceived(1_300);
        passed.statusReceived(200);
        stamp(passed, Stage.FIRST_BYTE, 900);
        cases.put("passed", answered(passed, 200, StatusWriter.UPSTREAM, 960));
        FlightRecord noKey = record(2);
        noKey.productId("orders");
        noKey.target("/orders/17?user-key=demo-key-1");
        stamp(noKey, Stage.ROUTED, 12);
        cases.put("no-key", refused(noKey, Reason.NO_CREDENTIALS, "looked for user_key in the query; found user-key (query)"));
        FlightRecord wrongKey = identified(3);
        wrongKey.decision(FlightRecord.Outcome.DENIED);
        stamp(wrongKey, Stage.METER, 31);
        cases.put("wrong-key", refused(wrongKey, Reason.USER_KEY_INVALID, "no application of product orders has the user key dem…"));
        FlightRecord limit = identified(4);
        limit.applicationId("alice");
        limit.decision(FlightRecord.Outcome.DENIED);
        limit.limitMetric("hits");
        limit.limitPeriod(Period.MINUTE);
        limit.limitMax(5);
        limit.limitValue(5);
        limit.limitAsked(1);
        limit.limitEnds(RECEIVED / 1000 / 60 * 60 + 60);
        stamp(limit, Stage.METER, 31);
        cases.put("over-limit", refused(limit, Reason.LIMIT, "hits per minute: 5 counted + 1 asked > 5 of plan basic"));
        FlightRecord noRule = record(5);
        noRule.productId("orders");
        noRule.target("/v2/orders");
        stamp(noRule, Stage.ROUTED, 12);
        cases.put("no-rule", refused(noRule, Reason.NO_MAPPING_RULE, "GET /v2/orders matched none of 14 rules; closest is GET /v1/orders"));
        cases.put("no-host", refused(record(6), Reason.NO_HOST, "host api.example.com belongs to no product; nearest is api.example.org"));
        cases.put("upstream-refused", failed(authorized(7), Reason.UPSTREAM_REFUSED,
                "http://orders.internal:8080 at 10.0.3.9:8080: connection refused after 0.2 ms; 2 addresses tried"));
        cases.put("upstream-reset-early", failed(called(8, false), Reason.UPSTREAM_RESET_EARLY,
                "http://orders.internal:8080 at 10.0.3.9:8080: RST 0.2 ms after the request was sent, no byte of an answer"));
        FlightRecord stale = called(9, true);
        stale.method("POST");
        stale.upstreamCloseMillis(60_000);
        stale.poolIdleMillis(75_000);
        cases.put("upstream-stale-reuse", failed(stale, Reason.UPSTREAM_STALE_REUSE,
                "http://orders.internal:8080 at 10.0.3.9:8080: FIN 0.2 ms after our first byte; POST is not idempotent"));
        cases.put("upstream-silent", failed(called(10, false), Reason.UPSTREAM_FIRST_BYTE_TIMEOUT,
                "http://orders.internal:8080 at 10.0.3.9:8080: request sent completely, no byte of an answer within 60 s"));
        FlightRecord truncated = called(11, false);
        truncated.statusReceived(200);
        truncated.upstreamBytesReceived(40);
        truncated.upstreamBytesExpected(100);
        truncated.refuse(Reason.UPSTREAM_TRUNCATED, "http://orders.internal:8080 at 10.0.3.9:8080: FIN after 40 of 100 bytes of the body");
        cases.put("upstream-truncated", answered(truncated, 200, StatusWriter.UPSTREAM, 4_000));
        cases.put("upstream-speaks-tls", failed(called(12, false), Reason.UPSTREAM_PROTOCOL,
                "http://orders.internal:8080 at 10.0.3.9:8080: first bytes 15 03 03 00 02 02 46, that is a TLS alert"));
        cases.put("upstream-certificate-expired", failed(authorized(13), Reason.UPSTREAM_TLS_EXPIRED,
                "https://orders.internal:8443 at 10.0.3.9:8443: certificate CN=orders.internal expired 2026-11-19T10:00:00Z, 26 h ago"));
        cases.put("upstream-certificate-name", failed(authorized(14), Reason.UPSTREAM_TLS_NAME,
                "https://orders.internal:8443 at 10.0.3.9:8443: the certificate is for stock.internal, expected was orders.internal (sent as SNI)"));
        cases.put("upstream-certificate-unknown", failed(authorized(15), Reason.UPSTREAM_TLS_CHAIN,
                "https://orders.internal:8443 at 10.0.3.9:8443: issuer CN=Corporate CA is not among the trusted certificates"));
        cases.put("name-not-found", failed(authorized(16), Reason.DNS_NXDOMAIN,
                "orders.internal: NXDOMAIN from 10.0.0.2:53; tried orders.internal, orders.internal.example.com"));
        FlightRecord status = called(17, true);
        status.statusReceived(503);
        status.refuse(Reason.UPSTREAM_STATUS, null);
        stamp(status, Stage.FIRST_BYTE, 900);
        cases.put("upstream-status", answered(status, 503, StatusWriter.UPSTREAM, 960));
        FlightRecord metered = meterCall(30, "/transactions/authrep.xml?service_id=7301&app_id=shop-web&usage%5Bcatalog%5D=2");
        metered.decision(FlightRecord.Outcome.GRANTED);
        metered.note("application shop-web by app_id and app_key s3…, state active, plan 9");
        metered.usage("catalog", 2);
        metered.usage("hits", 2);
        metered.namedMetrics(1);
        metered.journalSequence(4711);
        stamp(metered, Stage.METER, 31);
        stamp(metered, Stage.COMMITTED, 1_431);
        cases.put("meter-counted", answered(metered, 200, StatusWriter.METER, 1_460));
        FlightRecord overLimit = meterCall(31, "/transactions/authrep.xml?service_id=7301&app_id=shop-web&usage%5Bcatalog%5D=10");
        overLimit.decision(FlightRecord.Outcome.DENIED);
        overLimit.note("application shop-web by app_id and app_key s3…, state active, plan 9");
        overLimit.note("would be refused as well: L-LIMIT, hits per month: 995 counted, allowed are 1000");
        overLimit.usage("catalog", 10);
        overLimit.usage("hits", 10);
        overLimit.namedMetrics(1);
        overLimit.limitMetric("hits");
        overLimit.limitPeriod(Period.HOUR);
        overLimit.limitMax(60);
        overLimit.limitValue(55);
        overLimit.limitAsked(10);
        overLimit.limitEnds(RECEIVED / 1000 / 3600 * 3600 + 3600);
        stamp(overLimit, Stage.METER, 31);
        overLimit.refuse(Reason.LIMIT, "hits per hour: 55 counted, this call adds 10, plan 9 allows 60");
        cases.put("meter-over-limit", answered(overLimit, 409, StatusWriter.METER, 60));
        FlightRecord voided = meterCall(32, "/transactions.xml");
        voided.method("POST");
        voided.decision(FlightRecord.Outcome.DENIED);
        voided.note("transaction 4: M-TRANSACTION-OLD, reporting transactions older than 86400 seconds is not allowed");
        stamp(voided, Stage.METER, 90);
        voided.refuse(Reason.METRIC_INVALID, "transaction 2 of 5: metric \"hist\" is invalid; the whole report is void");
        cases.put("meter-report-void", answered(voided, 202, StatusWriter.METER, 120));
        FlightRecord aborted = called(18, false);
        aborted.refuse(Reason.ABORTED,
                "the client closed its connection 5003 ms after its request; the upstream had been asked 5002 ms before and had not answered");
        stamp(aborted, Stage.DONE, 5_003_000);
        cases.put("client-left", aborted);
        return cases;
    }

    private static FlightRecord meterCall(long number, String target) {
        FlightRecord record = record(number);
        record.kind(FlightRecord.RequestKind.METER);
        record.target(target);
        record.host("meter:3000");
        record.productId("7301");
        record.applicationId("shop-web");
        record.credentialName("service_token");
        record.credential("acme-st");
        return record;
    }

    static Stream<String> names() {
        return cases().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("names")
    void anExplanationReadsAsInItsFile(String name) throws IOException {
        FlightRecord record = cases().get(name);
        assertThat(record).isNotNull();
        kept.add(record.copy());
        String text = explainer.explain(record.id().toString()).text();
        String folder = System.getProperty("explanations.write");
        if (folder != null) {
            Files.writeString(Path.of(folder, name + ".txt"), text);
        }
        assertThat(text).isEqualTo(file(name));
        assertThat(text.lines()).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(104));
        assertThat(text).doesNotContain("demo-key-1");
    }

    private static String file(String name) throws IOException {
        try (InputStream in = ExplainerTest.class.getResourceAsStream("/explanations/" + name + ".txt")) {
            assertThat(in).as("explanations/%s.txt", name).isNotNull();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void theSameReasonOfOthersIsCounted() {
        Consumer<FlightRecord> keep = record -> kept.add(record.copy());
        for (int i = 0; i < 4; i++) {
            keep.accept(failed(authorized(100 + i), Reason.UPSTREAM_REFUSED, "x"));
        }
        FlightRecord old = failed(authorized(200), Reason.UPSTREAM_REFUSED, "x");
        old.receivedMillis(RECEIVED - 7_200_000);
        keep.accept(old);
        keep.accept(failed(authorized(201), Reason.UPSTREAM_FIRST_BYTE_TIMEOUT, "x"));
        assertThat(explainer.explain(kept.getFirst().id().toString()).text())
                .contains("same reason 3 more times in the last hour for product orders among the records kept");
    }

    @Test
    void whatIsNoIdIsSaidSo() {
        assertThat(explainer.explain(" hello "))
                .isEqualTo(new Explanation.Unknown("\"hello\" is not a request id (expected: the X-Request-Id of an answer, 26 letters"
                        + " and digits such as 01K5DJWXXA28T1YBHX9HDPMYC8)"));
    }

    @Test
    void anIdWithoutARecordTellsWhenItWasMade() {
        assertThat(explainer.explain(record(1).id().toString()).text())
                .contains("no record of " + record(1).id() + ": it was made 28 s ago, at 2026-11-20T12:04:31Z")
                .contains("access log");
        assertThat(explainer.explain(new RequestId(NOW.plusSeconds(3_600).toEpochMilli() << 16, 1).toString()).text())
                .contains("made in the future");
    }

    @Test
    void lettersMayBeSmall() {
        kept.add(refused(record(1), Reason.NO_HOST, "x").copy());
        assertThat(explainer.explain(kept.getFirst().id().toString().toLowerCase(Locale.ROOT)))
                .isInstanceOf(Explanation.Found.class);
    }
}
