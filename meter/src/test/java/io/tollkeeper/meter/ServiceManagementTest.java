package io.tollkeeper.meter;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.UsageJournal;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// What cannot be told by one request and its answer: waiting, order, failure, size, many at once.
class ServiceManagementTest {

    private static final String CALLER = "service_token=st&service_id=1";

    private RunningMeter meter;

    @BeforeEach
    void start() throws IOException {
        meter = RunningMeter.start();
        internal("PUT", "/services/1", "{\"service\":{\"id\":\"1\",\"provider_key\":\"pk\",\"backend_version\":\"2\"}}");
        internal("POST", "/service_tokens/", "{\"service_tokens\":{\"st\":{\"service_id\":\"1\"}}}");
        internal("PUT", "/services/1/metrics/1", "{\"metric\":{\"name\":\"hits\"}}");
        internal("PUT", "/services/1/plans/9/usagelimits/1/eternity", "{\"usagelimit\":{\"eternity\":1000}}");
        internal("PUT", "/services/1/applications/app", "{\"application\":{\"state\":\"active\",\"plan_id\":\"9\"}}");
    }

    @AfterEach
    void stop() {
        meter.close();
    }

    @Test
    void sixtyFourClientsAgainstALimitOfAThousandPassExactlyAThousandTimes() throws Exception {
        var passed = new AtomicInteger();
        var denied = new AtomicInteger();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> clients = new ArrayList<>();
            var go = new CountDownLatch(1);
            for (int i = 0; i < 64; i++) {
                clients.add(threads.submit((Callable<Void>) () -> {
                    try (var client = RawClient.connect(meter.port())) {
                        go.await();
                        for (int k = 0; k < 25; k++) {
                            client.send(get("/transactions/authrep.xml?" + CALLER + "&app_id=app&usage[hits]=1", "3scale-options: no_body=1"));
                            (client.answer().status() == 200 ? passed : denied).incrementAndGet();
                        }
                    }
                    return null;
                }));
            }
            go.countDown();
            for (var client : clients) {
                client.get();
            }
        }
        assertThat(passed.get()).isEqualTo(1000);
        assertThat(denied.get()).isEqualTo(600);
        assertThat(counter("&app_id=app")).isEqualTo(1000);
        assertThat(counter("")).isEqualTo(1000);
    }

    @Test
    void anAuthrepIsAnsweredWhenItIsCommittedAndAnAuthorizeAtOnce() throws IOException {
        meter.journal.hold();
        try (var counting = RawClient.connect(meter.port()); var asking = RawClient.connect(meter.port())) {
            counting.send(get(authrep()));
            assertThat(counting.hearsNothingFor(Duration.ofMillis(100))).isTrue();
            assertThat(asking.send(get(authorize())).answer().text()).contains("<current_value>1</current_value>");
            meter.journal.release();
            assertThat(counting.answer().text()).contains("<current_value>1</current_value>");
        }
    }

    @Test
    void answersComeInTheOrderOfTheRequestsOfAConnection() throws IOException {
        meter.journal.hold();
        try (var client = RawClient.connect(meter.port())) {
            client.send(get(authrep()) + get(authorize()) + post("transactions[0][app_id]=app&transactions[0][usage][hits]=5") + get("/status"));
            assertThat(client.hearsNothingFor(Duration.ofMillis(100))).isTrue();
            meter.journal.release();
            assertThat(client.answer().text()).contains("<current_value>1<");
            assertThat(client.answer().text()).contains("<current_value>1<");
            assertThat(client.answer().status()).isEqualTo(202);
            assertThat(client.answer().text()).contains("3.4.3");
        }
        assertThat(counter("&app_id=app")).isEqualTo(6);
    }

    @Test
    void aClientThatLeavesBeforeTheCommitHarmsNobody() throws IOException {
        meter.journal.hold();
        var leaving = RawClient.connect(meter.port());
        leaving.send(get(authrep()));
        assertThat(leaving.hearsNothingFor(Duration.ofMillis(50))).isTrue();
        leaving.reset();
        meter.journal.release();
        Eventually.holds("counted all the same", () -> counter("&app_id=app") == 1);
        assertThat(exchange("GET", get(authrep())).status()).isEqualTo(200);
    }

    @Test
    void whatCannotBeWrittenIsAnswered503WithABodyAndCountsNothing() throws IOException {
        exchange("GET", get(authorize()));
        meter.journal.refuseWith(UsageJournal.UNWRITABLE);
        var answer = exchange("GET", get(authrep(), "3scale-options: no_body=1"));
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.header("retry-after")).isEqualTo("1");
        assertThat(answer.text()).startsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?><error code=\"service_unavailable\">");
        assertThat(exchange("POST", post("transactions[0][app_id]=app&transactions[0][usage][hits]=1")).status()).isEqualTo(503);
        assertThat(exchange("GET", get(authorize())).text()).contains("<current_value>0<");
        meter.journal.refuseWith(UsageJournal.FULL);
        assertThat(exchange("GET", get(authrep())).status()).isEqualTo(503);
        assertThat(reasons()).contains(Reason.STORE_UNWRITABLE, Reason.OVERLOAD);
        meter.journal.refuseWith(0);
        assertThat(exchange("GET", get(authrep())).text()).contains("<current_value>1<");
    }

    @Test
    void aRowThatIsTakenBackIsAnswered503() throws IOException {
        meter.journal.failNext();
        assertThat(exchange("GET", get(authrep())).status()).isEqualTo(503);
        assertThat(exchange("GET", get(authrep())).status()).isEqualTo(200);
    }

    @Test
    void applicationsThatCannotBeLoadedAreAnswered503UntilTheyCan() throws IOException {
        meter.loader.full = true;
        assertThat(exchange("GET", get(authorize())).status()).isEqualTo(503);
        meter.loader.full = false;
        meter.loader.broken = true;
        assertThat(exchange("GET", get(authorize())).status()).isEqualTo(503);
        assertThat(exchange("POST", post("transactions[0][app_id]=app&transactions[0][usage][hits]=1")).status()).isEqualTo(503);
        meter.loader.broken = false;
        assertThat(exchange("GET", get(authorize())).status()).isEqualTo(200);
        assertThat(reasons()).contains(Reason.METER_OVERLOAD, Reason.STORE_UNREADABLE);
    }

    @Test
    void aReportOfManyUnknownApplicationsLoadsThemAllAndCountsOnce() throws IOException {
        var form = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            internal("PUT", "/services/1/applications/many" + i, "{\"application\":{\"state\":\"active\"}}");
            form.append("&transactions[").append(i).append("][app_id]=many").append(i).append("&transactions[").append(i).append("][usage][hits]=2");
        }
        assertThat(exchange("POST", post(form.substring(1))).status()).isEqualTo(202);
        assertThat(counter("")).isEqualTo(200);
        assertThat(meter.journal.rows()).isEqualTo(1);
    }

    @Test
    void headRunsTheWholeCallAndCounts() throws IOException {
        var answer = exchange("HEAD", get(authrep()).replaceFirst("GET", "HEAD"));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.bodyLength()).isZero();
        assertThat(Integer.parseInt(answer.header("content-length"))).isPositive();
        assertThat(counter("&app_id=app")).isEqualTo(1);
    }

    @Test
    void bodiesThatAreTooLargeAreReadToTheirEndSoThatTheAnswerArrives() throws IOException {
        for (int megabytes : new int[] {5, 10}) {
            var answer = exchange("POST", post("pad=" + "x".repeat(megabytes << 20)));
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.text()).contains("total query size exceeds limit (4194304)");
        }
    }

    @Test
    void chunkedBodiesThatAreTooLargeAsWell() throws IOException {
        var answer = exchange("POST", "POST /transactions.xml HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\n500000\r\n"
                + "x".repeat(0x500000) + "\r\n0\r\n\r\n");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text()).contains("total query size exceeds limit (4194304)");
    }

    @Test
    void aConnectionGoesOnAfterARefusedBody() throws IOException {
        try (var client = RawClient.connect(meter.port())) {
            for (int i = 0; i < 3; i++) {
                client.send("POST /nowhere HTTP/1.1\r\nHost: m\r\nContent-Length: 200000\r\n\r\n" + "x".repeat(200_000));
                assertThat(client.answer().status()).isEqualTo(404);
            }
            assertThat(client.send(get(authorize())).answer().status()).isEqualTo(200);
        }
    }

    @Test
    void aChunkedFormIsAForm() throws IOException {
        var form = CALLER + "&transactions[0][app_id]=app&transactions[0][usage][hits]=3";
        var answer = exchange("POST", "POST /transactions.xml HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\n"
                + Integer.toHexString(10) + "\r\n" + form.substring(0, 10) + "\r\n"
                + Integer.toHexString(form.length() - 10) + "\r\n" + form.substring(10) + "\r\n0\r\n\r\n");
        assertThat(answer.status()).isEqualTo(202);
        assertThat(counter("&app_id=app")).isEqualTo(3);
    }

    @Test
    void aClientThatAsksWhetherItMaySendIsTold() throws IOException {
        var form = CALLER + "&transactions[0][app_id]=app&transactions[0][usage][hits]=3";
        try (var client = RawClient.connect(meter.port())) {
            client.send("POST /transactions.xml HTTP/1.1\r\nHost: m\r\nExpect: 100-continue\r\nContent-Length: " + form.length() + "\r\n\r\n");
            assertThat(client.hearsNothingFor(Duration.ofSeconds(5))).isFalse();
            var answer = client.send(form).answer();
            assertThat(answer.interim()).containsExactly(100);
            assertThat(answer.status()).isEqualTo(202);
            client.send("POST /transactions.xml HTTP/1.1\r\nHost: m\r\nExpect: 100-continue\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n");
            answer = client.answer();
            assertThat(answer.interim()).isEmpty();
            assertThat(answer.status()).isEqualTo(400);
        }
    }

    @Test
    void formsInMemoryHaveABudgetOverAllConnections() throws IOException {
        List<RawClient> waiting = new ArrayList<>();
        try {
            for (int i = 0; i < 16; i++) {
                var client = RawClient.connect(meter.port());
                client.send("POST /transactions.xml HTTP/1.1\r\nHost: m\r\nContent-Length: 4194304\r\n\r\na=");
                waiting.add(client);
            }
            Eventually.holds("the budget is used up", () ->
                    exchange("POST", post("transactions[0][app_id]=app&transactions[0][usage][hits]=1")).status() == 503);
        } finally {
            for (var client : waiting) {
                client.close();
            }
        }
        Eventually.holds("and given back", () ->
                exchange("POST", post("transactions[0][app_id]=app&transactions[0][usage][hits]=1")).status() == 202);
    }

    @Test
    void requestLinesUpToSixteenKibibytesAreRead() throws IOException {
        assertThat(exchange("GET", get(authorize() + "&pad=" + "x".repeat(15_000))).status()).isEqualTo(200);
        var answer = exchange("GET", get(authorize() + "&pad=" + "x".repeat(17_000)));
        assertThat(answer.status()).isEqualTo(414);
    }

    @Test
    void garbageIsRefusedAndTheMeterGoesOn() throws IOException {
        for (var garbage : new String[] {"\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"}) {
            try (var client = RawClient.connect(meter.port())) {
                assertThat(client.send(garbage).answer().status()).isEqualTo(400);
            }
        }
        assertThat(exchange("GET", get(authorize())).status()).isEqualTo(200);
    }

    @Test
    void aRefusalIsRecordedWithItsReasonAndEvidenceUnderTheIdInTheAnswer() throws IOException {
        exchange("POST", post("transactions[0][app_id]=app&transactions[0][usage][hits]=999"));
        var answer = exchange("GET", get("/transactions/authrep.xml?" + CALLER + "&app_id=app&usage[hits]=2"));
        assertThat(answer.status()).isEqualTo(409);
        var record = record(answer);
        assertThat(record.reason()).isEqualTo(Reason.LIMIT);
        assertThat(record.kind()).isEqualTo(FlightRecord.RequestKind.METER);
        assertThat(record.productId()).isEqualTo("1");
        assertThat(record.applicationId()).isEqualTo("app");
        assertThat(record.limitMetric()).isEqualTo("hits");
        assertThat(record.limitPeriod()).isEqualTo(Period.ETERNITY);
        assertThat(record.limitMax()).isEqualTo(1000);
        assertThat(record.limitValue()).isEqualTo(999);
        assertThat(record.limitAsked()).isEqualTo(2);
        assertThat(record.statusSent()).isEqualTo(409);
    }

    @Test
    void secretsOfCallersAreNotKept() throws IOException {
        var answer = exchange("GET", get("/transactions/authorize.xml?service_token=very-secret-token&service_id=1&app_id=app"));
        assertThat(answer.status()).isEqualTo(403);
        var record = record(answer);
        assertThat(record.reason()).isEqualTo(Reason.SERVICE_TOKEN_INVALID);
        assertThat(record.evidence()).doesNotContain("very-secret-token").contains("service_id=1");
        assertThat(record.target()).doesNotContain("very-secret-token");
    }

    @Test
    void aVoidedReportTellsWhyInItsRecord() throws IOException {
        var record = record(exchange("POST", post("transactions[0][app_id]=app&transactions[0][usage][hits]=1&transactions[7][app_id]=ghost&transactions[7][usage][hits]=1")));
        assertThat(record.reason()).isEqualTo(Reason.APPLICATION_NOT_FOUND);
        assertThat(record.evidence()).contains("transaction 1").contains("ghost");
    }

    @Test
    void aTimestampThatCannotBeReadIsCountedNowAndNoted() throws IOException {
        var answer = exchange("POST", post("transactions[0][app_id]=app&transactions[0][usage][hits]=2&transactions[0][timestamp]=2026-13-13"
                + "&transactions[1][app_id]=app&transactions[1][usage][hits]=3&transactions[1][timestamp]=soon"));
        assertThat(answer.status()).isEqualTo(202);
        assertThat(counter("&app_id=app")).isEqualTo(5);
        assertThat(record(answer).noteText(0)).isEqualTo("transaction 0: timestamp \"2026-13-13\" cannot be read, counted now"
                + " (expected: YYYY-MM-DD HH:MM:SS or UNIX seconds); 1 more");
    }

    @Test
    void anErrorToHeadHasNoBodySoThatTheNextAnswerIsFound() throws IOException {
        try (var client = RawClient.connect(meter.port())) {
            client.send("HEAD /transactions/authorize.xml?app_id=app HTTP/1.1\r\nHost: m\r\n\r\n" + get("/status")
                    + "HEAD /nowhere HTTP/1.1\r\nHost: m\r\n\r\n" + get("/check.txt"));
            var refused = client.answerTo("HEAD");
            assertThat(refused.status()).isEqualTo(403);
            assertThat(refused.header("content-length")).isEqualTo("141");
            assertThat(client.answer().text()).contains("3.4.3");
            assertThat(client.answerTo("HEAD").status()).isEqualTo(404);
            assertThat(client.answer().text()).isEqualTo("ok");
        }
    }

    @Test
    void aReportOfAThousandBadTransactionsListsThemAll() throws IOException {
        var form = new StringBuilder();
        for (int i = 0; i < 1_000; i++) {
            form.append(i == 0 ? "" : "&").append("transactions[").append(i).append("][app_id]=ghost").append(i);
        }
        assertThat(exchange("POST", post(form.toString())).status()).isEqualTo(202);
        var errors = internal("GET", "/services/1/errors/", "").text();
        assertThat(errors).contains("{\"index\":0,\"code\":\"application_not_found\",\"message\":\"application with id=\\\"ghost0\\\" was not found\"}");
        assertThat(errors.split("\"index\":")).hasSize(1_001);
        assertThat(errors).doesNotContain("more_transactions").endsWith("\"count\":1}");
    }

    @Test
    void aKeyGeneratedForAnApplicationIsThirtyTwoHexDigits() throws IOException {
        var answer = internal("POST", "/services/1/applications/app/keys/", "{\"application_key\":{}}");
        assertThat(answer.text()).matches("\\{\"status\":\"created\",\"application_key\":\\{\"app_id\":\"app\",\"value\":\"[0-9a-f]{32}\"}}");
    }

    @Test
    void changesAreEffectiveForTheNextCallWhateverWasAnsweredBefore() throws IOException {
        var call = get("/transactions/authorize.xml?" + CALLER + "&app_id=late&app_key=k", "3scale-options: no_body=1");
        assertThat(exchange("GET", call).status()).isEqualTo(404);
        internal("PUT", "/services/1/applications/late", "{\"application\":{\"state\":\"suspended\"}}");
        assertThat(exchange("GET", call).status()).isEqualTo(409);
        internal("PUT", "/services/1/applications/late", "{\"application\":{\"state\":\"active\"}}");
        assertThat(exchange("GET", call).status()).isEqualTo(200);
        internal("POST", "/services/1/applications/late/keys/", "{\"application_key\":{\"value\":\"other\"}}");
        assertThat(exchange("GET", call).status()).isEqualTo(409);
        internal("POST", "/services/1/applications/late/keys/", "{\"application_key\":{\"value\":\"k\"}}");
        assertThat(exchange("GET", call).status()).isEqualTo(200);
        internal("DELETE", "/services/1/applications/late", "");
        assertThat(exchange("GET", call).status()).isEqualTo(404);
        internal("DELETE", "/service_tokens/", "{\"service_tokens\":[{\"service_token\":\"st\",\"service_id\":\"1\"}]}");
        assertThat(exchange("GET", call).status()).isEqualTo(403);
        internal("POST", "/service_tokens/", "{\"service_tokens\":{\"st\":{\"service_id\":\"1\"}}}");
        assertThat(exchange("GET", call).status()).isEqualTo(404);
    }

    // ---- speaking to the meter

    private FlightRecord record(RawAnswer answer) {
        var id = answer.header("x-request-id");
        assertThat(id).hasSize(26);
        return Eventually.value(
                "the record of " + id,
                () -> meter.flights.newest(100).stream().filter(kept -> kept.id().toString().equals(id)).findFirst().orElseThrow(AssertionError::new),
                _ -> true);
    }

    private List<Reason> reasons() {
        return meter.flights.newest(100).stream().map(FlightRecord::reason).toList();
    }

    private static String authrep() {
        return "/transactions/authrep.xml?" + CALLER + "&app_id=app&usage[hits]=1";
    }

    private static String authorize() {
        return "/transactions/authorize.xml?" + CALLER + "&app_id=app";
    }

    private static String get(String target, String... headers) {
        return "GET " + target + " HTTP/1.1\r\nHost: meter.test\r\n" + String.join("\r\n", headers) + (headers.length > 0 ? "\r\n" : "") + "\r\n";
    }

    private static String post(String form) {
        var body = CALLER + "&" + form;
        return "POST /transactions.xml HTTP/1.1\r\nHost: meter.test\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
                + body.length() + "\r\n\r\n" + body;
    }

    private RawAnswer exchange(String method, String request) throws IOException {
        try (var client = RawClient.connect(meter.port())) {
            return client.send(request).answerTo(method);
        }
    }

    private RawAnswer internal(String method, String path, String json) throws IOException {
        var length = json.getBytes(StandardCharsets.UTF_8).length;
        var answer = exchange(method, method + " /internal" + path + " HTTP/1.1\r\nHost: m\r\nAuthorization: " + RunningMeter.authorization()
                + "\r\nContent-Length: " + length + "\r\n\r\n" + json);
        assertThat(answer.status()).as(method + " " + path + " " + answer.text()).isIn(200, 201);
        return answer;
    }

    private long counter(String more) throws IOException {
        var text = internal("GET", "/services/1/counters?metric=hits&period=eternity" + more, "").text();
        return Long.parseLong(text.replaceAll("\\D", ""));
    }
}
