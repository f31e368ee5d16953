package io.tollkeeper.meter;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

import io.tollkeeper.core.flight.RequestId;
import io.tollkeeper.core.verdict.VerdictRules;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// What the record of a call tells whoever has to explain it: facts known when it was decided, told to nobody else.
class MeterFlightTest {

    private static final String CALLER = "service_token=st-secret&service_id=1";

    private RunningMeter meter;

    @BeforeEach
    void start() throws IOException {
        meter = RunningMeter.start();
        internal("PUT", "/services/1", "{\"service\":{\"id\":\"1\",\"provider_key\":\"pk\",\"backend_version\":\"2\",\"referrer_filters_required\":true}}");
        internal("PUT", "/services/Two", "{\"service\":{\"id\":\"Two\",\"provider_key\":\"pk2\",\"backend_version\":\"2\"}}");
        internal("POST", "/service_tokens/", "{\"service_tokens\":{\"st-secret\":{\"service_id\":\"1\"}}}");
        internal("PUT", "/services/1/metrics/1", "{\"metric\":{\"name\":\"hits\"}}");
        internal("PUT", "/services/1/metrics/2", "{\"metric\":{\"name\":\"catalog\",\"parent_id\":\"1\"}}");
        internal("PUT", "/services/1/plans/9/usagelimits/1/hour", "{\"usagelimit\":{\"hour\":5}}");
        internal("PUT", "/services/1/plans/9/usagelimits/1/eternity", "{\"usagelimit\":{\"eternity\":4}}");
        internal("PUT", "/services/1/applications/app", "{\"application\":{\"state\":\"active\",\"plan_id\":\"9\"}}");
        internal("PUT", "/services/1/applications/asleep", "{\"application\":{\"state\":\"suspended\",\"plan_id\":\"9\"}}");
        internal("POST", "/services/1/applications/asleep/keys/", "{\"application_key\":{\"value\":\"right-key\"}}");
        internal("POST", "/services/1/applications/asleep/referrer_filters", "{\"referrer_filter\":\"*.acme.test\"}");
    }

    @AfterEach
    void stop() {
        meter.close();
    }

    @Test
    void aCountedCallTellsWhoCalledWhatItRolledUpToAndWhereItWasWritten() throws IOException {
        assertThat(explain("/transactions/authrep.xml?" + CALLER + "&app_id=app&app_key=any-key&usage[catalog]=2"))
                .contains("product 1, application app, service_token st-…")
                .contains("usage catalog=2, rolled up to hits=2")
                .contains("application app by app_id and app_key an…, state active, plan 9")
                .containsPattern("counted as row \\d+ of the journal, on disk .* later")
                .doesNotContain("st-secret").doesNotContain("any-key");
    }

    @Test
    void aLimitIsToldWithItsWindowAndTheOthersThatWouldRefuseAsWell() throws IOException {
        assertThat(explain("/transactions/authrep.xml?" + CALLER + "&app_id=app&usage[catalog]=6"))
                .contains("hits per eternity: 0 counted, this call adds 6, plan 9 allows 4")
                .contains("would be refused as well: L-LIMIT, hits per hour: 0 counted, allowed are 5")
                .contains("nothing was counted");
        internal("DELETE", "/services/1/plans/9/usagelimits/1/eternity", "");
        assertThat(explain("/transactions/authrep.xml?" + CALLER + "&app_id=app&usage[catalog]=6"))
                .containsPattern("limit hits per hour: 0 counted, this call asks for 6, allowed are 5; window .*Z to .*Z, starts anew \\d+ s after this call");
    }

    @Test
    void allValidatorsThatWouldFailAreToldNotOnlyTheFirst() throws IOException {
        assertThat(explain("/transactions/authorize.xml?" + CALLER + "&app_id=asleep&app_key=wrong-key&referrer=evil.test&usage[hits]=7"))
                .contains("app_key wro… is none of the application's 1")
                .contains("would be refused as well: A-REFERRER, \"evil.test\" matches none of [*.acme.test]")
                .contains("would be refused as well: A-APP-")
                .contains("would be refused as well: L-LIMIT, hits per hour")
                .doesNotContain("wrong-key");
    }

    @Test
    void anUnknownMetricIsToldWithTheNearestOne() throws IOException {
        assertThat(explain("/transactions/authrep.xml?" + CALLER + "&app_id=app&usage[hist]=1"))
                .contains("product 1 has no metric \"hist\" (did you mean hits?)");
    }

    @Test
    void credentialsOfAnotherProductAreToldToTheOperatorOnly() throws IOException {
        assertThat(explain("/transactions/authorize.xml?service_token=st-secret&service_id=Two&app_id=app"))
                .contains("the service token is good for product 1").contains("product Two exists, but not for these credentials");
        assertThat(explain("/transactions/authorize.xml?provider_key=pk2&service_id=two&app_id=app"))
                .contains("the provider key has product Two").contains("there is no product \"two\", but Two (blanks and letter case count)");
        assertThat(explain("/transactions/authorize.xml?service_token=unknown&service_id=1&app_id=app"))
                .contains("no product has this service token");
    }

    @Test
    void aVoidedReportTellsEveryBadTransaction() throws IOException {
        var form = CALLER + "&transactions[0][app_id]=app&transactions[0][usage][hits]=1&transactions[0][timestamp]=yesterday"
                + "&transactions[1][app_id]=app&transactions[1][usage][hist]=1&transactions[2][app_id]=app&transactions[2][usage][hits]=x";
        assertThat(explain("POST /transactions.xml HTTP/1.1\r\nHost: m\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
                        + form.length() + "\r\n\r\n" + form, 202))
                .contains("transaction 1 of 3: metric \"hist\" is invalid; the whole report is void")
                .contains("transaction 2: ").contains("timestamp \"yesterday\"").contains("was not told");
    }

    @Test
    void ignoredOptionsAreNoted() throws IOException {
        assertThat(explain("GET /transactions/authorize.xml?" + CALLER + "&app_id=app HTTP/1.1\r\nHost: m\r\n3scale-options: a=%zz\r\n\r\n", 200))
                .contains("3scale-options ignored");
    }

    @Test
    void secretsInPathsOfTheInternalApiAreNotKept() {
        assertThat(InternalPath.redacted("/internal/services/1/applications/key/0123456789?x=1"))
                .isEqualTo("/internal/services/1/applications/key/012…?x=1");
        assertThat(InternalPath.redacted("/internal/service_tokens/abcdefghij/1/provider_key")).isEqualTo("/internal/service_tokens/abc…/1/provider_key");
        assertThat(InternalPath.redacted("/internal/services/1/applications/a/ke%79s/abcdefghij"))
                .doesNotContain("abcdefghij");
        assertThat(InternalPath.redacted("/internal/services/1/metrics/2")).isEqualTo("/internal/services/1/metrics/2");
    }

    @Test
    void callsAreCountedUnderTheOriginalsNamesAndByReason() throws IOException {
        explain("/transactions/authrep.xml?" + CALLER + "&app_id=app&usage[hist]=1");
        explain("/transactions/authrep.xml?" + CALLER + "&app_id=app&usage[hits]=1");
        assertThat(meter.metrics())
                .contains("apisonator_listener_response_codes{request_type=\"authrep\",resp_code=\"2xx\"} 1\n")
                .contains("apisonator_listener_response_codes{request_type=\"authrep\",resp_code=\"404\"} 1\n")
                .contains("apisonator_listener_response_times_seconds_count{request_type=\"authrep\"} 2\n")
                .contains("apisonator_listener_internal_api_response_codes{request_type=\"usagelimits\",resp_code=\"2xx\"} 2\n")
                .contains("tollkeeper_meter_reasons_total{reason=\"L-METRIC-UNKNOWN\"} 1\n");
    }

    private String explain(String target) throws IOException {
        return explain("GET " + target + " HTTP/1.1\r\nHost: m\r\n\r\n", 0);
    }

    private String explain(String request, int status) throws IOException {
        try (var client = RawClient.connect(meter.port())) {
            var answer = client.send(request).answer();
            if (status != 0) {
                assertThat(answer.status()).isEqualTo(status);
            }
            var id = RequestId.parse(String.valueOf(answer.header("x-request-id")));
            assertThat(id).isNotNull();
            return VerdictRules.explain(Eventually.value("record " + id, () -> meter.flights.find(id), found -> found != null)).text();
        }
    }

    private void internal(String method, String path, String json) throws IOException {
        try (var client = RawClient.connect(meter.port())) {
            var answer = client.send(method + " /internal" + path + " HTTP/1.1\r\nHost: m\r\nAuthorization: " + RunningMeter.authorization()
                            + "\r\nContent-Length: " + json.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + json)
                    .answer();
            assertThat(answer.status()).as(method + " " + path + " " + answer.text()).isIn(200, 201);
        }
    }
}
