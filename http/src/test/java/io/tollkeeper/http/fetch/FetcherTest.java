package io.tollkeeper.http.fetch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.EngineSettings;
import io.tollkeeper.http.Transport;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RefusingPort;
import io.tollkeeper.testkit.RudePeer;
import io.tollkeeper.testkit.TestCertificates;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Requests of our own, to servers that answer, are slow, talk nonsense, or are gone.
class FetcherTest {

    private static final Engine ENGINE = Engine.start(new EngineSettings(Transport.NIO, 2, EngineSettings.Dns.DEFAULT));
    private static final Fetcher FETCHER = new Fetcher(ENGINE, ClientTls.VERIFIED, "Test/1");

    @TempDir
    private static Path folder;

    @AfterAll
    static void stop() {
        ENGINE.close();
    }

    private static FetchUrl url(int port, String path) {
        return Objects.requireNonNull(FetchUrl.parse("http://127.0.0.1:" + port + path));
    }

    private static FetchRequest quick(int port) {
        return FetchRequest.get(url(port, "/x")).within(Duration.ofMillis(600)).atMost(1000);
    }

    private static Fetched.Answer answer(Fetched fetched) {
        assertThat(fetched).isInstanceOf(Fetched.Answer.class);
        return (Fetched.Answer) fetched;
    }

    private static Fetched.Failed failure(Manner manner) throws IOException {
        try (var peer = RudePeer.start(manner)) {
            var fetched = FETCHER.fetch(quick(peer.port()));
            assertThat(fetched).isInstanceOf(Fetched.Failed.class);
            return (Fetched.Failed) fetched;
        }
    }

    @Test
    void answerComesWithStatusHeadersAndBody() throws Exception {
        try (var peer = RudePeer.start(Manner.answering(
                "HTTP/1.1 404 Not Found\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 6\r\n\r\n{\"a\":1"))) {
            var answer = answer(FETCHER.fetch(FetchRequest.get(url(peer.port(), "/a%20b?c=%2F")).header("Accept", "application/json")));
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.text()).isEqualTo("{\"a\":1");
            assertThat(answer.isOfType("application/json")).isTrue();
            assertThat(answer.header("content-length")).isEqualTo("6");
            var request = peer.lastRequest();
            assertThat(request.target()).isEqualTo("/a%20b?c=%2F");
            assertThat(request.header("accept")).isEqualTo("application/json");
            assertThat(request.header("user-agent")).isEqualTo("Test/1");
            assertThat(request.header("host")).isEqualTo("127.0.0.1:" + peer.port());
            assertThat(request.header("authorization")).isNull();
        }
    }

    @ParameterizedTest
    @CsvSource({"token, dG9rZW46", "user:pass, dXNlcjpwYXNz", ":pass, OnBhc3M=", "u:p%40, dTpwJTQw", "a@b, YUBiOg=="})
    void credentialsOfTheUrlAreSentAsTheyStand(String user, String sent) throws Exception {
        try (var peer = RudePeer.start(Manner.citizen())) {
            var url = Objects.requireNonNull(FetchUrl.parse("http://" + user + "@127.0.0.1:" + peer.port() + "/"));
            assertThat(answer(FETCHER.fetch(FetchRequest.get(url))).status()).isEqualTo(200);
            assertThat(peer.lastRequest().header("authorization")).isEqualTo("Basic " + sent);
            assertThat(url).hasToString("http://127.0.0.1:" + peer.port() + "/");
        }
    }

    @Test
    void bodyIsSentWithItsLength() throws Exception {
        try (var peer = RudePeer.start(Manner.citizen())) {
            var body = "a=1&b=".concat("x".repeat(200_000)).getBytes(StandardCharsets.US_ASCII);
            var fetched = FETCHER.fetch(FetchRequest.post(url(peer.port(), "/form"), "application/x-www-form-urlencoded", body));
            assertThat(answer(fetched).status()).isEqualTo(200);
            var request = peer.lastRequest();
            assertThat(request.method()).isEqualTo("POST");
            assertThat(request.header("content-length")).isEqualTo("200006");
            assertThat(request.header("content-type")).isEqualTo("application/x-www-form-urlencoded");
        }
    }

    @Test
    void hundredThreadsGetTheirOwnAnswers() throws Exception {
        try (var peer = RudePeer.start(Manner.citizen()); var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var all = new java.util.ArrayList<CompletableFuture<String>>();
            for (int i = 0; i < 100; i++) {
                var target = "/bytes/" + i;
                all.add(CompletableFuture.supplyAsync(() -> FETCHER.fetch(FetchRequest.get(url(peer.port(), target))), threads)
                        .thenApply(fetched -> fetched instanceof Fetched.Answer answer ? answer.body().length + "" : fetched.toString()));
            }
            for (int i = 0; i < 100; i++) {
                assertThat(all.get(i).get(20, TimeUnit.SECONDS)).isEqualTo(String.valueOf(i));
            }
        }
    }

    @Test
    void nobodyListens() throws Exception {
        try (var port = RefusingPort.open()) {
            assertThat(FETCHER.fetch(quick(port.port()))).isInstanceOfSatisfying(Fetched.Failed.class, failed -> {
                assertThat(failed.reason()).isEqualTo(Reason.UPSTREAM_REFUSED);
                assertThat(failed.evidence()).contains("127.0.0.1:" + port.port());
            });
        }
    }

    @Test
    void silentServerIsGivenUpInTime() throws Exception {
        long began = System.nanoTime();
        assertThat(failure(Manner.silent()).reason()).isEqualTo(Reason.UPSTREAM_FIRST_BYTE_TIMEOUT);
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isBetween(Duration.ofMillis(500), Duration.ofSeconds(5));
    }

    @Test
    void drippingAnswerIsGivenUpWhenTheTimeIsOver() throws Exception {
        var raw = "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + "x".repeat(900);
        assertThat(failure(Manner.dripping(raw, 20, Duration.ofMillis(100))).reason()).isEqualTo(Reason.UPSTREAM_TOTAL_TIMEOUT);
    }

    @Test
    void garbageIsNoAnswer() throws Exception {
        assertThat(failure(Manner.garbage()).reason()).isEqualTo(Reason.UPSTREAM_PROTOCOL);
    }

    @Test
    void closedConnectionIsNoAnswer() throws Exception {
        assertThat(failure(Manner.closeAfter("")).reason()).isEqualTo(Reason.UPSTREAM_RESET_EARLY);
    }

    @Test
    void halfAnAnswerIsNone() throws Exception {
        assertThat(failure(Manner.truncatedLength(500, 20)).reason()).isEqualTo(Reason.UPSTREAM_TRUNCATED);
        assertThat(failure(Manner.truncatedChunks()).reason()).isEqualTo(Reason.UPSTREAM_TRUNCATED);
    }

    @Test
    void tooLargeAnswerIsBrokenOffWhetherItIsAnnouncedOrNot() throws Exception {
        try (var peer = RudePeer.start(Manner.citizen())) {
            for (var path : new String[] {"/bytes/5000000", "/chunked/5000000"}) {
                assertThat(FETCHER.fetch(FetchRequest.get(url(peer.port(), path)).atMost(1000)))
                        .isInstanceOfSatisfying(Fetched.Failed.class, failed -> {
                            assertThat(failed.reason()).isEqualTo(Reason.UPSTREAM_BODY_TOO_LARGE);
                            assertThat(failed.evidence()).contains("at most 1000");
                        });
            }
            assertThat(answer(FETCHER.fetch(FetchRequest.get(url(peer.port(), "/")))).status()).isEqualTo(200);
        }
    }

    @Test
    void certificateIsCheckedUnlessThatIsSwitchedOff() throws Exception {
        var certificates = TestCertificates.in(Files.createDirectories(folder.resolve("tls")));
        try (var peer = RudePeer.startTls(certificates.server("localhost").context(), Manner.citizen())) {
            var request = FetchRequest.get(Objects.requireNonNull(FetchUrl.parse("https://localhost:" + peer.port() + "/")));
            assertThat(FETCHER.fetch(request)).isInstanceOfSatisfying(Fetched.Failed.class,
                    failed -> assertThat(failed.reason()).isEqualTo(Reason.UPSTREAM_TLS_CHAIN));
            var trusting = new Fetcher(ENGINE, new ClientTls(true, certificates.authorityFile(), null, null), "Test/1");
            assertThat(answer(trusting.fetch(request)).status()).isEqualTo(200);
            var careless = new Fetcher(ENGINE, new ClientTls(false, null, null, null), "Test/1");
            assertThat(answer(careless.fetch(request)).status()).isEqualTo(200);
            var misconfigured = new Fetcher(ENGINE, new ClientTls(true, folder.resolve("none.pem"), null, null), "Test/1");
            assertThat(misconfigured.fetch(request)).isInstanceOfSatisfying(Fetched.Failed.class, failed -> {
                assertThat(failed.reason()).isEqualTo(Reason.UPSTREAM_TLS_SETTINGS);
                assertThat(failed.evidence()).contains("none.pem");
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "portal.example", "ftp://portal.example/", "http://", "http://a b/", "http://host:0/", "http://host:70000/", "http:///path", "http://ho\u00e4st/"})
    void whatIsNoUrlIsToldApart(String text) {
        assertThat(FetchUrl.parse(text)).isNull();
    }

    @Test
    void urlIsTakenApartWithoutDecoding() {
        assertThat(FetchUrl.parse("HTTPS://a%40b:c@Portal.Example/x%2F?y#z"))
                .isEqualTo(new FetchUrl(true, "a%40b:c", "portal.example", 443, "/x%2F?y"));
        assertThat(FetchUrl.parse("http://[::1]:81")).isEqualTo(new FetchUrl(false, null, "::1", 81, "/"));
    }
}
