package io.tollkeeper.meter;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

import io.tollkeeper.core.usage.UsageJournal;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// The table of the specification's section 18, row by row: what providers use of the meter itself.
class ProviderTrafficTest {

    private static final String CALLER = "provider_key=pk&service_id=1";

    private RunningMeter meter;

    @BeforeEach
    void start() throws IOException {
        meter = RunningMeter.start();
        internal("PUT", "/services/master", "{\"service\":{\"id\":\"master\",\"provider_key\":\"master-pk\",\"backend_version\":\"1\"}}");
        internal("PUT", "/services/master/metrics/1", "{\"metric\":{\"name\":\"transactions\"}}");
        internal("PUT", "/services/master/metrics/2", "{\"metric\":{\"name\":\"transactions/authorize\"}}");
        internal("PUT", "/services/master/applications/acme", "{\"application\":{\"state\":\"active\"}}");
        internal("PUT", "/services/master/applications/acme/key/pk", "");
        internal("PUT", "/services/1", "{\"service\":{\"id\":\"1\",\"provider_key\":\"pk\",\"backend_version\":\"2\"}}");
        internal("PUT", "/services/2", "{\"service\":{\"id\":\"2\",\"provider_key\":\"stranger\",\"backend_version\":\"2\"}}");
        internal("POST", "/service_tokens/", "{\"service_tokens\":{\"st\":{\"service_id\":\"1\"}}}");
        internal("PUT", "/services/1/metrics/1", "{\"metric\":{\"name\":\"hits\"}}");
        internal("PUT", "/services/1/plans/9/usagelimits/1/eternity", "{\"usagelimit\":{\"eternity\":1000}}");
        internal("PUT", "/services/1/applications/app", "{\"application\":{\"state\":\"active\",\"plan_id\":\"9\"}}");
        internal("PUT", "/services/1/applications/off", "{\"application\":{\"state\":\"suspended\"}}");
    }

    @AfterEach
    void stop() {
        meter.close();
    }

    @Test
    void everyAuthorizeIsACallWhateverComesOfIt() throws IOException {
        assertThat(authorize(CALLER + "&app_id=app").status()).isEqualTo(200);
        assertThat(authorize("service_token=st&service_id=1&app_id=app").status()).isEqualTo(200);
        assertThat(authorize(CALLER + "&app_id=off").status()).isEqualTo(409);
        assertThat(authorize(CALLER + "&app_id=ghost").status()).isEqualTo(404);
        assertThat(authorize(CALLER + "&app_id=app&usage[nope]=1").status()).isEqualTo(404);
        assertThat(authorize("provider_key=pk&service_id=nowhere&app_id=app").status()).isEqualTo(403);
        assertThat(used()).isEqualTo("6 calls, 0 transactions");
    }

    @Test
    void whatIsRefusedBeforeTheServiceIsLookedForIsNone() throws IOException {
        assertThat(authorize("service_token=wrong&service_id=1&app_id=app").status()).isEqualTo(403);
        assertThat(authorize(CALLER + "&app_id=app&user_id=1").status()).isEqualTo(400);
        assertThat(authorize(CALLER + "&app_id=app&usage=1").status()).isEqualTo(403);
        assertThat(authorize(CALLER + "&app_id=%ff").status()).isEqualTo(422);
        assertThat(used()).isEqualTo("0 calls, 0 transactions");
    }

    @Test
    void anAuthrepIsATransactionOnlyIfItCountsUsage() throws IOException {
        assertThat(authrep("&app_id=app&usage[hits]=2").status()).isEqualTo(200);
        assertThat(used()).isEqualTo("1 calls, 1 transactions");
        assertThat(authrep("&app_id=app&log[code]=200").status()).isEqualTo(200);
        assertThat(used()).isEqualTo("2 calls, 1 transactions");
        assertThat(authrep("&app_id=app").status()).isEqualTo(200);
        assertThat(authrep("&app_id=app&usage[hits]=0").status()).isEqualTo(200);
        assertThat(used()).isEqualTo("4 calls, 1 transactions");
        assertThat(authrep("&app_id=app&usage[hits]=2000").status()).isEqualTo(409);
        assertThat(authrep("&app_id=off&usage[hits]=1").status()).isEqualTo(409);
        assertThat(authrep("&app_id=ghost&usage[hits]=1").status()).isEqualTo(404);
        assertThat(used()).isEqualTo("7 calls, 1 transactions");
        assertThat(authrep("&app_id=app&usage[nope]=1").status()).isEqualTo(404);
        assertThat(authrep("&app_id=app&usage[hits]=x").status()).isEqualTo(403);
        assertThat(authrep("&app_id=app&user_key=x").status()).isEqualTo(403);
        assertThat(used()).isEqualTo("7 calls, 1 transactions");
    }

    @Test
    void aReportIsAsManyTransactionsAsUseSomething() throws IOException {
        assertThat(report("transactions[0][app_id]=app&transactions[0][usage][hits]=5"
                + "&transactions[1][app_id]=app&transactions[1][usage][hits]=0&transactions[2][app_id]=app").status()).isEqualTo(202);
        assertThat(used()).isEqualTo("0 calls, 2 transactions");
        assertThat(report("transactions[0][app_id]=app&transactions[0][usage][hits]=0").status()).isEqualTo(202);
        assertThat(used()).isEqualTo("0 calls, 2 transactions");
        assertThat(report("transactions[0][app_id]=ghost&transactions[0][usage][hits]=1").status()).as("voided later in the original").isEqualTo(202);
        assertThat(used()).isEqualTo("0 calls, 3 transactions");
        assertThat(report("transactions=").status()).isEqualTo(400);
        assertThat(used()).isEqualTo("0 calls, 3 transactions");
    }

    @Test
    void providersWhoAreNoApplicationAndKeysOfNobodyAreDropped() throws IOException {
        assertThat(authorize("provider_key=stranger&service_id=2&app_id=app").status()).isEqualTo(404);
        assertThat(authorize("provider_key=nobody&service_id=2&app_id=app").status()).isEqualTo(403);
        assertThat(authorize(CALLER + "&app_id=app").status()).isEqualTo(200);
        assertThat(used()).isEqualTo("1 calls, 0 transactions");
    }

    @Test
    void whatWasTakenBackIsNotCountedAndSumsWaitForTheJournal() throws IOException {
        assertThat(authorize(CALLER + "&app_id=app").status()).isEqualTo(200);
        meter.journal.refuseWith(UsageJournal.UNWRITABLE);
        assertThat(authrep("&app_id=app&usage[hits]=2").status()).isEqualTo(503);
        assertThat(report("transactions[0][app_id]=app&transactions[0][usage][hits]=5").status()).isEqualTo(503);
        meter.traffic.handIn();
        meter.journal.refuseWith(0);
        meter.journal.failNext();
        assertThat(authrep("&app_id=app&usage[hits]=2").status()).isEqualTo(503);
        assertThat(used()).isEqualTo("1 calls, 0 transactions");
    }

    // ---- asking

    private String used() throws IOException {
        meter.traffic.handIn();
        return counter("transactions/authorize") + " calls, " + counter("transactions") + " transactions";
    }

    private long counter(String metric) throws IOException {
        var text = internal("GET", "/services/master/counters?app_id=acme&period=eternity&metric=" + metric, "").text();
        return Long.parseLong(text.replaceAll("\\D", ""));
    }

    private RawAnswer authorize(String query) throws IOException {
        return send("GET /transactions/authorize.xml?" + query, "", "");
    }

    private RawAnswer authrep(String more) throws IOException {
        return send("GET /transactions/authrep.xml?" + CALLER + more, "", "");
    }

    private RawAnswer report(String form) throws IOException {
        return send("POST /transactions.xml?" + CALLER, "", form);
    }

    private RawAnswer internal(String method, String path, String json) throws IOException {
        var answer = send(method + " /internal" + path, "Authorization: " + RunningMeter.authorization() + "\r\n", json);
        assertThat(answer.status()).as(method + " " + path + " " + answer.text()).isIn(200, 201);
        return answer;
    }

    private RawAnswer send(String start, String headers, String body) throws IOException {
        try (var client = RawClient.connect(meter.port())) {
            return client.send(start + " HTTP/1.1\r\nHost: m\r\n" + headers + "Content-Length: "
                            + body.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + body)
                    .answer();
        }
    }
}
