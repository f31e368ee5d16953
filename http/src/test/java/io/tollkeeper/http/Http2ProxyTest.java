package io.tollkeeper.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

import io.netty.util.internal.PlatformDependent;
import io.tollkeeper.http.FrameClient.Answer;
import io.tollkeeper.http.FrameClient.Frame;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.ReceivedRequest;
import io.tollkeeper.testkit.RudePeer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Requests of HTTP/2 that pass on to an upstream of HTTP/1: what it receives, what comes back, and how little is held on
/// the way; on every transport.
@ParameterizedClass
@EnumSource(Transport.class)
class Http2ProxyTest {

    private static final long LARGE = 40_000_000L;
    /// What sockets and buffers on the way of one exchange may hold at most, generously.
    private static final long BOUND = 12L << 20;
    private static final Upstream.Timeouts TIMEOUTS = new Upstream.Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(5),
            Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ZERO);

    @Parameter
    Transport transport = Transport.NIO;

    private final Proxying.Seen seen = new Proxying.Seen();
    private @Nullable Engine engine;

    @BeforeEach
    void start() {
        engine = Engine.start(new EngineSettings(transport, 1, EngineSettings.Dns.DEFAULT));
    }

    @AfterEach
    void stop() {
        engine().close();
    }

    private Engine engine() {
        if (engine == null) {
            throw new IllegalStateException("not started");
        }
        return engine;
    }

    private FrameClient clientOf(RudePeer upstream, byte[] settings) throws IOException {
        Upstream target = Caller.plain("127.0.0.1", upstream.port(), TIMEOUTS);
        Listener opened = engine().listen(
                ListenerSettings.plain("proxy", new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .withHttp2(Http2Limits.DEFAULT),
                loop -> new Proxying(engine().upstreams(), loop, target, seen));
        return FrameClient.connect(opened.address().getPort(), settings);
    }

    private FrameClient clientOf(RudePeer upstream) throws IOException {
        return clientOf(upstream, new byte[0]);
    }

    // ---- what the upstream receives --------------------------------------------------------------------------------

    @Test
    void theUpstreamReceivesOneRequestInTheWordsOfHttp1() throws Exception {
        try (var upstream = RudePeer.start(Manner.citizen()); var client = clientOf(upstream)) {
            client.headers(1, true, ":method", "GET", ":scheme", "https", ":authority", "api.test", ":path", "/a%20b?c=d",
                    "cookie", "a=1", "x-two", "1", "cookie", "b=2", "x-two", "2", "te", "trailers");
            assertThat(client.answer(1).status()).isEqualTo(200);
            ReceivedRequest received = upstream.lastRequest();
            assertThat(received.rawText()).isEqualTo("GET /a%20b?c=d HTTP/1.1\r\nHost: api.test\r\n"
                    + "x-two: 1\r\nx-two: 2\r\nCookie: a=1; b=2\r\n\r\n");
        }
    }

    @Test
    void bodiesAreFramedAnewAndNeverAsTheClientSays() throws Exception {
        try (var upstream = RudePeer.start(Manner.citizen()); var client = clientOf(upstream)) {
            client.post(1, "/counted", "content-length", "5").data(1, true, "hello");
            assertThat(client.answer(1).status()).isEqualTo(200);
            assertThat(upstream.lastRequest().rawText()).contains("Content-Length: 5\r\n").doesNotContain("chunked");

            client.post(3, "/unknown").data(3, false, "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n").data(3, true, "0\r\n\r\n");
            assertThat(client.answer(3).status()).isEqualTo(200);
            assertThat(upstream.lastRequest().rawText()).contains("Transfer-Encoding: chunked\r\n").doesNotContain("Content-Length");
            assertThat(upstream.requests()).hasSize(2);

            client.post(5, "/peek").data(5, false, "sho").data(5, true, "rt");
            assertThat(client.answer(5).status()).isEqualTo(200);
            assertThat(upstream.lastRequest().rawText()).contains("Content-Length: 5\r\n");
        }
    }

    @Test
    void whatCouldSmuggleDoesNotReachTheUpstream() throws Exception {
        try (var upstream = RudePeer.start(Manner.citizen()); var client = clientOf(upstream)) {
            int id = 1;
            for (List<String> evil : List.of(
                    List.of("transfer-encoding", "chunked"), List.of("x", "a\r\nTransfer-Encoding: chunked"),
                    List.of("content-length", "5"), List.of("content-length", "0", "content-length", "40"),
                    List.of("connection", "content-length"), List.of("Content-Length", "5"), List.of("content_length", "5"),
                    List.of("host", "other"), List.of("x\r\nhost", "other"), List.of("upgrade", "websocket"))) {
                var fields = new java.util.ArrayList<>(List.of(":method", "POST", ":scheme", "http", ":authority", "api.test", ":path", "/e"));
                fields.addAll(evil);
                client.headers(id, true, fields.toArray(new String[0]));
                assertThat(client.error(id)).isEqualTo(Http2.Code.PROTOCOL_ERROR);
                id += 2;
            }
            for (String path : List.of("/a HTTP/1.1\r\nHost: x\r\n\r\nGET /b", "/a b", "x", "http://other/")) {
                client.get(id, path);
                assertThat(client.error(id)).isEqualTo(Http2.Code.PROTOCOL_ERROR);
                id += 2;
            }
            assertThat(upstream.requests()).isEmpty();
            assertThat(client.get(id, "/fine").answer(id).status()).isEqualTo(200);
            assertThat(upstream.requests()).hasSize(1);
        }
    }

    @Test
    void aBodyShorterOrLongerThanDeclaredLeavesTheUpstreamWithATornRequest() throws Exception {
        for (String body : List.of("hell", "hello!")) {
            try (var upstream = RudePeer.start(Manner.citizen()); var client = clientOf(upstream)) {
                client.post(1, "/torn", "content-length", "5").data(1, true, body);
                assertThat(client.error(1)).isEqualTo(Http2.Code.PROTOCOL_ERROR);
                assertThat(client.get(3, "/fine").answer(3).status()).isEqualTo(200);
                assertThat(upstream.requests()).filteredOn(request -> request.state() == ReceivedRequest.State.COMPLETE)
                        .extracting(ReceivedRequest::target).containsExactly("/fine");
            }
        }
    }

    // ---- what comes back -------------------------------------------------------------------------------------------

    @Test
    void answersAndTheirTrailersPass() throws Exception {
        try (var upstream = RudePeer.start(Manner.answering("HTTP/1.1 200 OK\r\nX-Up: 1\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\n"
                + "Transfer-Encoding: chunked\r\nKeep-Alive: 3\r\n\r\n5\r\nhello\r\n0\r\ngrpc-status: 0\r\n\r\n"));
                var client = clientOf(upstream)) {
            Answer answer = client.get(1, "/a").answer(1);
            assertThat(answer.text()).isEqualTo("hello");
            assertThat(answer.fields()).contains("x-up: 1")
                    .noneMatch(field -> field.startsWith("x-hop") || field.startsWith("connection") || field.startsWith("transfer"));
            assertThat(answer.trailers()).containsExactly("grpc-status: 0");
        }
    }

    @Test
    void aTruncatedAnswerIsReset() throws Exception {
        try (var upstream = RudePeer.start(Manner.truncatedLength(50, 5));
                var client = clientOf(upstream)) {
            client.get(1, "/a");
            assertThat(client.error(1)).isEqualTo(Http2.Code.INTERNAL_ERROR);
            assertThat(client.answer(1).ended()).isFalse();
        }
    }

    @Test
    void aClientThatResetsEndsTheUpstreamsCall() throws Exception {
        try (var upstream = RudePeer.start(Manner.silent()); var client = clientOf(upstream)) {
            client.get(1, "/a");
            Eventually.holds("the upstream was asked", () -> upstream.requests().size() == 1);
            client.send(Http2.RST_STREAM, 0, 1, FrameClient.number(8));
            Eventually.holds("its connection is closed", () -> upstream.openConnections() == 0);
            assertThat(seen.ending.get()).isEqualTo(Ending.CLIENT_ABORTED);
        }
    }

    // ---- back-pressure ---------------------------------------------------------------------------------------------

    @Test
    void aLargeDownloadWaitsForTheClientsWindow() throws Exception {
        try (var upstream = RudePeer.start(Manner.citizen()); var client = clientOf(upstream).stingy()) {
            long before = PlatformDependent.usedDirectMemory();
            client.get(1, "/bytes/" + LARGE).get(3, "/bytes/10");
            long received = 0;
            while (received < Http2.WINDOW - 100) {
                Frame frame = client.await(f -> f.type() == Http2.DATA);
                received += frame.payload().length;
            }
            assertThat(PlatformDependent.usedDirectMemory() - before).isLessThan(BOUND);
            client.send(Http2.WINDOW_UPDATE, 0, 1, FrameClient.number((int) LARGE));
            client.send(Http2.WINDOW_UPDATE, 0, 0, FrameClient.number(2 * (int) LARGE));
            Answer answer = client.answer(1);
            assertThat((long) answer.body().length).isEqualTo(LARGE);
            assertThat(client.answer(3).body()).hasSize(10);
            assertThat(PlatformDependent.usedDirectMemory() - before).isLessThan(BOUND);
        }
    }

    @Test
    void anUploadWaitsForASlowUpstream() throws Exception {
        try (var upstream = RudePeer.start(Manner.notReading()); var client = clientOf(upstream).stingy()) {
            long before = PlatformDependent.usedDirectMemory();
            client.await(Http2.SETTINGS, 0);
            client.post(1, "/upload");
            // as much as the windows allow, and they are widened only while the upstream takes it
            int window = Http2Stream.WINDOW;
            long sent = 0;
            byte[] piece = new byte[Http2.FRAME_SIZE];
            while (sent < 100_000_000 && window >= piece.length) {
                client.send(Http2.DATA, 0, 1, piece);
                sent += piece.length;
                window -= piece.length;
                if (window < piece.length) {
                    client.send(Http2.PING, 0, 0, new byte[8]);
                    Frame frame;
                    do {
                        frame = client.await(f -> f.type() == Http2.PING || f.type() == Http2.WINDOW_UPDATE && f.stream() == 1);
                        if (frame.type() == Http2.WINDOW_UPDATE) {
                            window += frame.number();
                        }
                    } while (frame.type() != Http2.PING);
                }
            }
            assertThat(sent).isLessThan(100_000_000);
            assertThat(PlatformDependent.usedDirectMemory() - before).isLessThan(BOUND);
            // others pass meanwhile, and the end of the stream is the end of the call
            client.send(Http2.RST_STREAM, 0, 1, FrameClient.number(8));
            Eventually.holds("the exchange ended", () -> seen.ending.get() == Ending.CLIENT_ABORTED);
        }
    }
}
