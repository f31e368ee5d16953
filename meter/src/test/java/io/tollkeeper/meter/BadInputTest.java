package io.tollkeeper.meter;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// What nobody sends by accident: each gets the answer of the specification, soon, and the meter goes on.
class BadInputTest {

    private static final String CALLER = "provider_key=pk&service_id=1";
    private static final String UTF8 = error("not_valid_data", "all data must be valid UTF8");
    private static final String ESCAPE = error("bad_request", "Invalid query parameters: invalid %-encoding");
    private static final Duration SOON = Duration.ofSeconds(3);

    private RunningMeter meter;

    @BeforeEach
    void start() throws IOException {
        meter = RunningMeter.start();
        internal("PUT", "/services/1", "{\"service\":{\"id\":\"1\",\"provider_key\":\"pk\",\"backend_version\":\"2\"}}");
        internal("PUT", "/services/1/metrics/1", "{\"metric\":{\"name\":\"hits\"}}");
        internal("PUT", "/services/1/metrics/2", "{\"metric\":{\"name\":\"free\"}}");
        internal("PUT", "/services/1/plans/9/usagelimits/1/eternity", "{\"usagelimit\":{\"eternity\":1000}}");
        internal("PUT", "/services/1/applications/app", "{\"application\":{\"state\":\"active\",\"plan_id\":\"9\",\"plan_name\":\"P\"}}");
    }

    @AfterEach
    void stop() throws IOException {
        assertThat(get("&app_id=app").status()).as("the meter goes on").isEqualTo(200);
        assertThat(counter("hits")).as("nothing was counted").isZero();
        meter.close();
    }

    // ---- size

    @ParameterizedTest
    @ValueSource(strings = {"", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"})
    void tenMegabytesOfParametersAreTooMany(String type) throws IOException {
        var form = CALLER + "&transactions[0][app_id]=" + "a".repeat(10_000_000);
        assertThat(post(form, type).text()).isEqualTo(error("bad_request", "total query size exceeds limit (4194304)"));
    }

    @Test
    void onAGetAsWell() throws IOException {
        assertThat(send("GET /transactions/authorize.xml", "Content-Type: application/x-www-form-urlencoded\r\n", "app_id=" + "a".repeat(10_000_000)).text())
                .isEqualTo(error("bad_request", "total query size exceeds limit (4194304)"));
    }

    @Test
    void fourMegabytesInOneNameOrValueAreReadAndAnswered() throws IOException {
        var long4 = "a".repeat(4_000_000);
        assertThat(post(CALLER + "&transactions[0][app_id]=app&transactions[0][usage][hits]=1&transactions[0][timestamp]=" + "9".repeat(4_000_000), "").status()).isEqualTo(202);
        assertThat(post(CALLER + "&" + long4 + "=1", "").text()).isEqualTo(error("transactions_is_blank", "transactions parameter is blank"));
        assertThat(post(CALLER + "&transactions[0][app_id]=" + long4, "").status()).isEqualTo(202);
        assertThat(post(CALLER + "&transactions[0][app_id]=app&transactions[0][usage][hits]=" + "9".repeat(4_000_000), "").status()).isEqualTo(202);
        assertThat(post(CALLER + "&transactions[0][app_id]=app&transactions[0][usage][" + long4 + "]=1", "").status()).isEqualTo(202);
        var errors = internal("GET", "/services/1/errors/", "");
        assertThat(errors.text()).contains("\"count\":4").contains("transaction_timestamp_too_new");
        assertThat(errors.body().length).as("errors hold the beginnings only").isLessThan(100_000);
    }

    @Test
    void aHundredThousandParametersAreTooMany() throws IOException {
        assertThat(post(CALLER + "&a=1".repeat(100_000), "").text())
                .isEqualTo(error("bad_request", "total number of query parameters (100002) exceeds limit (4096)"));
        assertThat(send("GET /transactions/authorize.xml", "Content-Type: application/x-www-form-urlencoded\r\n", "a&".repeat(100_000)).text())
                .isEqualTo(error("bad_request", "total number of query parameters (100001) exceeds limit (4096)"));
        assertThat(get("&".repeat(5_000)).text())
                .isEqualTo(error("bad_request", "total number of query parameters (5002) exceeds limit (4096)"));
    }

    @Test
    void fourThousandTransactionsAreCheckedAndVoidedTogether() throws IOException {
        var form = new StringBuilder(CALLER);
        for (int i = 0; i < 2_000; i++) {
            form.append("&transactions[").append(i).append("][app_id]=app&transactions[").append(i).append("][usage][hits]=").append(i < 1_999 ? "1" : "x");
        }
        assertThat(post(form.toString(), "").status()).isEqualTo(202);
    }

    // ---- brackets

    @Test
    void thirtyOneLevelsOfBracketsPassAndThirtyTwoDoNot() throws IOException {
        assertThat(get("&app_id=app&x" + "[a]".repeat(31) + "=1").status()).isEqualTo(200);
        assertThat(get("&app_id=app&x" + "[a]".repeat(32) + "=1").status()).isEqualTo(400);
        assertThat(get("&app_id=app&x" + "[]".repeat(2) + "[a]".repeat(40) + "=1").status()).isEqualTo(400);
        assertThat(get("&app_id=app&x" + "[][a]".repeat(40) + "=1").status()).isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[a]", "[][a]", "[", "]", "[[", "]]", "[]", "a[", "[a"})
    void tenThousandBracketsInANameAreHarmless(String brackets) throws IOException {
        assertThat(post(CALLER + "&x" + brackets.repeat(10_000) + "=1&transactions[0][app_id]=app", "").status()).isIn(202, 400);
    }

    @Test
    void manyDeepNamesCostNoMoreThanTheirLength() throws IOException {
        var form = new StringBuilder(CALLER);
        for (int i = 0; i < 4_000; i++) {
            form.append("&x[][").append("b][".repeat(28)).append(i).append("]=1");
        }
        assertThat(post(form + "&transactions[0][app_id]=app", "").status()).isEqualTo(202);
    }

    // ---- encodings

    @ParameterizedTest
    @ValueSource(strings = {
        "app_id=%80", "app_id=app&x=%ff", "app_id=app&%ff=1", "app_id=app&usage[%ff]=1", "app_id=app&usage[hits]=%ff", "app_id=app&x[]=%ff",
        "app_id=app&x[][%c3]=1", "app_id=app&x[a][b][c]=%e2%82", "app_id=app&x[%f5][b]=1", "app_id=app&%c0%80=1", "app_id=app&x=%ed%a0%80",
        "app_id=app&x=%f4%90%80%80", "app_id=app&%ff", "log[code]=%ff&app_id=app",
    })
    void whatIsNotUtf8IsRefusedWhereverItStands(String pairs) throws IOException {
        assertThat(get("&" + pairs).text()).isEqualTo(UTF8);
        assertThat(send("GET /transactions/authrep.xml", "Content-Type: application/x-www-form-urlencoded\r\n", pairs).text()).isEqualTo(UTF8);
        assertThat(post(CALLER + "&transactions[0][app_id]=app&" + pairs, "").text()).isEqualTo(UTF8);
        assertThat(post(CALLER + "&transactions[0][" + pairs.replace("=", "]="), "").text()).isEqualTo(UTF8);
    }

    @Test
    void bytesThatAreNotEscapedCountToo() throws IOException {
        byte[] wrong = {(byte) 0xC3, (byte) 0x28};
        assertThat(raw("GET /transactions/authorize.xml?" + CALLER + "&app_id=", wrong, " HTTP/1.1\r\nHost: m\r\n\r\n").text()).isEqualTo(UTF8);
        assertThat(raw("GET /transactions/authorize.xml?" + CALLER + "&app_id=app&", wrong, "=1 HTTP/1.1\r\nHost: m\r\n\r\n").text()).isEqualTo(UTF8);
        assertThat(raw("POST /transactions.xml HTTP/1.1\r\nHost: m\r\nContent-Length: 41\r\n\r\n" + CALLER + "&transac=", wrong, "&x=1").text()).isEqualTo(UTF8);
        byte[] euro = "€".getBytes(StandardCharsets.UTF_8);
        assertThat(raw("GET /transactions/authorize.xml?" + CALLER + "&app_id=", euro, " HTTP/1.1\r\nHost: m\r\n\r\n").text())
                .isEqualTo(error("application_not_found", "application with id=\"€\" was not found"));
        assertThat(internal("GET", "/services/1/errors/", "").text()).contains("&app_id=€\"");
    }

    @Test
    void inHeadersItIsNoReasonToFail() throws IOException {
        byte[] wrong = {(byte) 0xFF, (byte) 0xC3, 0x28};
        var request = "GET /transactions/authorize.xml?" + CALLER + "&app_id=app HTTP/1.1\r\nHost: m\r\n";
        for (var header : List.of("3scale-options: no_body=1&", "User-Agent: ", "X-Any: ", "Referer: ", "Content-Type: ", "Authorization: Basic ")) {
            assertThat(raw(request + header, wrong, "\r\n\r\n").status()).as(header).isEqualTo(200);
        }
        assertThat(raw(request.replace("=app ", "=ghost ") + "User-Agent: ", wrong, "\r\n\r\n").status()).isEqualTo(404);
        assertThat(internal("GET", "/services/1/errors/", "").text()).contains("\"count\":1");
    }

    @Test
    void inPathsItIsNotFound() throws IOException {
        byte[] wrong = {(byte) 0xFF};
        assertThat(raw("GET /transactions/", wrong, "authorize.xml HTTP/1.1\r\nHost: m\r\n\r\n").status()).isIn(400, 404);
        assertThat(send("GET /transactions/%ffauthorize.xml", "", "").status()).isEqualTo(404);
        assertThat(send("GET /transactions/%zzauthorize.xml", "", "").status()).isEqualTo(404);
        assertThat(send("GET /transactions/%", "", "").status()).isEqualTo(404);
        assertThat(send("GET /%2e%2e/%2e%2e/status", "", "").status()).isIn(200, 404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "%z", "%zz", "%1", "%1g", "%%41", "%u0041", "a%", "%+1"})
    void aPercentSignWithoutTwoHexDigitsIsRefusedWhereverItStands(String broken) throws IOException {
        assertThat(get("&app_id=" + broken).text()).isEqualTo(ESCAPE);
        assertThat(post(CALLER + "&" + broken + "=1", "").text()).isEqualTo(ESCAPE);
        assertThat(post(CALLER + "&transactions[" + broken + "][app_id]=1", "").text()).isEqualTo(ESCAPE);
        assertThat(post(CALLER + "&transactions[0][app_id]=" + broken, "").text()).isEqualTo(ESCAPE);
    }

    @Test
    void aNulIsABlankAndInsideATextACharacter() throws IOException {
        assertThat(get("&app_id=%00").text()).isEqualTo(error("application_not_found", "application id is missing"));
        assertThat(get("&app_id=a%00b").text()).isEqualTo(error("application_not_found", "application with id=\"a�b\" was not found"));
        assertThat(get("&app_id=app&usage[%00hits%00]=1").status()).isEqualTo(200);
        assertThat(get("&app_id=app&usage[h%00its]=1").text()).isEqualTo(error("metric_invalid", "metric \"h�its\" is invalid"));
        assertThat(get("&app_id=app&usage[hits]=%00").text()).isEqualTo(error("usage_value_invalid", "usage value for metric \"hits\" can not be empty"));
        assertThat(get("&app_id=app&usage[hits]=1%00").text()).isEqualTo(error("usage_value_invalid", "usage value \"1�\" for metric \"hits\" is invalid"));
        assertThat(get("&app_id=app&app_key=%00x%00").status()).isEqualTo(200);
        assertThat(get("&app_id=app&%00=%00").status()).isEqualTo(200);
        assertThat(send("GET /transactions/authorize.xml?provider_key=%00pk&service_id=1&app_id=app", "", "").text())
                .isEqualTo(error("provider_key_invalid", "provider key \"�pk\" is invalid"));
        assertThat(post(CALLER + "&transactions[%00][app_id]=%00&transactions[%00][usage][hits]=1", "").status()).isEqualTo(202);
        assertThat(internal("GET", "/services/1/errors/?per_page=1", "").text()).contains("\"message\":\"application id is missing\"");
    }

    // ---- numbers

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "-1|-1", "+1|%2B1", "1.5|1.5", "1e3|1e3", "0x10|0x10", "1_000|1_000", "1 000|1%20000", "٣|%D9%A3", "#|%23", "##2|%23%232", "#-5|%23-5",
        "-9223372036854775809|-9223372036854775809", "∞|%E2%88%9E", "NaN|NaN",
    })
    void whatIsNoNumberIsTold(String shown, String sent) throws IOException {
        var expected = error("usage_value_invalid", "usage value \"" + shown + "\" for metric \"hits\" is invalid");
        assertThat(get("&app_id=app&usage[hits]=" + sent).text()).isEqualTo(expected);
        assertThat(send("GET /transactions/authrep.xml?" + CALLER + "&app_id=app&usage[hits]=" + sent, "", "").text()).isEqualTo(expected);
        assertThat(post(CALLER + "&transactions[0][app_id]=app&transactions[0][usage][hits]=" + sent, "").status()).isEqualTo(202);
        assertThat(internal("GET", "/services/1/errors/?per_page=1", "").text()).contains("\"code\":\"usage_value_invalid\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "9223372036854775808", "18446744073709551616", "340282366920938463463374607431768211456",
        "99999999999999999999999999999999999999999999999999999999999999999999999999", "%23170141183460469231731687303715884105728",
    })
    void numbersBeyondSixtyFourBitsExceedEveryLimitAndAreNeverStored(String number) throws IOException {
        assertThat(get("&app_id=app&usage[hits]=" + number).status()).isEqualTo(409);
        assertThat(get("&app_id=app&usage[free]=" + number).status()).isEqualTo(200);
        assertThat(send("GET /transactions/authrep.xml?" + CALLER + "&app_id=app&usage[free]=" + number, "", "").text())
                .isEqualTo(error("usage_value_invalid", "usage value \"" + number.replace("%23", "#") + "\" for metric \"free\" is invalid"));
        assertThat(post(CALLER + "&transactions[0][app_id]=app&transactions[0][usage][free]=1&transactions[1][app_id]=app&transactions[1][usage][free]=" + number, "").status())
                .isEqualTo(202);
        assertThat(counter("free")).isZero();
    }

    @Test
    void aSumBeyondSixtyFourBitsSaturates() throws IOException {
        var most = "9223372036854775807";
        for (int i = 0; i < 2; i++) {
            assertThat(send("GET /transactions/authrep.xml?" + CALLER + "&app_id=app&usage[free]=" + most, "", "").status()).isEqualTo(200);
        }
        assertThat(counter("free")).isEqualTo(Long.MAX_VALUE);
    }

    // ---- duplicates

    @Test
    void theLastOfDuplicatesCounts() throws IOException {
        assertThat(get("&app_id=ghost&app_id=app&usage[free]=x&usage[free]=1").status()).isEqualTo(200);
        assertThat(get("&app_id=app&app_id=ghost").status()).isEqualTo(404);
        assertThat(post(CALLER + "&transactions[0][app_id]=ghost&transactions[0][app_id]=app&transactions[0][usage][free]=5&transactions[0][usage][free]=2", "").status())
                .isEqualTo(202);
        assertThat(counter("free")).isEqualTo(2);
        assertThat(post(CALLER + "&transactions[0][app_id]=app&transactions[0][usage][free]=1".repeat(1_000), "").status()).isEqualTo(202);
        assertThat(counter("free")).isEqualTo(3);
    }

    // ---- sending

    private static String error(String code, String message) {
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><error code=\"" + code + "\">" + message + "</error>";
    }

    private RawAnswer get(String more) throws IOException {
        return send("GET /transactions/authorize.xml?" + CALLER + more, "", "");
    }

    private RawAnswer post(String form, String type) throws IOException {
        return send("POST /transactions.xml", type.isEmpty() ? "" : "Content-Type: " + type + "\r\n", form);
    }

    private RawAnswer send(String start, String headers, String body) throws IOException {
        var bytes = body.getBytes(StandardCharsets.UTF_8);
        return raw(start + " HTTP/1.1\r\nHost: m\r\n" + headers + "Content-Length: " + bytes.length + "\r\n\r\n", bytes, "");
    }

    private RawAnswer raw(String before, byte[] middle, String after) throws IOException {
        var bytes = new ByteArrayOutputStream();
        bytes.writeBytes(before.getBytes(StandardCharsets.UTF_8));
        bytes.writeBytes(middle);
        bytes.writeBytes(after.getBytes(StandardCharsets.UTF_8));
        long began = System.nanoTime();
        try (var client = RawClient.connect(meter.port())) {
            var answer = client.send(bytes.toByteArray()).answer();
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(SOON);
            return answer;
        }
    }

    private RawAnswer internal(String method, String path, String json) throws IOException {
        var answer = send(method + " /internal" + path, "Authorization: " + RunningMeter.authorization() + "\r\n", json);
        assertThat(answer.status()).as(method + " " + path + " " + answer.text()).isIn(200, 201);
        return answer;
    }

    private long counter(String metric) throws IOException {
        var text = internal("GET", "/services/1/counters?app_id=app&period=eternity&metric=" + metric, "").text();
        return Long.parseLong(text.replaceAll("\\D", ""));
    }
}
