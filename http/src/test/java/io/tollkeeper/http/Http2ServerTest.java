package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import io.tollkeeper.http.FrameClient.Answer;
import io.tollkeeper.http.FrameClient.Frame;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/// What clients of HTTP/2 with prior knowledge see of a listener, on every transport.
@ParameterizedClass
@EnumSource(Transport.class)
final class Http2ServerTest {

    private static final Duration SOON = Duration.ofMillis(300);

    @Parameter
    Transport transport = Transport.NIO;

    private TellingServer server;

    @BeforeEach
    void start() throws Exception {
        server = new TellingServer(transport, WireLimits.DEFAULT, ListenerSettings.Timeouts.DEFAULT, null, Http2Limits.DEFAULT);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private FrameClient client() throws Exception {
        return FrameClient.connect(server.port());
    }

    @Test
    void requestsOnOneConnectionAreAnsweredAsTheyBecomeReady() throws Exception {
        try (var client = client()) {
            client.get(1, "/later").get(3, "/a?n=1").post(5, "/b", "cookie", "a=1", "x-thing", "y", "cookie", "b=2").data(5, false, "hel").data(5, true, "lo");
            Answer second = client.answer(3);
            assertThat(second.status()).isEqualTo(200);
            assertThat(second.text()).startsWith("GET /a?n=1 host=api.test headers=[Host=api.test] body=");
            assertThat(second.fields()).contains("content-type: text/plain", "content-length: " + second.body().length)
                    .anyMatch(field -> field.startsWith("date: ")).noneMatch(field -> field.startsWith("connection"));
            assertThat(client.answer(5).text())
                    .isEqualTo("POST /b host=api.test headers=[x-thing=y, Host=api.test, Cookie=a=1; b=2] body=hello");
            assertThat(client.answer(1).status()).isEqualTo(200);
            Eventually.holds("all ended well", () -> server.endings.containsAll(java.util.List.of("/later COMPLETE", "/a COMPLETE", "/b COMPLETE")));
        }
    }

    @Test
    void bothVersionsAreServedOnOnePort() throws Exception {
        try (var old = RawClient.connect(server.port()); var young = FrameClient.silent(server.port())) {
            old.send("P");
            young.raw("PRI * HT".getBytes(StandardCharsets.US_ASCII));
            old.send("OST /old HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
            assertThat(old.answer().text()).startsWith("POST /old").endsWith("body=hi");
            young.raw("TP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII)).send(Http2.SETTINGS, 0, 0, new byte[0]);
            assertThat(young.get(1, "/young").answer(1).text()).startsWith("GET /young");
        }
    }

    @Test
    void bodiesAndTrailersFlowBothWays() throws Exception {
        try (var client = client()) {
            client.post(1, "/echo", "trailer", "x-sum");
            for (int i = 0; i < 50; i++) {
                client.data(1, false, "x".repeat(10_000));
                client.await(Http2.DATA, 1);
            }
            client.headers(1, true, "x-sum", "500000", "content-length", "7");
            Answer answer = client.answer(1);
            assertThat(answer.body()).hasSize(500_000);
            assertThat(answer.trailers()).containsExactly("x-sum: 500000");
        }
    }

    @Test
    void paddedFramesAreRead() throws Exception {
        try (var client = client()) {
            byte[] block = FrameClient.block(":method", "POST", ":scheme", "http", ":path", "/p", ":authority", "a");
            byte[] padded = new byte[block.length + 1 + 5 + 9];
            padded[0] = 9;
            padded[5] = 16; // weight
            System.arraycopy(block, 0, padded, 6, block.length);
            client.send(Http2.HEADERS, Http2.END_HEADERS | Http2.PADDED | Http2.WITH_PRIORITY, 1, padded);
            client.send(Http2.DATA, Http2.PADDED | Http2.END_STREAM, 1, new byte[] {3, 'h', 'i', 0, 0, 0});
            assertThat(client.answer(1).text()).endsWith("body=hi");
        }
    }

    @Test
    void aHeadInManyFramesIsPutTogether() throws Exception {
        try (var client = client()) {
            byte[] block = FrameClient.block(":method", "GET", ":scheme", "http", ":path", "/c", ":authority", "a", "x-a", "1");
            client.send(Http2.HEADERS, Http2.END_STREAM, 1, java.util.Arrays.copyOf(block, 10));
            client.send(Http2.CONTINUATION, 0, 1, java.util.Arrays.copyOfRange(block, 10, 20));
            client.send(Http2.CONTINUATION, Http2.END_HEADERS, 1, java.util.Arrays.copyOfRange(block, 20, block.length));
            assertThat(client.answer(1).text()).contains("x-a=1");
        }
    }

    @Test
    void theBodyIsAskedForWithContinueIfTheClientWaits() throws Exception {
        try (var client = client()) {
            client.post(1, "/echo", "expect", "100-continue", "content-length", "2");
            client.await(Http2.HEADERS, 1);
            client.data(1, true, "hi");
            Answer answer = client.answer(1);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.text()).isEqualTo("hi");
            // who refuses does not ask
            client.post(3, "/unread", "expect", "100-continue", "content-length", "2");
            assertThat(client.answer(3).status()).isEqualTo(403);
            assertThat(client.error(3)).isEqualTo(Http2.Code.NO_ERROR);
        }
    }

    @Test
    void anAnswerWithoutBodyEndsWithItsHead() throws Exception {
        try (var client = client()) {
            client.headers(1, true, ":method", "HEAD", ":scheme", "http", ":path", "/big/300", ":authority", "a");
            Frame head = client.await(Http2.HEADERS, 1);
            assertThat(head.isEnd()).isTrue();
            Answer answer = client.answer(1);
            assertThat(answer.fields()).contains("content-length: 300");
            assertThat(answer.body()).isEmpty();
        }
    }

    @Test
    void largeAnswersWaitForTheClientsWindows() throws Exception {
        try (var client = client().stingy()) {
            client.get(1, "/big/200000").get(3, "/big/10");
            int received = 0;
            while (received < Http2.WINDOW) {
                received += client.await(frame -> frame.type() == Http2.DATA).payload().length;
            }
            assertThat(received).isEqualTo(Http2.WINDOW);
            client.send(Http2.WINDOW_UPDATE, 0, 1, FrameClient.number(1_000_000));
            client.send(Http2.PING, 0, 0, new byte[8]);
            client.await(frame -> frame.type() == Http2.PING); // nothing came before: the connection's window is used up
            client.send(Http2.WINDOW_UPDATE, 0, 0, FrameClient.number(1_000_000));
            assertThat(client.answer(1).body()).hasSize(200_000);
            assertThat(client.answer(3).body()).hasSize(10);
        }
    }

    @Test
    void manyAnswersShareTheConnectionFairly() throws Exception {
        try (var client = FrameClient.connect(server.port(), FrameClient.setting(Http2.INITIAL_WINDOW_SIZE, 1 << 24)).stingy()) {
            client.get(1, "/big/400000").get(3, "/big/400000");
            client.send(Http2.WINDOW_UPDATE, 0, 0, FrameClient.number(300_000));
            int[] received = new int[4];
            while (received[1] + received[3] < 300_000) {
                Frame frame = client.await(f -> f.type() == Http2.DATA);
                received[frame.stream()] += frame.payload().length;
            }
            assertThat(received[3]).isGreaterThan(100_000);
        }
    }

    @Test
    void aStreamTheClientResetsIsAnAbortAndTheOthersGoOn() throws Exception {
        try (var client = client()) {
            client.get(1, "/never").get(3, "/later").send(Http2.RST_STREAM, 0, 1, FrameClient.number(8));
            assertThat(client.answer(3).status()).isEqualTo(200);
            assertThat(server.endings).contains("/never CLIENT_ABORTED");
        }
    }

    @Test
    void aConnectionThatBreaksAbortsAllItsStreams() throws Exception {
        var client = client();
        client.get(1, "/never").post(3, "/collect").data(3, false, "begun");
        Eventually.holds("both began", () -> server.requests.size() == 2);
        client.close();
        Eventually.holds("both ended", () -> server.endings.containsAll(
                java.util.List.of("/never CLIENT_ABORTED", "/collect CLIENT_ABORTED")));
        Eventually.holds("no connection is left", () -> server.listener.openConnections() == 0);
    }

    @Test
    void aHandlerThatThrowsCostsOneStream() throws Exception {
        try (var client = client()) {
            assertThat(client.get(1, "/throw").answer(1).status()).isEqualTo(500);
            assertThat(client.get(3, "/a").answer(3).status()).isEqualTo(200);
        }
    }

    @Test
    void moreStreamsThanAllowedAreRefused() throws Exception {
        server.close();
        server = new TellingServer(transport, WireLimits.DEFAULT, ListenerSettings.Timeouts.DEFAULT, null, new Http2Limits(2, 200, 2000));
        try (var client = client()) {
            client.get(1, "/never").get(3, "/never").get(5, "/a");
            assertThat(client.error(5)).isEqualTo(Http2.Code.REFUSED_STREAM);
            client.send(Http2.RST_STREAM, 0, 1, FrameClient.number(8)).get(7, "/a");
            assertThat(client.answer(7).status()).isEqualTo(200);
        }
    }

    @Test
    void drainLetsStreamsFinishAndRequestsUnderWayBegin() throws Exception {
        try (var client = client()) {
            client.get(1, "/later");
            Eventually.holds("it began", () -> server.requests.size() == 1);
            var drained = CompletableFuture.runAsync(() -> server.listener.drain(Duration.ofSeconds(5)));
            Frame first = client.await(Http2.GOAWAY, 0);
            assertThat(first.number()).isEqualTo(Integer.MAX_VALUE);
            // sent before the client could know
            client.get(3, "/a");
            Frame ping = client.await(Http2.PING, 0);
            client.send(Http2.PING, Http2.ACK, 0, ping.payload());
            Frame last = client.await(Http2.GOAWAY, 0);
            assertThat(last.number()).isEqualTo(3);
            assertThat(client.answer(1).status()).isEqualTo(200);
            assertThat(client.answer(3).status()).isEqualTo(200);
            assertThat(client.reasonOfEnd()).startsWith("NO_ERROR");
            drained.join();
        }
    }

    @Test
    void idleConnectionsAndSlowFramesEndInTime() throws Exception {
        server.close();
        server = new TellingServer(transport, WireLimits.DEFAULT,
                new ListenerSettings.Timeouts(SOON, SOON, SOON, SOON, SOON), null, Http2Limits.DEFAULT);
        try (var client = client()) {
            assertThat(client.reasonOfEnd()).startsWith("NO_ERROR");
        }
        try (var client = FrameClient.silent(server.port())) {
            client.raw(Http2.PREFACE);
            assertThat(client.reasonOfEnd()).isNotEmpty();
        }
        try (var client = client()) {
            client.await(Http2.SETTINGS, 0); // acknowledged before the block begins
            client.send(Http2.HEADERS, 0, 1, FrameClient.block(":method", "GET"));
            assertThat(client.reasonOfEnd()).startsWith("ENHANCE_YOUR_CALM a frame incomplete");
        }
        try (var client = client()) {
            client.post(1, "/collect");
            Answer answer = client.answer(1);
            assertThat(answer.status()).isEqualTo(408);
            assertThat(client.error(1)).isEqualTo(Http2.Code.CANCEL);
        }
        try (var client = client().stingy()) {
            client.get(1, "/big/100000");
            assertThat(client.error(1)).isEqualTo(Http2.Code.CANCEL);
            assertThat(server.endings).contains("/big/100000 CLIENT_TOO_SLOW");
        }
    }
}
