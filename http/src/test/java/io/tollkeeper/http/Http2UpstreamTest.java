package io.tollkeeper.http;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.http.FrameServer.Script;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RudePeer;
import io.tollkeeper.testkit.TestCertificates;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Calls over HTTP/2 to upstreams that behave and that do not: how calls share connections, what is repeated, and what an
/// operator reads about the rest.
final class Http2UpstreamTest {

    private static final Upstream.Timeouts SHORT = new Upstream.Timeouts(Duration.ofSeconds(2), Duration.ofSeconds(2),
            Duration.ofMillis(400), Duration.ofMillis(400), Duration.ofMillis(400), Duration.ZERO);

    private static final Upstream.Timeouts PATIENT = new Upstream.Timeouts(Duration.ofSeconds(10), Duration.ofSeconds(10),
            Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ZERO);

    private @Nullable Engine engine;

    @BeforeEach
    void start() {
        engine = Engine.start(new EngineSettings(Transport.NIO, 1, EngineSettings.Dns.DEFAULT));
    }

    @AfterEach
    void stop() {
        System.clearProperty("tollkeeper.tls");
        engine().close();
    }

    private Engine engine() {
        if (engine == null) {
            throw new IllegalStateException("not started");
        }
        return engine;
    }

    private static Upstream at(int port) {
        return Caller.plain("127.0.0.1", port, PATIENT).with(Upstream.Protocol.HTTP_2);
    }

    private static Upstream hurried(int port) {
        return Caller.plain("127.0.0.1", port, SHORT).with(Upstream.Protocol.HTTP_2);
    }

    private Caller caller() {
        return new Caller(engine(), 0);
    }

    private Caller.Outcome get(FrameServer server) {
        return caller().get(at(server.port()), "/a");
    }

    /// Plays a script on the first request of each connection.
    private Caller.Outcome ofFirstRequest(Script script) throws IOException {
        return ofFirstRequest(PATIENT, script);
    }

    private Caller.Outcome ofFirstRequest(Upstream.Timeouts timeouts, Script script) throws IOException {
        try (var server = FrameServer.playing((peer, connection) -> {
            peer.nextRequest();
            script.play(peer, connection);
            peer.reasonOfEnd();
        })) {
            return caller().get(Caller.plain("127.0.0.1", server.port(), timeouts).with(Upstream.Protocol.HTTP_2), "/a");
        }
    }

    // ---- calls that go well ----------------------------------------------------------------------------------------

    @Test
    void callsAreStreamsOfOneConnection() throws Exception {
        var heads = new ArrayList<List<String>>();
        try (var server = FrameServer.playing((peer, _) -> {
            for (int i = 0; i < 3; i++) {
                int stream = peer.nextRequest();
                heads.add(peer.fields(stream));
                peer.respond(stream, "answer " + stream);
            }
        })) {
            for (int i = 0; i < 3; i++) {
                Caller.Outcome outcome = get(server);
                assertThat(outcome.failure()).as(outcome.evidence()).isNull();
                assertThat(outcome.body()).isEqualTo("answer " + (2 * i + 1));
                assertThat(outcome.facts().protocol()).isEqualTo("HTTP/2.0");
                assertThat(outcome.facts().stream()).isEqualTo(2 * i + 1);
                assertThat(outcome.facts().reused()).isEqualTo(i > 0);
            }
            assertThat(server.connections()).isEqualTo(1);
            assertThat(heads.getFirst()).containsExactly(":method: GET", ":scheme: http", ":path: /a", ":authority: api.test");
        }
    }

    @Test
    void callsAtATimeShareOneConnectionAndItsAnswersMayComeInAnyOrder() throws Exception {
        try (var server = FrameServer.playing((peer, _) -> {
            var streams = new ArrayList<Integer>();
            for (int i = 0; i < 20; i++) {
                streams.add(peer.nextRequest());
            }
            for (int stream : streams.reversed()) {
                peer.respond(stream, peer.fields(stream).get(2));
            }
            peer.reasonOfEnd();
        })) {
            List<CompletableFuture<Caller.Outcome>> calls = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                calls.add(caller().start(at(server.port()), new UpstreamRequest().target("/" + i)));
            }
            for (int i = 0; i < 20; i++) {
                assertThat(Caller.outcome(at(server.port()), calls.get(i)).body()).isEqualTo(":path: /" + i);
            }
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    @Test
    void anUpstreamsLimitOfStreamsIsKept() throws Exception {
        try (var server = FrameServer.playing(FrameClient.setting(Http2.MAX_CONCURRENT_STREAMS, 2), (peer, _) -> {
            int served = 0;
            while (true) {
                int first = peer.nextRequest();
                peer.respond(first, "x");
                served++;
                if (served > 20) {
                    return;
                }
            }
        })) {
            caller().get(at(server.port()), "/settings-are-known");
            List<CompletableFuture<Caller.Outcome>> calls = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                calls.add(caller().start(at(server.port()), new UpstreamRequest().target("/" + i)));
            }
            for (CompletableFuture<Caller.Outcome> call : calls) {
                Caller.Outcome outcome = Caller.outcome(at(server.port()), call);
                assertThat(outcome.failure()).as(outcome.evidence()).isNull();
            }
            assertThat(server.connections()).isGreaterThan(1);
        }
    }

    @Test
    void bodiesLeaveAsFarAsWindowsAllow() throws Exception {
        try (var server = FrameServer.playing(FrameClient.setting(Http2.INITIAL_WINDOW_SIZE, 3), (peer, _) -> {
            peer.respond(peer.nextRequest(), "settings are known");
            int stream = peer.nextRequest();
            // as wide as what was taken, piece by piece
            peer.respond(stream, peer.answer(stream).text());
            peer.reasonOfEnd();
        })) {
            caller().get(at(server.port()), "/first");
            Caller.Outcome outcome = Caller.outcome(at(server.port()), caller().post(at(server.port()), "/b", "x".repeat(200)));
            assertThat(outcome.failure()).as(outcome.evidence()).isNull();
            assertThat(outcome.body()).isEqualTo("x".repeat(200));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"boringssl", "jdk"})
    void overTlsTheVersionIsAgreedOnByAlpn(String provider, @TempDir Path folder) throws Exception {
        System.setProperty("tollkeeper.tls", provider);
        var certificates = TestCertificates.in(folder);
        var identity = certificates.server("localhost");
        var tls = new ServerTls(List.of(new ServerTls.Certificate(List.of(), identity.certificateFile(), identity.keyFile())));
        try (var server = new TellingServer(null, WireLimits.DEFAULT, ListenerSettings.Timeouts.DEFAULT, tls, Http2Limits.DEFAULT)) {
            var target = new Upstream(new ClientTls(true, certificates.authorityFile(), null, null), "127.0.0.1", server.port(),
                    "localhost", "localhost", PATIENT, 10).with(Upstream.Protocol.HTTP_2);
            Caller.Outcome outcome = caller().get(target, "/over/tls");
            assertThat(outcome.failure()).as(outcome.evidence()).isNull();
            assertThat(outcome.body()).startsWith("GET /over/tls host=localhost");
            assertThat(outcome.facts().protocol()).isEqualTo("HTTP/2.0");
            assertThat(Caller.outcome(target, caller().post(target, "/echo", "hello")).body()).isEqualTo("hello");
            assertThat(caller().get(target, "/big/300000").body()).hasSize(300_000);
        }
    }

    // ---- repeated elsewhere ----------------------------------------------------------------------------------------

    @Test
    void whatAnUpstreamSaysItHasNotLookedAtIsSentAgain() throws Exception {
        for (boolean goAway : List.of(true, false)) {
            try (var server = FrameServer.playing((peer, connection) -> {
                int stream = peer.nextRequest();
                if (connection == 1 && goAway) {
                    peer.send(Http2.GOAWAY, 0, 0, FrameClient.goAway(0, Http2.Code.NO_ERROR));
                } else if (stream == 1 && !goAway) {
                    peer.send(Http2.RST_STREAM, 0, stream, FrameClient.number(Http2.Code.REFUSED_STREAM.ordinal()));
                    peer.respond(peer.nextRequest(), "second");
                } else {
                    peer.respond(stream, "second");
                }
                peer.reasonOfEnd();
            })) {
                // also what is not idempotent
                Caller.Outcome outcome = caller().call(at(server.port()), "POST", "/a", false);
                assertThat(outcome.failure()).as(outcome.evidence()).isNull();
                assertThat(outcome.body()).isEqualTo("second");
                assertThat(outcome.facts().attempts()).isEqualTo(2);
                assertThat(server.connections()).isEqualTo(goAway ? 2 : 1);
            }
        }
    }

    @Test
    void streamsThatWereLookedAtEndOnAConnectionThatTakesNoMore() throws Exception {
        try (var server = FrameServer.playing((peer, connection) -> {
            int stream = peer.nextRequest();
            if (connection == 1) {
                peer.send(Http2.GOAWAY, 0, 0, FrameClient.goAway(stream, Http2.Code.NO_ERROR));
            }
            peer.respond(stream, "on " + connection);
            peer.reasonOfEnd();
        })) {
            assertThat(get(server).body()).isEqualTo("on 1");
            assertThat(get(server).body()).isEqualTo("on 2");
            Eventually.holds("the first is closed", () -> engine().upstreams().openConnections(at(server.port())) == 1);
        }
    }

    @Test
    void nothingIsSentAThirdTime() throws Exception {
        Caller.Outcome outcome = ofFirstRequest(
                (peer, _) -> peer.send(Http2.GOAWAY, 0, 0, FrameClient.goAway(0, Http2.Code.ENHANCE_YOUR_CALM)));
        assertThat(outcome.failure()).isEqualTo(Reason.UPSTREAM_RESET_EARLY);
        assertThat(outcome.evidence()).contains("GOAWAY (ENHANCE_YOUR_CALM)").contains("sent a second time already");
    }

    @Test
    void aReusedConnectionThatDiesIsReplacedForWhatMayBeRepeated() throws Exception {
        try (var server = FrameServer.playing((peer, connection) -> {
            peer.respond(peer.nextRequest(), "on " + connection);
            peer.nextRequest();
            if (connection > 1) {
                peer.respond(3, "again");
                peer.reasonOfEnd();
            }
        })) {
            assertThat(get(server).body()).isEqualTo("on 1");
            Caller.Outcome second = get(server);
            assertThat(second.failure()).as(second.evidence()).isNull();
            assertThat(second.facts().attempts()).isEqualTo(2);
        }
    }

    // ---- failures and their words ----------------------------------------------------------------------------------

    @Test
    void aResetTellsItsCode() throws Exception {
        Caller.Outcome early = ofFirstRequest((peer, _) -> peer.send(Http2.RST_STREAM, 0, 1, FrameClient.number(2)));
        assertThat(early.failure()).isEqualTo(Reason.UPSTREAM_RESET_EARLY);
        assertThat(early.evidence()).contains("stream 1").contains("it reset the stream (INTERNAL_ERROR)");
        Caller.Outcome late = ofFirstRequest((peer, _) -> peer.headers(1, false, ":status", "200").data(1, false, "some")
                .send(Http2.RST_STREAM, 0, 1, FrameClient.number(8)));
        assertThat(late.status()).isEqualTo(200);
        assertThat(late.failure()).isEqualTo(Reason.UPSTREAM_RESET_LATE);
        assertThat(late.evidence()).contains("(CANCEL)").contains("received 4 bytes of body");
    }

    @Test
    void aConnectionThatEndsInAnAnswerTruncatesIt() throws Exception {
        try (var server = FrameServer.playing((peer, _) -> {
            peer.nextRequest();
            peer.headers(1, false, ":status", "200", "content-length", "100").data(1, false, "some");
        })) {
            Caller.Outcome outcome = get(server);
            assertThat(outcome.failure()).isIn(Reason.UPSTREAM_TRUNCATED, Reason.UPSTREAM_RESET_LATE);
            assertThat(outcome.evidence()).contains("received 4 bytes of body, declared 100");
        }
    }

    @Test
    void wrongLengthsAreNoticed() throws Exception {
        Caller.Outcome less = ofFirstRequest(
                (peer, _) -> peer.headers(1, false, ":status", "200", "content-length", "5").data(1, true, "abc"));
        assertThat(less.failure()).isEqualTo(Reason.UPSTREAM_TRUNCATED);
        assertThat(less.evidence()).contains("content-length: 5, but 3 bytes in all");
        Caller.Outcome more = ofFirstRequest(
                (peer, _) -> peer.headers(1, false, ":status", "200", "content-length", "5").data(1, true, "abcdefg"));
        assertThat(more.failure()).isEqualTo(Reason.UPSTREAM_PROTOCOL);
        assertThat(more.evidence()).contains("content-length: 5, but 7 bytes");
        Caller.Outcome none = ofFirstRequest((peer, _) -> peer.headers(1, true, ":status", "200", "content-length", "5"));
        assertThat(none.failure()).isEqualTo(Reason.UPSTREAM_TRUNCATED);
    }

    @Test
    void malformedHeadsAreNoAnswers() throws Exception {
        for (List<String> fields : List.of(
                List.of(":status", "200", "X-Upper", "1"), List.of(":status", "200", "connection", "close"),
                List.of(":status", "200", "transfer-encoding", "chunked"), List.of(":status", "2000"), List.of("x", "1"),
                List.of(":status", "101"), List.of(":status", "200", ":status", "200"), List.of(":path", "/"),
                List.of(":status", "200", "x", "a\r\nset-cookie: b"), List.of(":status", "200", "content-length", "+5"))) {
            Caller.Outcome outcome = ofFirstRequest((peer, _) -> peer.headers(1, true, fields.toArray(new String[0])));
            assertThat(outcome.failure()).as("%s: %s", fields, outcome.evidence()).isEqualTo(Reason.UPSTREAM_PROTOCOL);
            assertThat(outcome.status()).isZero();
        }
    }

    @Test
    void framesThatAServerMustNotSendEndTheConnection() throws Exception {
        for (Script evil : List.<Script>of(
                (peer, _) -> peer.send(Http2.PUSH_PROMISE, Http2.END_HEADERS, 1, FrameClient.number(2)),
                (peer, _) -> peer.headers(2, true, ":status", "200"),
                (peer, _) -> peer.headers(7, true, ":status", "200"),
                (peer, _) -> peer.send(Http2.SETTINGS, 0, 0, FrameClient.setting(Http2.ENABLE_PUSH, 1)),
                (peer, _) -> peer.send(Http2.WINDOW_UPDATE, 0, 0, FrameClient.number(0)),
                (peer, _) -> peer.raw(new byte[] {0x7f, 0, 0, 0, 0, 0, 0, 0, 1}),
                (peer, _) -> peer.data(1, true, "no head"))) {
            Caller.Outcome outcome = ofFirstRequest(evil);
            assertThat(outcome.failure()).as(outcome.evidence()).isEqualTo(Reason.UPSTREAM_PROTOCOL);
        }
    }

    @Test
    void floodsEndTheConnection() throws Exception {
        byte[] crumb = FrameClient.block("x", "y");
        Caller.Outcome blocks = ofFirstRequest((peer, _) -> {
            peer.send(Http2.HEADERS, 0, 1, FrameClient.block(":status", "200"));
            for (int i = 0; i < 100; i++) {
                peer.send(Http2.CONTINUATION, 0, 1, crumb);
            }
        });
        assertThat(blocks.failure()).isEqualTo(Reason.UPSTREAM_PROTOCOL);
        assertThat(blocks.evidence()).contains("a header block in more than 16 pieces");
        Caller.Outcome pings = ofFirstRequest((peer, _) -> {
            for (int i = 0; i < 3000; i++) {
                peer.send(Http2.PING, 0, 0, new byte[8]);
            }
        });
        assertThat(pings.failure()).as(pings.evidence()).isIn(Reason.UPSTREAM_PROTOCOL);
        Caller.Outcome hints = ofFirstRequest((peer, _) -> {
            for (int i = 0; i < 20; i++) {
                peer.headers(1, false, ":status", "103");
            }
        });
        assertThat(hints.failure()).isEqualTo(Reason.UPSTREAM_PROTOCOL);
        assertThat(hints.evidence()).contains("more than 8 informational answers");
        Caller.Outcome large = ofFirstRequest((peer, _) -> {
            peer.send(Http2.HEADERS, 0, 1, FrameClient.block(":status", "200", "a", "x".repeat(16_000)));
            for (int i = 0; i < 4; i++) {
                peer.send(Http2.CONTINUATION, i == 3 ? Http2.END_HEADERS : 0, 1, FrameClient.block("a", "x".repeat(16_000)));
            }
        });
        assertThat(large.failure()).as(large.evidence()).isEqualTo(Reason.UPSTREAM_HEADERS_TOO_LARGE);
    }

    @Test
    void aWindowThatIsNeverOpenedIsASendTimeout() throws Exception {
        try (var server = FrameServer.playing(FrameClient.setting(Http2.INITIAL_WINDOW_SIZE, 0), (peer, _) -> {
            peer.respond(peer.nextRequest(), "settings are known");
            peer.reasonOfEnd();
        })) {
            assertThat(get(server).status()).isEqualTo(200);
            Caller.Outcome outcome = Caller.outcome(at(server.port()), caller().post(hurried(server.port()), "/b", "hello"));
            assertThat(outcome.failure()).isEqualTo(Reason.UPSTREAM_SEND_TIMEOUT);
            assertThat(outcome.evidence()).contains("its flow control window allowed no byte");
        }
    }

    @Test
    void silenceIsTimedAsOnHttp1() throws Exception {
        assertThat(ofFirstRequest(SHORT, (_, _) -> {}).failure()).isEqualTo(Reason.UPSTREAM_FIRST_BYTE_TIMEOUT);
        Caller.Outcome stalled = ofFirstRequest(SHORT, (peer, _) -> peer.headers(1, false, ":status", "200").data(1, false, "a"));
        assertThat(stalled.failure()).isEqualTo(Reason.UPSTREAM_IDLE_TIMEOUT);
    }

    @Test
    void anUpstreamThatSpeaksSomethingElseIsNamed() throws Exception {
        try (var upstream = RudePeer.start(Manner.citizen())) {
            Caller.Outcome outcome = caller().get(at(upstream.port()), "/a");
            assertThat(outcome.failure()).as(outcome.evidence()).isIn(Reason.UPSTREAM_PROTOCOL);
            assertThat(outcome.evidence()).contains("the answer is no HTTP/2").contains("HTTP/1.1");
        }
    }
}
