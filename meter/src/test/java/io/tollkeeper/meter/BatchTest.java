package io.tollkeeper.meter;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;

import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// What a gateway of ours hands in: sums of many calls, with an id.
class BatchTest {

    private static final String REPORT = "/transactions.xml?service_token=st&service_id=1";

    private final AtomicReference<Instant> clock = new AtomicReference<>(Instant.parse("2026-11-20T12:00:30Z"));
    private RunningMeter meter;

    @BeforeEach
    void start() throws IOException {
        meter = new RunningMeter(0, clock::get, 1);
        internal("PUT", "/services/1", "{\"service\":{\"id\":\"1\",\"provider_key\":\"pk\",\"backend_version\":\"2\"}}");
        internal("POST", "/service_tokens/", "{\"service_tokens\":{\"st\":{\"service_id\":\"1\"}}}");
        internal("PUT", "/services/1/metrics/1", "{\"metric\":{\"name\":\"hits\"}}");
        internal("PUT", "/services/1/applications/app", "{\"application\":{\"state\":\"active\"}}");
    }

    @AfterEach
    void stop() {
        meter.close();
    }

    @Test
    void aMeterOfOursTellsSoAndWhyItRefusesWithoutABody() throws IOException {
        String options = "3scale-options: no_body=1&rejection_reason_header=1";
        RawAnswer good = exchange("GET", "/transactions/authrep.xml?service_token=st&service_id=1&app_id=app", "", options);
        assertThat(good.header("tollkeeper-meter")).isEqualTo("1");
        RawAnswer wrong = exchange("GET", "/transactions/authrep.xml?service_token=no&service_id=1&app_id=app", "", options);
        assertThat(wrong.status()).isEqualTo(403);
        assertThat(wrong.text()).isEmpty();
        assertThat(wrong.header("tollkeeper-meter-code")).isEqualTo("service_token_invalid");
    }

    @Test
    void aBatchCountsUsageAndStatusesOfManyCalls() throws IOException {
        RawAnswer answer = batch("b1", "transactions[0][app_id]=app&transactions[0][usage][hits]=7"
                + "&transactions[0][codes][200]=5&transactions[0][codes][404]=2");
        assertThat(answer.status()).isEqualTo(202);
        assertThat(counter("metric=hits&period=eternity&app_id=app")).isEqualTo(7);
        assertThat(counter("response_code=404&period=day&app_id=app")).isEqualTo(2);
        assertThat(counter("response_code=2XX&period=day&app_id=app")).isEqualTo(5);
    }

    @Test
    void statusesThatComeLaterThanTheirCallsAreCounted() throws IOException {
        batch("b1", "transactions[0][app_id]=app&transactions[0][codes][503]=3");
        assertThat(counter("response_code=503&period=day&app_id=app")).isEqualTo(3);
        assertThat(counter("response_code=5XX&period=day&app_id=app")).isEqualTo(3);
    }

    @Test
    void anApplicationThatIsGoneDoesNotTakeTheOthersWithIt() throws IOException {
        assertThat(batch("b1", "transactions[0][app_id]=deleted&transactions[0][usage][hits]=7"
                        + "&transactions[1][app_id]=app&transactions[1][usage][hits]=3")
                .status()).isEqualTo(202);
        assertThat(counter("metric=hits&period=eternity&app_id=app")).isEqualTo(3);
    }

    @Test
    void whatWaitedForDaysIsCountedWhereItBelongs() throws IOException {
        long then = clock.get().minusSeconds(3 * 86_400).getEpochSecond();
        batch("b1", "transactions[0][app_id]=app&transactions[0][usage][hits]=7&transactions[0][timestamp]=" + then);
        assertThat(counter("metric=hits&period=day&app_id=app&at=2026-11-17")).isEqualTo(7);
        assertThat(counter("metric=hits&period=day&app_id=app")).isZero();
    }

    @Test
    void plainReportsHaveNoStatusesInSumsAndStayAllOrNothing() throws IOException {
        exchange("POST", REPORT, "transactions[0][app_id]=app&transactions[0][usage][hits]=1&transactions[0][codes][404]=2");
        exchange("POST", REPORT, "transactions[0][app_id]=deleted&transactions[0][usage][hits]=7"
                + "&transactions[1][app_id]=app&transactions[1][usage][hits]=3");
        assertThat(counter("metric=hits&period=eternity&app_id=app")).isEqualTo(1);
        assertThat(counter("response_code=404&period=day&app_id=app")).isZero();
    }

    @Test
    void anIdThatCannotBeKeptIsRefused() throws IOException {
        assertThat(batch("x".repeat(101), "transactions[0][app_id]=app&transactions[0][usage][hits]=7").status()).isEqualTo(400);
    }

    private RawAnswer batch(String id, String form) throws IOException {
        return exchange("POST", REPORT, form, "Tollkeeper-Batch: " + id);
    }

    private long counter(String query) throws IOException {
        RawAnswer answer = exchange("GET", "/internal/services/1/counters?" + query, "");
        assertThat(answer.status()).as(query + " -> " + answer.text()).isEqualTo(200);
        return Long.parseLong(answer.text().replaceAll("[^-\\d]", ""));
    }

    private void internal(String method, String path, String json) throws IOException {
        assertThat(exchange(method, "/internal" + path, json).status()).isIn(200, 201);
    }

    private RawAnswer exchange(String method, String target, String body, String... headers) throws IOException {
        String more = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
        String type = target.startsWith("/internal") ? "" : "Content-Type: application/x-www-form-urlencoded\r\n";
        try (RawClient client = RawClient.connect(meter.port())) {
            return client.send(method + " " + target + " HTTP/1.1\r\nHost: m\r\n" + more + (body.isEmpty() ? "" : type)
                    + "Authorization: " + RunningMeter.authorization() + "\r\nContent-Length: "
                    + body.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + body).answerTo(method);
        }
    }
}
