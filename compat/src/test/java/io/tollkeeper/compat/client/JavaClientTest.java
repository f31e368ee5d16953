package io.tollkeeper.compat.client;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

import io.tollkeeper.compat.program.MeterInProcess;
import io.tollkeeper.compat.program.MovableClock;
import io.tollkeeper.compat.program.Wire;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import threescale.v3.api.AuthorizeResponse;
import threescale.v3.api.ParameterMap;
import threescale.v3.api.ServerError;
import threescale.v3.api.ServiceApi;
import threescale.v3.api.impl.ServerAccessorDriver;
import threescale.v3.api.impl.ServiceApiDriver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/// 3scale's Java client (`net.3scale:3scale-api`), unchanged, over real sockets: what an application that links it sees.
/// Values have no `&` here: the client sends it as it is, where it begins the next parameter.
class JavaClientTest {

    @TempDir
    private static Path folder;

    private static MeterInProcess meter;
    private static Wire wire;
    private static ServiceApi byToken;
    private static ServiceApi byProviderKey;

    @BeforeAll
    static void start() throws IOException {
        var clock = new MovableClock(Instant.parse("2026-11-20T16:27:05Z"));
        meter = MeterInProcess.start(folder.resolve("data"), clock);
        wire = new Wire(meter.port(), clock);
        byToken = ServiceApiDriver.createApi("127.0.0.1", meter.port(), false);
        byProviderKey = withProviderKey("acme-pk");
        put("/services/7301", "{\"service\":{\"id\":\"7301\",\"provider_key\":\"acme-pk\",\"backend_version\":\"2\",\"referrer_filters_required\":true}}");
        put("/services/7302", "{\"service\":{\"id\":\"7302\",\"provider_key\":\"acme-pk\",\"backend_version\":\"oauth\"}}");
        put("/services/7303", "{\"service\":{\"id\":\"7303\",\"provider_key\":\"acme-pk\",\"backend_version\":\"1\"}}");
        post("/service_tokens/", "{\"service_tokens\":{\"acme-st\":{\"service_id\":\"7301\"},\"acme-st2\":{\"service_id\":\"7302\"},\"acme-st3\":{\"service_id\":\"7303\"}}}");
        for (var service : List.of("7301", "7302", "7303")) {
            put("/services/" + service + "/metrics/" + service + "1", "{\"metric\":{\"name\":\"hits\"}}");
            put("/services/" + service + "/metrics/" + service + "2", "{\"metric\":{\"name\":\"catalog\",\"parent_id\":\"" + service + "1\"}}");
            put("/services/" + service + "/plans/9/usagelimits/" + service + "1/month", "{\"usagelimit\":{\"month\":1000}}");
            put("/services/" + service + "/plans/9/usagelimits/" + service + "2/eternity", "{\"usagelimit\":{\"eternity\":3}}");
        }
    }

    @SuppressWarnings("deprecation") // tokens are the newer way; programs with provider keys still run
    private static ServiceApi withProviderKey(String key) {
        return new ServiceApiDriver(key, "127.0.0.1:" + meter.port(), false);
    }

    @AfterAll
    static void stop() {
        meter.close();
    }

    private static void put(String path, String json) throws IOException {
        assertThat(wire.internal("PUT", path, json).status()).as(path).isEqualTo(200);
    }

    private static void post(String path, String json) throws IOException {
        assertThat(wire.internal("POST", path, json).status()).as(path).isEqualTo(201);
    }

    private static void application(String service, String id, String more) throws IOException {
        put("/services/" + service + "/applications/" + id,
                "{\"application\":{\"state\":\"active\",\"plan_id\":\"9\",\"plan_name\":\"Starter & Co\"" + more + "}}");
    }

    private static ParameterMap with(String... namesAndValues) {
        var parameters = new ParameterMap();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            parameters.add(namesAndValues[i], namesAndValues[i + 1]);
        }
        return parameters;
    }

    private static ParameterMap using(ParameterMap parameters, String metric, String value) {
        parameters.add("usage", with(metric, value));
        return parameters;
    }

    // ---- authorize -------------------------------------------------------------------------------------------------

    @Test
    void authorizeTellsPlanAndUsageToATokenAndToAProviderKey() throws IOException, ServerError {
        application("7301", "asks", "");
        for (var answer : List.of(
                byToken.authorize("acme-st", "7301", with("app_id", "asks")),
                byProviderKey.authorize(with("service_id", "7301", "app_id", "asks")))) {
            assertThat(answer.success()).isTrue();
            assertThat(answer.getPlan()).isEqualTo("Starter & Co");
            var reports = Arrays.stream(answer.getUsageReports())
                    .map(report -> String.join(" ", report.getMetric(), report.getPeriod(), report.getCurrentValue(), report.getMaxValue(),
                            report.getPeriodStart(), report.getPeriodEnd()) + report.hasExceeded()).toList();
            assertThat(reports).containsExactly(
                    "hits month 0 1000 2026-11-01 00:00:00 +0000 2026-12-01 00:00:00 +0000false",
                    "catalog eternity 0 3  false");
        }
    }

    @Test
    void authorizeRefusesAWrongKeyWithItsReason() throws IOException, ServerError {
        application("7301", "keyed", "");
        post("/services/7301/applications/keyed/keys/", "{\"application_key\":{\"value\":\"right\"}}");
        assertThat(byToken.authorize("acme-st", "7301", with("app_id", "keyed", "app_key", "right")).success()).isTrue();
        var wrong = byToken.authorize("acme-st", "7301", with("app_id", "keyed", "app_key", "<key>\"'"));
        assertThat(wrong.success()).isFalse();
        assertThat(wrong.getReason()).isEqualTo("application key \"<key>\"'\" is invalid");
        assertThat(wrong.getErrorCode()).isEmpty();
        assertThat(byToken.authorize("acme-st", "7301", with("app_id", "keyed")).getReason()).isEqualTo("application key is missing");
    }

    @Test
    void authorizeRefusesOverTheLimitReferrersAndSuspendedApplications() throws IOException, ServerError {
        application("7301", "busy", "");
        var over = byToken.authorize("acme-st", "7301", using(with("app_id", "busy"), "catalog", "4"));
        assertThat(over.success()).isFalse();
        assertThat(over.getReason()).isEqualTo("usage limits are exceeded");
        assertThat(over.getUsageReports()).hasSize(2);

        application("7301", "filtered", "");
        post("/services/7301/applications/filtered/referrer_filters", "{\"referrer_filter\":\"*.acme.test\"}");
        assertThat(byToken.authorize("acme-st", "7301", with("app_id", "filtered", "referrer", "www.acme.test")).success()).isTrue();
        assertThat(byToken.authorize("acme-st", "7301", with("app_id", "filtered", "referrer", "evil.test")).getReason())
                .isEqualTo("referrer \"evil.test\" is not allowed");

        put("/services/7301/applications/asleep", "{\"application\":{\"state\":\"suspended\",\"plan_id\":\"9\"}}");
        assertThat(byToken.authorize("acme-st", "7301", with("app_id", "asleep")).getReason()).isEqualTo("application is not active");
    }

    @Test
    void authorizeTellsErrorsWithCodeAndMessage() throws ServerError {
        error(byToken.authorize("acme-st", "7301", with("app_id", "ghost")),
                "application_not_found", "application with id=\"ghost\" was not found");
        error(byToken.authorize("acme-st", "7301", with()), "application_not_found", "application id is missing");
        error(byToken.authorize("acme-st3", "7303", with("user_key", "nobody's")), "user_key_invalid", "user key \"nobody's\" is invalid");
        error(byToken.authorize("wrong", "7301", with("app_id", "x")),
                "service_token_invalid", "service token \"wrong\" or service id \"7301\" is invalid");
        error(byToken.authorize("acme-st2", "7301", with("app_id", "x")),
                "service_token_invalid", "service token \"acme-st2\" or service id \"7301\" is invalid");
        var stranger = withProviderKey("nobody-pk");
        error(stranger.authorize(with("service_id", "7301", "app_id", "x")), "provider_key_invalid", "provider key \"nobody-pk\" is invalid");
        error(byProviderKey.authorize(with("service_id", "0", "app_id", "x")), "service_id_invalid", "service id \"0\" is invalid");
    }

    private static void error(AuthorizeResponse answer, String code, String message) {
        assertThat(answer.success()).isFalse();
        assertThat(answer.getErrorCode()).isEqualTo(code);
        assertThat(answer.getReason()).isEqualTo(message);
    }

    // ---- authrep ---------------------------------------------------------------------------------------------------

    @Test
    void authrepCountsOneHitWhenNothingElseIsSaid() throws IOException, ServerError {
        application("7301", "counted", "");
        assertThat(byToken.authrep("acme-st", "7301", with("app_id", "counted")).success()).isTrue();
        assertThat(byProviderKey.authrep(with("service_id", "7301", "app_id", "counted")).getUsageReports()[0].getCurrentValue()).isEqualTo("2");
        assertThat(counter("7301", "counted", "hits")).isEqualTo("{\"counter\":{\"value\":2}}");
    }

    @Test
    void authrepRefusesTheFourthOfThreeAndCountsItNot() throws IOException, ServerError {
        application("7303", "three", "");
        put("/services/7303/applications/three/key/uk-3", "");
        for (int call = 1; call <= 3; call++) {
            assertThat(byToken.authrep("acme-st3", "7303", using(with("user_key", "uk-3"), "catalog", "1")).success()).isTrue();
        }
        var fourth = byToken.authrep("acme-st3", "7303", using(with("user_key", "uk-3"), "catalog", "1"));
        assertThat(fourth.success()).isFalse();
        assertThat(fourth.getReason()).isEqualTo("usage limits are exceeded");
        assertThat(counter("7303", "three", "catalog")).isEqualTo("{\"counter\":{\"value\":3}}");
    }

    @Test
    void authrepTellsErrorsOfUsage() throws IOException, ServerError {
        application("7301", "odd", "");
        error(byToken.authrep("acme-st", "7301", using(with("app_id", "odd"), "nothing", "1")), "metric_invalid", "metric \"nothing\" is invalid");
        error(byToken.authrep("acme-st", "7301", using(with("app_id", "odd"), "hits", "-1")),
                "usage_value_invalid", "usage value \"-1\" for metric \"hits\" is invalid");
        error(byToken.authrep("acme-st", "7301", with("app_id", "odd", "user_id", "x")), "end_users_no_longer_supported",
                "End-users are no longer supported, do not specify the user_id parameter");
    }

    private static String counter(String service, String application, String metric) throws IOException {
        return wire.internal("GET", "/services/" + service + "/counters?metric=" + metric + "&period=eternity&app_id=" + application, null).body();
    }

    // ---- report ----------------------------------------------------------------------------------------------------

    @Test
    void reportsOfSeveralTransactionsAreCounted() throws IOException, ServerError {
        application("7301", "one", "");
        application("7301", "two", "");
        var first = using(with("app_id", "one", "timestamp", "2026-11-20 16:00:00"), "catalog", "2");
        first.add("log", with("code", "200"));
        assertThat(byToken.report("acme-st", "7301", first, using(with("app_id", "two"), "hits", "5")).success()).isTrue();
        assertThat(byProviderKey.report("7301", using(with("app_id", "two"), "hits", "1")).success()).isTrue();
        assertThat(counter("7301", "one", "hits")).isEqualTo("{\"counter\":{\"value\":2}}");
        assertThat(counter("7301", "two", "hits")).isEqualTo("{\"counter\":{\"value\":6}}");
        assertThat(wire.internal("GET", "/services/7301/counters?response_code=200&period=eternity&app_id=one", null).body())
                .isEqualTo("{\"counter\":{\"value\":1}}");
    }

    @Test
    void aReportThatCannotBeCountedIsTakenAllTheSame() throws IOException, ServerError {
        application("7301", "voided", "");
        assertThat(byToken.report("acme-st", "7301", using(with("app_id", "voided"), "hits", "1"), using(with("app_id", "ghost"), "hits", "1")).success())
                .isTrue();
        assertThat(counter("7301", "voided", "hits")).isEqualTo("{\"counter\":{\"value\":0}}");
    }

    @Test
    void reportsTellErrorsWithCodeAndMessage() throws ServerError {
        var wrong = byToken.report("wrong", "7301", using(with("app_id", "one"), "hits", "1"));
        assertThat(wrong.success()).isFalse();
        assertThat(wrong.getErrorCode()).isEqualTo("service_token_invalid");
        assertThat(wrong.getErrorMessage()).isEqualTo("service token \"wrong\" or service id \"7301\" is invalid");
        var user = byToken.report("acme-st", "7301", with("app_id", "one", "user_id", "x"));
        assertThat(user.getErrorCode()).isEqualTo("end_users_no_longer_supported");
    }

    // ---- OAuth -----------------------------------------------------------------------------------------------------

    @Test
    void oauthAuthorizeTellsSecretAndRedirect() throws IOException, ServerError {
        application("7302", "client-77", ",\"redirect_url\":\"https://acme.test/cb?x=1\"");
        post("/services/7302/applications/client-77/keys/", "{\"application_key\":{\"value\":\"oa-secret\"}}");
        var good = byToken.oauth_authorize("acme-st2", "7302", with("app_id", "client-77", "redirect_url", "https://acme.test/cb?x=1"));
        assertThat(good.success()).isTrue();
        assertThat(good.getClientSecret()).isEqualTo("oa-secret");
        assertThat(good.getRedirectUrl()).isEqualTo("https://acme.test/cb?x=1");
        assertThat(byProviderKey.oauth_authorize(with("service_id", "7302", "app_id", "client-77", "app_key", "oa-secret")).success()).isTrue();

        var evil = byToken.oauth_authorize("acme-st2", "7302", with("app_id", "client-77", "redirect_url", "https://evil.test"));
        assertThat(evil.success()).isFalse();
        assertThat(evil.getReason()).isEqualTo("redirect_url \"https://evil.test\" is invalid");
        assertThat(byToken.oauth_authorize("acme-st2", "7302", with("app_id", "client-77", "app_key", "wrong")).getReason())
                .isEqualTo("application key \"wrong\" is invalid");
    }

    @Test
    void oauthOnAnotherProductIsRefusedAndAnUnknownClientIsAnError() throws IOException, ServerError {
        application("7301", "plain", "");
        assertThat(byToken.oauth_authorize("acme-st", "7301", with("app_id", "plain")).getReason()).isEqualTo("oauth is not enabled");
        error(byToken.oauth_authorize("acme-st2", "7302", with("app_id", "ghost")),
                "application_not_found", "application with id=\"ghost\" was not found");
    }

    /// The client has no method for `oauth_authrep`; its connection and its reader of answers take it.
    @Test
    void oauthAuthrepIsReadableByTheClientToo() throws IOException, ServerError {
        application("7302", "counting", "");
        var answer = new ServerAccessorDriver().get(url("/transactions/oauth_authrep.xml?provider_key=acme-pk&service_id=7302&app_id=counting&usage%5Bhits%5D=2"));
        assertThat(answer.getStatus()).isEqualTo(200);
        assertThat(new AuthorizeResponse(answer.getStatus(), answer.getBody()).getUsageReports()[0].getCurrentValue()).isEqualTo("2");
        assertThat(counter("7302", "counting", "hits")).isEqualTo("{\"counter\":{\"value\":2}}");
    }

    // ---- answers without a body (specification, section 24) --------------------------------------------------------

    @Test
    void answersWithoutABodyAreAnErrorOfTheClientAndNothingElseBreaks() throws IOException, ServerError {
        application("7301", "after", "");
        // usage that is a text: 403 without a body, as the original answers; the client cannot tell what it was
        assertThatExceptionOfType(ServerError.class)
                .isThrownBy(() -> byToken.authorize("acme-st", "7301", with("app_id", "after", "usage", "1")));
        // a path that is none: 404 without a body
        assertThatExceptionOfType(ServerError.class).isThrownBy(() -> new ServerAccessorDriver().get(url("/transactions/authorize.json")));
        // asked for no body: the client finds nothing to read
        assertThatExceptionOfType(ServerError.class)
                .isThrownBy(() -> byToken.authorize("acme-st", "7301", with("app_id", "after", "no_body", "1")));
        // a report's 202 has none either, which the client expects
        assertThat(byToken.report("acme-st", "7301", using(with("app_id", "after"), "hits", "1")).success()).isTrue();
        assertThat(byToken.authorize("acme-st", "7301", with("app_id", "after")).success()).isTrue();
    }

    private static String url(String target) {
        return "http://127.0.0.1:" + meter.port() + target;
    }
}
