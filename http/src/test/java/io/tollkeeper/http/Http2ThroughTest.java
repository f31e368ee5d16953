package io.tollkeeper.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

import io.netty.util.internal.PlatformDependent;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.http.FrameClient.Answer;
import io.tollkeeper.http.FrameClient.Frame;
import io.tollkeeper.http.FrameServer.Script;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/// HTTP/2 on both sides of a proxy, as gRPC needs it: trailers, streams that flow both ways at a time, resets,
/// back-pressure; and what of it clients of HTTP/1 see. On every transport.
@ParameterizedClass
@EnumSource(Transport.class)
class Http2ThroughTest {

    /// What sockets and buffers on the way of one exchange may hold at most, generously.
    private static final long BOUND = 12L << 20;
    private static final Upstream.Timeouts TIMEOUTS = new Upstream.Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(5),
            Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ZERO);

    @Parameter
    Transport transport = Transport.NIO;

    private final Proxying.Seen seen = new Proxying.Seen();
    private @Nullable Engine engine;
    private @Nullable FrameServer upstream;

    @BeforeEach
    void start() {
        engine = Engine.start(new EngineSettings(transport, 1, EngineSettings.Dns.DEFAULT));
    }

    @AfterEach
    void stop() throws IOException {
        engine().close();
        if (upstream != null) {
            upstream.close();
            assertThat(upstream.mistakes()).isEmpty();
        }
    }

    private Engine engine() {
        if (engine == null) {
            throw new IllegalStateException("not started");
        }
        return engine;
    }

    private int proxyTo(Script script) throws IOException {
        upstream = FrameServer.playing(script);
        Upstream target = Caller.plain("127.0.0.1", upstream.port(), TIMEOUTS).with(Upstream.Protocol.HTTP_2);
        Listener opened = engine().listen(
                ListenerSettings.plain("proxy", new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .withHttp2(Http2Limits.DEFAULT),
                loop -> new Proxying(engine().upstreams(), loop, target, seen));
        return opened.address().getPort();
    }

    @Test
    void aCallOfGrpcPassesWithItsTrailers() throws Exception {
        List<String> head = new ArrayList<>();
        int port = proxyTo((peer, _) -> {
            int stream = peer.nextRequest();
            head.addAll(peer.fields(stream));
            String asked = peer.answer(stream).text();
            peer.headers(stream, false, ":status", "200", "content-type", "application/grpc")
                    .data(stream, false, "told " + asked)
                    .headers(stream, true, "grpc-status", "0", "grpc-message", "fine");
            peer.reasonOfEnd();
        });
        try (var client = FrameClient.connect(port)) {
            client.post(1, "/pkg.Service/Unary", "content-type", "application/grpc", "te", "trailers", "grpc-timeout", "1S")
                    .data(1, true, "hello");
            Answer answer = client.answer(1);
            assertThat(answer.text()).isEqualTo("told hello");
            assertThat(answer.trailers()).containsExactly("grpc-status: 0", "grpc-message: fine");
            assertThat(answer.fields()).noneMatch(field -> field.startsWith("content-length"));
            assertThat(head).contains("te: trailers", "grpc-timeout: 1S", ":path: /pkg.Service/Unary")
                    .noneMatch(field -> field.startsWith("content-length") || field.startsWith("host"));
        }
    }

    @Test
    void anAnswerOfTrailersOnlyStaysOne() throws Exception {
        int port = proxyTo((peer, _) -> {
            int stream = peer.nextRequest();
            peer.headers(stream, true, ":status", "200", "content-type", "application/grpc", "grpc-status", "12");
            peer.reasonOfEnd();
        });
        try (var client = FrameClient.connect(port)) {
            client.post(1, "/a", "content-type", "application/grpc", "te", "trailers").data(1, true, "hello");
            Frame frame = client.await(Http2.HEADERS, 1);
            assertThat(frame.isEnd()).isTrue();
            Answer answer = client.answer(1);
            assertThat(answer.fields()).contains("grpc-status: 12").noneMatch(field -> field.startsWith("content-length"));
        }
    }

    @Test
    void messagesFlowBothWaysAtATime() throws Exception {
        int port = proxyTo((peer, _) -> {
            int stream = peer.nextRequest();
            peer.headers(stream, false, ":status", "200");
            for (int i = 0; i < 20; i++) {
                Frame ping = peer.await(frame -> frame.type() == Http2.DATA && frame.payload().length > 0);
                peer.send(Http2.DATA, 0, stream, ping.payload());
            }
            peer.await(frame -> frame.type() == Http2.DATA && frame.isEnd());
            peer.headers(stream, true, "grpc-status", "0");
            peer.reasonOfEnd();
        });
        try (var client = FrameClient.connect(port)) {
            client.post(1, "/pkg.Service/Bidi", "te", "trailers");
            client.await(Http2.HEADERS, 1);
            for (int i = 0; i < 20; i++) {
                client.data(1, false, "message " + i);
                Frame back = client.await(frame -> frame.type() == Http2.DATA && frame.stream() == 1);
                assertThat(new String(back.payload(), java.nio.charset.StandardCharsets.US_ASCII)).isEqualTo("message " + i);
            }
            client.data(1, true, "");
            assertThat(client.answer(1).trailers()).containsExactly("grpc-status: 0");
            Eventually.holds("it ended well", () -> seen.ending.get() == Ending.COMPLETE);
        }
    }

    @Test
    void trailersOfARequestPass() throws Exception {
        List<String> trailers = new ArrayList<>();
        int port = proxyTo((peer, _) -> {
            int stream = peer.nextRequest();
            trailers.addAll(peer.answer(stream).trailers());
            peer.respond(stream, "x");
            peer.reasonOfEnd();
        });
        try (var client = FrameClient.connect(port)) {
            client.post(1, "/a").data(1, false, "hello").headers(1, true, "x-sum", "5", "authorization", "smuggled");
            assertThat(client.answer(1).status()).isEqualTo(200);
            assertThat(trailers).containsExactly("x-sum: 5");
        }
    }

    @Test
    void anAnswerBeforeTheRequestsEndEndsTheRequest() throws Exception {
        int port = proxyTo((peer, _) -> {
            int stream = peer.nextRequest();
            peer.headers(stream, true, ":status", "200", "grpc-status", "7");
            assertThat(peer.error(stream)).isIn(Http2.Code.CANCEL, Http2.Code.NO_ERROR);
            peer.reasonOfEnd();
        });
        try (var client = FrameClient.connect(port)) {
            client.post(1, "/a").data(1, false, "begin");
            Answer answer = client.answer(1);
            assertThat(answer.ended()).isTrue();
            assertThat(client.error(1)).isEqualTo(Http2.Code.NO_ERROR);
        }
    }

    @Test
    void resetsPassInBothDirections() throws Exception {
        var asked = new AtomicBoolean();
        int port = proxyTo((peer, _) -> {
            int first = peer.nextRequest();
            asked.set(true);
            assertThat(peer.error(first)).isEqualTo(Http2.Code.CANCEL);
            int second = peer.nextRequest();
            peer.headers(second, false, ":status", "200").data(second, false, "some")
                    .send(Http2.RST_STREAM, 0, second, FrameClient.number(8));
            peer.reasonOfEnd();
        });
        try (var client = FrameClient.connect(port)) {
            client.get(1, "/a");
            Eventually.holds("the upstream was asked", asked::get);
            client.send(Http2.RST_STREAM, 0, 1, FrameClient.number(8));
            client.get(3, "/b");
            assertThat(client.error(3)).isEqualTo(Http2.Code.INTERNAL_ERROR);
            Eventually.holds("the reason is kept", () -> seen.failure.get() == Reason.UPSTREAM_RESET_LATE);
        }
    }

    @Test
    void aLargeDownloadWaitsForASlowClient() throws Exception {
        int large = 30_000_000;
        int port = proxyTo((peer, _) -> {
            int stream = peer.nextRequest();
            peer.headers(stream, false, ":status", "200");
            byte[] piece = new byte[Http2.FRAME_SIZE];
            int window = Http2Stream.WINDOW;
            for (int sent = 0; sent < large; sent += piece.length) {
                while (window < piece.length) {
                    window += peer.await(Http2.WINDOW_UPDATE, stream).number();
                }
                peer.send(Http2.DATA, 0, stream, piece);
                window -= piece.length;
            }
            peer.data(stream, true, "");
            peer.reasonOfEnd();
        });
        try (var client = FrameClient.connect(port).stingy()) {
            long before = PlatformDependent.usedDirectMemory();
            client.get(1, "/a");
            int received = 0;
            while (received < Http2.WINDOW - 100) {
                received += client.await(frame -> frame.type() == Http2.DATA).payload().length;
            }
            assertThat(PlatformDependent.usedDirectMemory() - before).isLessThan(BOUND);
            client.send(Http2.WINDOW_UPDATE, 0, 0, FrameClient.number(2 * large));
            client.send(Http2.WINDOW_UPDATE, 0, 1, FrameClient.number(2 * large));
            assertThat(client.answer(1).body()).hasSizeGreaterThanOrEqualTo(large);
            assertThat(PlatformDependent.usedDirectMemory() - before).isLessThan(BOUND);
        }
    }

    @Test
    void anUploadWaitsForTheUpstreamsWindow() throws Exception {
        int port = proxyTo((peer, _) -> {
            int stream = peer.stingy().nextRequest();
            int received = 0;
            while (received < Http2.WINDOW) {
                received += peer.await(Http2.DATA, stream).payload().length;
            }
            // nothing is widened: nothing more may come
            peer.respond(stream, "enough");
            peer.reasonOfEnd();
        });
        try (var client = FrameClient.connect(port)) {
            long before = PlatformDependent.usedDirectMemory();
            client.post(1, "/a");
            for (int i = 0; i < Http2Stream.WINDOW / Http2.FRAME_SIZE; i++) {
                client.send(Http2.DATA, 0, 1, new byte[Http2.FRAME_SIZE]);
            }
            assertThat(client.answer(1).text()).isEqualTo("enough");
            assertThat(PlatformDependent.usedDirectMemory() - before).isLessThan(BOUND);
        }
    }

    @Test
    void clientsOfHttp1SeeTrailersOnlyIfTheyAskForThem() throws Exception {
        int port = proxyTo((peer, _) -> {
            for (int i = 0; i < 2; i++) {
                int stream = peer.nextRequest();
                peer.headers(stream, false, ":status", "200").data(stream, false, "hello").headers(stream, true, "x-sum", "5");
            }
            peer.reasonOfEnd();
        });
        try (var client = RawClient.connect(port)) {
            client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
            RawAnswer plain = client.answer();
            assertThat(plain.text()).isEqualTo("hello");
            assertThat(plain.header("x-sum")).isNull();
            assertThat(plain.trailers().first("x-sum")).isNull();
            client.send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: deflate, trailers\r\n\r\n");
            RawAnswer asked = client.answer();
            assertThat(asked.header("x-sum")).isNull();
            assertThat(asked.trailers().first("x-sum")).isEqualTo("5");
        }
    }
}
