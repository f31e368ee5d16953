package io.tollkeeper.meter;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;

import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/// Our own resources for what was counted, on a clock that the test moves.
class CountersTest {

    private static final String CALLER = "service_token=st&service_id=1&app_id=app";

    private final AtomicReference<Instant> clock = new AtomicReference<>(Instant.parse("2026-12-31T23:58:30Z"));
    private RunningMeter meter;

    @BeforeEach
    void start() throws IOException {
        meter = new RunningMeter(0, clock::get, 1);
        internal("PUT", "/services/1", "{\"service\":{\"id\":\"1\",\"provider_key\":\"pk\",\"backend_version\":\"2\"}}");
        internal("POST", "/service_tokens/", "{\"service_tokens\":{\"st\":{\"service_id\":\"1\"}}}");
        internal("PUT", "/services/1/metrics/1", "{\"metric\":{\"name\":\"hits\"}}");
        internal("PUT", "/services/1/metrics/2", "{\"metric\":{\"name\":\"search\",\"parent_id\":\"1\"}}");
        internal("PUT", "/services/1/applications/app", "{\"application\":{\"state\":\"active\"}}");
        internal("PUT", "/services/1/applications/other", "{\"application\":{\"state\":\"active\"}}");
    }

    @AfterEach
    void stop() {
        meter.close();
    }

    private void call(String more) throws IOException {
        assertThat(exchange("GET", "/transactions/authrep.xml?" + CALLER + more, "").status()).isEqualTo(200);
    }

    private void later(long seconds) {
        clock.updateAndGet(now -> now.plusSeconds(seconds));
    }

    // ---- counters

    @Test
    void aMinuteIsReadableForThreeMinutesAfterItsEndAndThenNothing() throws IOException {
        call("&usage[hits]=3");
        var minute = "metric=hits&period=minute&app_id=app&at=2026-12-31T23:58:59Z";
        assertThat(counter(minute)).isEqualTo(3);
        later(30 + 179);
        assertThat(counter(minute)).isEqualTo(3);
        later(1);
        assertThat(counter(minute)).isZero();
        assertThat(counter("metric=hits&period=minute&app_id=app")).isZero();
    }

    @Test
    void aClosedPeriodIsReadableByAnyMomentInIt() throws IOException {
        call("&usage[search]=3&log[code]=404");
        later(86_400 * 40);
        call("&usage[search]=4&log[code]=404");
        for (var period : new String[] {"hour", "day", "week", "month", "year"}) {
            assertThat(counter("metric=hits&app_id=app&period=" + period)).as(period).isEqualTo(4);
            assertThat(counter("metric=search&app_id=app&period=" + period + "&at=2026-12-31T23:00:00Z")).as(period).isEqualTo(3);
            if (!period.equals("year")) {
                assertThat(counter("response_code=404&period=" + period + "&at=2026-12-31T23:59:59Z")).as(period).isEqualTo(1);
            }
        }
        assertThat(counter("metric=hits&app_id=app&period=week&at=2027-01-03")).as("the week over New Year").isEqualTo(3);
        assertThat(counter("metric=hits&period=eternity&at=1999-01-01T00:00:00Z")).isEqualTo(7);
    }

    @Test
    void momentsMayHaveAnOffsetOrNone() throws IOException {
        call("&usage[hits]=1");
        for (var at : new String[] {
                "2026-12-31", "2026-12-31T23:58:30", "2027-01-01T01:00:00%2B02:00", "2027-01-01T01:00:00+02:00",
                "2026-12-31T20:00:00-03:00", "2026-12-31T23:58:30.250Z"}) {
            assertThat(counter("metric=hits&period=day&at=" + at)).as(at).isEqualTo(1);
        }
        for (var at : new String[] {"", "now", "1795195109", "2026-13-01", "2026-12-31T25:00:00Z"}) {
            assertThat(get("/services/1/counters?metric=hits&period=day&at=" + at).status()).as(at).isEqualTo(400);
        }
    }

    @Test
    void codesAreReadByClassByNumberAndInOurOwnFamily() throws IOException {
        call("&usage[hits]=5&log[code]=201");
        call("&usage[hits]=5&log[code]=503");
        call("&log[code]=302");
        assertThat(counter("response_code=2XX&period=day")).isEqualTo(1);
        assertThat(counter("response_code=5xx&period=day&app_id=app")).isEqualTo(1);
        assertThat(counter("response_code=503&period=day")).isEqualTo(1);
        assertThat(counter("status=503&period=day")).isEqualTo(1);
        assertThat(counter("status=302&period=minute&app_id=app")).as("without usage too").isEqualTo(1);
        assertThat(counter("status=999&period=day")).isZero();
        for (var unknown : new String[] {
                "response_code=201", "response_code=3XX", "response_code=302", "response_code=XXX", "response_code=20",
                "response_code=%2B20", "response_code=", "status=2XX", "status=99", "status=1000", "status=", "status=%D9%A2%D9%A0%D9%A0"}) {
            assertThat(get("/services/1/counters?period=day&" + unknown).text())
                    .as(unknown).isEqualTo("{\"status\":\"not_found\",\"error\":\"response code not found\"}");
        }
    }

    @Test
    void whatDoesNotExistYetIsZeroAndWhatIsUnknownIsNotFound() throws IOException {
        assertThat(counter("metric=search&period=day")).isZero();
        assertThat(counter("metric=search&period=minute&app_id=other")).isZero();
        assertThat(get("/services/1/counters?metric=zz&period=day").status()).isEqualTo(404);
        assertThat(get("/services/1/counters?metric=Hits&period=day").status()).isEqualTo(404);
        assertThat(get("/services/1/counters?metric=hits&period=day&app_id=zz").text()).contains("application not found");
        assertThat(get("/services/9/counters?metric=hits&period=day").text()).contains("service not found");
        for (var period : new String[] {"minute", "year"}) {
            assertThat(get("/services/1/counters?metric=hits&period=" + period).status()).isEqualTo(400);
        }
        for (var wrong : new String[] {"metric=hits", "metric=hits&period=", "metric=hits&period=decade", "period=day", "metric=*&period=day", "metric=%ZZ"}) {
            assertThat(get("/services/1/counters?" + wrong).status()).as(wrong).isEqualTo(400);
        }
    }

    @Test
    void aDeletedMetricIsReadableUnderItsLastNameUntilSomebodyElseTakesIt() throws IOException {
        call("&usage[search]=3");
        internal("PUT", "/services/1/metrics/2", "{\"metric\":{\"name\":\"find\"}}");
        assertThat(counter("metric=find&period=day")).as("renamed").isEqualTo(3);
        assertThat(get("/services/1/counters?metric=search&period=day").status()).isEqualTo(404);
        internal("DELETE", "/services/1/metrics/2", "");
        assertThat(counter("metric=find&period=day")).as("deleted").isEqualTo(3);
        internal("PUT", "/services/1/metrics/3", "{\"metric\":{\"name\":\"find\"}}");
        assertThat(counter("metric=find&period=day")).as("taken").isZero();
        internal("DELETE", "/services/1/metrics/3", "");
        assertThat(counter("metric=find&period=day")).as("taken for good").isZero();
        internal("PUT", "/services/1/metrics/2", "{\"metric\":{\"name\":\"search\"}}");
        assertThat(counter("metric=search&period=day")).as("back under its own id").isEqualTo(3);
    }

    @Test
    void countersOfADeletedApplicationStay() throws IOException {
        call("&usage[hits]=3");
        internal("DELETE", "/services/1/applications/app", "");
        assertThat(counter("metric=hits&period=day&app_id=app")).isEqualTo(3);
        internal("PUT", "/services/1/applications/app", "{\"application\":{\"state\":\"active\"}}");
        call("&usage[hits]=3");
        assertThat(counter("metric=hits&period=day&app_id=app")).isEqualTo(6);
    }

    @Test
    void aReadWaitsForWhatWasAnsweredBefore() throws Exception {
        exchange("GET", "/transactions/authorize.xml?" + CALLER, "");
        meter.journal.hold();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var counted = threads.submit(() -> exchange("GET", "/transactions/authrep.xml?" + CALLER + "&usage[hits]=1", ""));
            var read = threads.submit(() -> counter("metric=hits&period=day"));
            assertThatThrownBy(() -> read.get(100, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
            meter.journal.release();
            counted.get(10, TimeUnit.SECONDS);
            read.get(10, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError(e);
        }
        assertThat(counter("metric=hits&period=day")).isEqualTo(1);
    }

    // ---- series

    @Test
    void aSeriesHasEveryPeriodOfItsRangeWithZerosInTheGaps() throws IOException {
        call("&usage[search]=3&log[code]=200");
        later(3 * 86_400);
        call("&usage[hits]=4");
        assertThat(usage("metric=hits&period=day&since=2026-12-30&until=2027-01-04T00:00:00Z")).isEqualTo(
                "{\"usage\":{\"service_id\":\"1\",\"period\":\"day\",\"since\":\"2026-12-30T00:00:00Z\",\"until\":\"2027-01-04T00:00:00Z\","
                        + "\"series\":[{\"metric\":\"hits\",\"total\":7,\"values\":[0,3,0,0,4]}]}}");
        assertThat(usage("metric=*&period=month&since=2026-12-01&until=2027-02-01&app_id=app")).isEqualTo(
                "{\"usage\":{\"service_id\":\"1\",\"app_id\":\"app\",\"period\":\"month\",\"since\":\"2026-12-01T00:00:00Z\",\"until\":\"2027-02-01T00:00:00Z\","
                        + "\"series\":[{\"metric\":\"hits\",\"total\":7,\"values\":[3,4]},{\"metric\":\"search\",\"total\":3,\"values\":[3,0]}]}}");
        assertThat(usage("metric=hits&period=year&since=2025-06-01&until=2027-06-01"))
                .as("a service's years are sums of its months").contains("\"values\":[0,3,4]");
        assertThat(usage("metric=hits&period=year&since=2025-06-01&until=2027-06-01&app_id=app")).contains("\"values\":[0,3,4]");
        assertThat(usage("response_code=*&period=week&since=2026-12-28"))
                .contains("\"series\":[{\"response_code\":\"2XX\",\"total\":1,\"values\":[1]},{\"response_code\":\"200\",\"total\":1,\"values\":[1]}]");
        assertThat(usage("status=*&period=hour&since=2026-12-31T23:00:00Z&until=2027-01-01T01:00:00Z"))
                .contains("\"series\":[{\"status\":\"200\",\"total\":1,\"values\":[1,0]}]");
        assertThat(usage("status=404&period=eternity")).isEqualTo(
                "{\"usage\":{\"service_id\":\"1\",\"period\":\"eternity\",\"series\":[{\"status\":\"404\",\"total\":0,\"values\":[0]}]}}");
    }

    @Test
    void withoutARangeASeriesIsTheCurrentPeriod() throws IOException {
        call("&usage[hits]=3");
        assertThat(usage("metric=hits&period=hour")).contains("\"since\":\"2026-12-31T23:00:00Z\",\"until\":\"2027-01-01T00:00:00Z\",")
                .contains("\"values\":[3]");
    }

    @Test
    void rangesThatCannotBeAnsweredAreRefusedWithTheReason() throws IOException {
        assertThat(get("/services/1/usage?metric=hits&period=minute").text()).contains("minutes are not kept");
        assertThat(get("/services/1/usage?metric=hits&period=day&since=2026-01-02&until=2026-01-02").text()).contains("since lies not before until");
        assertThat(get("/services/1/usage?metric=hits&period=hour&since=2024-01-01").text()).contains("more than 10000 periods per hour");
        assertThat(get("/services/1/usage?metric=hits&period=hour&since=-999999999-01-01").status()).isEqualTo(400);
        assertThat(get("/services/1/usage?metric=zz&period=day").status()).isEqualTo(404);
        assertThat(get("/services/9/usage?metric=hits&period=day").status()).isEqualTo(404);
        assertThat(get("/services/1/usage?metric=hits&period=day&app_id=zz").status()).isEqualTo(404);
        assertThat(get("/services/1/usage?period=day").status()).isEqualTo(400);
        assertThat(get("/services/1/usage?metric=hits").status()).isEqualTo(400);
    }

    @Test
    void theLargestConsumersComeFirst() throws IOException {
        call("&usage[hits]=3");
        exchange("GET", "/transactions/authrep.xml?service_token=st&service_id=1&app_id=other&usage[search]=5", "");
        var day = "\"period\":\"day\",\"since\":\"2026-12-31T00:00:00Z\",\"until\":\"2027-01-01T00:00:00Z\",";
        assertThat(get("/services/1/usage/top?metric=hits&period=day").text()).isEqualTo("{\"top\":{\"service_id\":\"1\",\"metric\":\"hits\"," + day
                + "\"applications\":[{\"id\":\"other\",\"value\":5,\"deleted\":false},{\"id\":\"app\",\"value\":3,\"deleted\":false}]}}");
        internal("DELETE", "/services/1/applications/other", "");
        assertThat(get("/services/1/usage/top/?metric=search&period=day&limit=1").text()).isEqualTo("{\"top\":{\"service_id\":\"1\",\"metric\":\"search\"," + day
                + "\"applications\":[{\"id\":\"other\",\"value\":5,\"deleted\":true}]}}");
        assertThat(get("/services/1/usage/top?metric=hits&period=day&at=2026-12-30").text()).contains("\"applications\":[]");
        for (var wrong : new String[] {"limit=0", "limit=1001", "limit=x", "app_id=app"}) {
            assertThat(get("/services/1/usage/top?metric=hits&period=day&" + wrong).status()).as(wrong).isEqualTo(400);
        }
    }

    // ---- deletion

    @Test
    void deletedUsageIsGoneForTheServiceAndItsApplicationsAndCountingGoesOn() throws IOException {
        internal("PUT", "/services/2", "{\"service\":{\"id\":\"2\",\"provider_key\":\"pk\"}}");
        internal("PUT", "/services/2/metrics/1", "{\"metric\":{\"name\":\"hits\"}}");
        internal("PUT", "/services/2/applications/app", "{\"application\":{\"state\":\"active\"}}");
        exchange("GET", "/transactions/authrep.xml?provider_key=pk&service_id=2&app_id=app&usage[hits]=7", "");
        call("&usage[search]=3&log[code]=200");
        later(3_600);
        call("&usage[search]=3&log[code]=200");
        internal("DELETE", "/services/1/applications/app", "");
        assertThat(exchange("DELETE", "/internal/services/1/stats", "").text()).isEqualTo("{\"status\":\"to_be_deleted\"}");
        internal("PUT", "/services/1/applications/app", "{\"application\":{\"state\":\"active\"}}");
        for (var period : new String[] {"hour", "day", "week", "month", "eternity"}) {
            for (var of : new String[] {"", "&app_id=app"}) {
                for (var at : new String[] {"", "&at=2026-12-31T23:59:00Z"}) {
                    for (var what : new String[] {"metric=hits", "metric=search", "response_code=2XX", "status=200"}) {
                        assertThat(counter(what + "&period=" + period + of + at)).as(what + period + of + at).isZero();
                    }
                }
            }
        }
        assertThat(counter("metric=hits&period=minute&app_id=app")).isZero();
        call("&usage[hits]=2");
        assertThat(counter("metric=hits&period=day")).isEqualTo(2);
        assertThat(counter("metric=hits&period=day&app_id=app")).isEqualTo(2);
        assertThat(get("/services/2/counters?metric=hits&period=eternity").text()).contains("7");
        assertThat(exchange("DELETE", "/internal/services/zz/stats", "").text()).isEqualTo("{\"status\":\"not_found\",\"error\":\"service not found\"}");
    }

    // ---- speaking to the meter

    private String usage(String query) throws IOException {
        var answer = get("/services/1/usage?" + query);
        assertThat(answer.status()).as(query + " -> " + answer.text()).isEqualTo(200);
        return answer.text();
    }

    private long counter(String query) throws IOException {
        var answer = get("/services/1/counters?" + query);
        assertThat(answer.status()).as(query + " -> " + answer.text()).isEqualTo(200);
        assertThat(answer.text()).matches("\\{\"counter\":\\{\"value\":-?\\d+}}");
        return Long.parseLong(answer.text().replaceAll("[^-\\d]", ""));
    }

    private RawAnswer get(String path) throws IOException {
        return exchange("GET", "/internal" + path, "");
    }

    private void internal(String method, String path, String json) throws IOException {
        var answer = exchange(method, "/internal" + path, json);
        assertThat(answer.status()).as(method + " " + path + " " + answer.text()).isIn(200, 201);
    }

    private RawAnswer exchange(String method, String target, String body) throws IOException {
        try (var client = RawClient.connect(meter.port())) {
            return client.send(method + " " + target + " HTTP/1.1\r\nHost: m\r\nAuthorization: " + RunningMeter.authorization()
                    + "\r\nContent-Length: " + body.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + body).answerTo(method);
        }
    }
}
