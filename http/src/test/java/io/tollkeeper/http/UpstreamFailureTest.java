package io.tollkeeper.http;

import java.time.Duration;
import java.util.List;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.testkit.Lie;
import io.tollkeeper.testkit.LyingDns;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RefusingPort;
import io.tollkeeper.testkit.RudePeer;
import io.tollkeeper.testkit.UnansweringPort;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Upstreams that misbehave, each told apart with its evidence; on every transport.
@ParameterizedClass
@EnumSource(Transport.class)
class UpstreamFailureTest {

    private static final Upstream.Timeouts SHORT = new Upstream.Timeouts(
            Duration.ofMillis(400), Duration.ofMillis(400), Duration.ofMillis(400), Duration.ofMillis(400),
            Duration.ofMillis(400), Duration.ZERO);

    @Parameter
    Transport transport = Transport.NIO;

    private static final Engine[] ENGINES = new Engine[Transport.values().length];

    @BeforeAll
    static void start() {
        for (Transport each : Transport.values()) {
            ENGINES[each.ordinal()] = Engine.start(new EngineSettings(each, 1, EngineSettings.Dns.DEFAULT));
        }
    }

    @AfterAll
    static void stop() {
        for (Engine engine : ENGINES) {
            engine.close();
        }
    }

    private Engine engine() {
        return ENGINES[transport.ordinal()];
    }

    private Caller.Outcome get(int port) {
        return new Caller(engine(), 0).get(Caller.plain("127.0.0.1", port, SHORT), "/");
    }

    private Caller.Outcome fails(Manner manner, Reason reason) throws Exception {
        try (var upstream = RudePeer.start(manner)) {
            var outcome = get(upstream.port());
            assertThat(outcome.failure()).as(outcome.evidence()).isEqualTo(reason);
            assertThat(outcome.evidence()).contains("127.0.0.1:" + upstream.port());
            return outcome;
        }
    }

    // ---- no connection ---------------------------------------------------------------------------------------------

    @Test
    void refusedConnectionNamesTheAddress() throws Exception {
        try (var port = RefusingPort.open()) {
            var outcome = get(port.port());
            assertThat(outcome.failure()).as(outcome.evidence()).isEqualTo(Reason.UPSTREAM_REFUSED);
            assertThat(outcome.evidence()).contains("127.0.0.1:" + port.port() + " refused the connection after");
            assertThat(engine().upstreams().openConnections(Caller.plain(port.port()))).isZero();
        }
    }

    @Test
    void unansweredConnectionIsATimeout() throws Exception {
        try (var port = UnansweringPort.open()) {
            var outcome = get(port.port());
            assertThat(outcome.failure()).as(outcome.evidence()).isEqualTo(Reason.UPSTREAM_CONNECT_TIMEOUT);
            assertThat(outcome.evidence()).contains("did not answer the connection attempt within 4");
        }
    }

    @Test
    void addressWithoutARouteIsUnroutable() {
        // Multicast addresses are no destination of a TCP connection.
        var outcome = new Caller(engine(), 0).get(Caller.plain("224.0.0.1", 80, SHORT), "/");
        assertThat(outcome.failure()).as(outcome.evidence()).isEqualTo(Reason.UPSTREAM_UNROUTABLE);
    }

    @Test
    void nextAddressIsTriedAfterARefusal() throws Exception {
        try (var dns = LyingDns.start();
                var upstream = RudePeer.start(Manner.citizen())) {
            dns.say("two.test", Lie.addresses(Duration.ofSeconds(60), "127.0.0.2", "127.0.0.1"));
            dns.say("none.test", Lie.addresses(Duration.ofSeconds(60), "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"));
            var settings = new EngineSettings.Dns(List.of(dns.address()), false, Duration.ofSeconds(2),
                    Duration.ofSeconds(1), Duration.ofHours(1), Duration.ofSeconds(5), Duration.ofHours(1));
            try (var own = Engine.start(new EngineSettings(transport, 1, settings))) {
                var caller = new Caller(own, 0);
                for (int i = 0; i < 4; i++) {
                    var target = new Upstream(null, "two.test", upstream.port(), "h" + i, "sni" + i, SHORT, 10);
                    var outcome = caller.get(target, "/");
                    assertThat(outcome.failure()).as(outcome.evidence()).isNull();
                    assertThat(outcome.facts().address()).isEqualTo("127.0.0.1");
                }
                var outcome = caller.get(Caller.plain("none.test", upstream.port(), SHORT), "/");
                assertThat(outcome.failure()).isEqualTo(Reason.UPSTREAM_REFUSED);
                assertThat(outcome.facts().addressesTried()).isEqualTo(3);
                assertThat(outcome.evidence().split("refused", -1)).hasSize(4);
            }
        }
    }

    // ---- broken before an answer -----------------------------------------------------------------------------------

    @Test
    void newConnectionThatEndsWithoutAByteIsAnEarlyReset() throws Exception {
        assertThat(fails(Manner.resetAfterRequest(), Reason.UPSTREAM_RESET_EARLY).evidence())
                .contains("(new)").contains("reset by the upstream").contains("0 bytes of an answer").contains("the connection was new");
        assertThat(fails(Manner.closeAfter(""), Reason.UPSTREAM_RESET_EARLY).evidence()).contains("closed it (FIN)");
        fails(Manner.resetAtOnce(), Reason.UPSTREAM_RESET_EARLY);
        fails(Manner.closeAtOnce(), Reason.UPSTREAM_RESET_EARLY);
    }

    @Test
    void reusedConnectionThatDiesIsReplacedForAnIdempotentRequest() throws Exception {
        try (var upstream = RudePeer.start(Manner.inTurn(Manner.citizen(), Manner.resetAfterRequest()))) {
            var caller = new Caller(engine(), 0);
            var target = Caller.plain("127.0.0.1", upstream.port(), SHORT);
            assertThat(caller.get(target, "/").status()).isEqualTo(200);
            var outcome = caller.get(target, "/again");
            assertThat(outcome.failure()).as(outcome.evidence()).isNull();
            assertThat(outcome.status()).isEqualTo(200);
            assertThat(outcome.facts().attempts()).isEqualTo(2);
            assertThat(outcome.facts().reused()).isFalse();
            assertThat(upstream.received()).isEqualTo(3);
        }
    }

    @Test
    void reusedConnectionThatDiesIsToldWhenTheRequestMayNotBeRepeated() throws Exception {
        try (var upstream = RudePeer.start(Manner.inTurn(Manner.citizen(), Manner.resetAfterRequest()))) {
            var caller = new Caller(engine(), 0);
            var target = Caller.plain("127.0.0.1", upstream.port(), SHORT);
            assertThat(caller.get(target, "/").status()).isEqualTo(200);
            var post = caller.call(target, "POST", "/", true);
            assertThat(post.failure()).as(post.evidence()).isEqualTo(Reason.UPSTREAM_STALE_REUSE);
            assertThat(post.evidence())
                    .contains("reused, 1 requests before, age").contains("idle").contains("POST is not idempotent")
                    .contains("our pool keeps them 55.0 s").contains("no close of an idle connection was seen");
            assertThat(caller.get(target, "/").status()).isEqualTo(200);
            var undeclared = caller.call(target, "GET", "/", false);
            assertThat(undeclared.failure()).isEqualTo(Reason.UPSTREAM_STALE_REUSE);
            assertThat(undeclared.evidence()).contains("not declared repeatable");
            assertThat(undeclared.facts().attempts()).isEqualTo(1);
        }
    }

    @Test
    void requestIsRepeatedOnlyOnce() throws Exception {
        try (var upstream = RudePeer.start(Manner.inTurn(Manner.citizen(), Manner.resetAfterRequest()), Manner.resetAfterRequest())) {
            var caller = new Caller(engine(), 0);
            var target = Caller.plain("127.0.0.1", upstream.port(), SHORT);
            assertThat(caller.get(target, "/").status()).isEqualTo(200);
            var outcome = caller.get(target, "/");
            assertThat(outcome.failure()).isEqualTo(Reason.UPSTREAM_RESET_EARLY);
            assertThat(outcome.evidence()).contains("sent a second time already");
            assertThat(upstream.received()).isEqualTo(3);
        }
    }

    // ---- broken in an answer ---------------------------------------------------------------------------------------

    @Test
    void resetAfterTheFirstByteIsNotATruncation() throws Exception {
        assertThat(fails(Manner.resetAfter("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"), Reason.UPSTREAM_RESET_LATE).evidence())
                .contains("declared 100 bytes of body, received 5, missing 95");
        assertThat(fails(Manner.resetAfter("HTTP/1.1 200 O"), Reason.UPSTREAM_RESET_LATE).evidence())
                .contains("14 bytes received, the head is incomplete");
        fails(Manner.resetAfter("HTTP/1.1 200 OK\r\n\r\nuntil close"), Reason.UPSTREAM_RESET_LATE);
    }

    @Test
    void truncatedAnswerTellsDeclaredAndReceived() throws Exception {
        assertThat(fails(Manner.truncatedLength(1000, 300), Reason.UPSTREAM_TRUNCATED).evidence())
                .contains("declared 1000 bytes of body, received 300, missing 700");
        var chunks = fails(Manner.truncatedChunks(), Reason.UPSTREAM_TRUNCATED);
        assertThat(chunks.evidence()).contains("a chunked body, received 5, missing the last chunk");
        assertThat(chunks.body()).isEqualTo("broken: U-TRUNCATED");
        assertThat(fails(Manner.closeAfter("HTTP/1.1 200"), Reason.UPSTREAM_TRUNCATED).evidence()).contains("the head is incomplete");
    }

    @Test
    void bodyUntilCloseIsComplete() throws Exception {
        try (var upstream = RudePeer.start(Manner.closeAfter("HTTP/1.0 200 OK\r\n\r\nall there is"))) {
            var outcome = get(upstream.port());
            assertThat(outcome.failure()).isNull();
            assertThat(outcome.body()).isEqualTo("all there is");
        }
    }

    // ---- no HTTP ---------------------------------------------------------------------------------------------------

    @Test
    void otherProtocolsShowTheirFirstBytes() throws Exception {
        assertThat(fails(Manner.tlsBytes(), Reason.UPSTREAM_PROTOCOL).evidence())
                .contains("first bytes 15 03 01 00 02 02 16").contains("the port speaks TLS: use https://");
        assertThat(fails(Manner.garbage(), Reason.UPSTREAM_PROTOCOL).evidence()).contains("first bytes 00 01 02 53");
        assertThat(fails(Manner.closeAfter("SSH-2.0-OpenSSH_9.6\r\n"), Reason.UPSTREAM_PROTOCOL).evidence()).contains("speaks SSH");
        assertThat(fails(Manner.closeAfter("\0\0\6\4\0\0\0\0\0\0\3\0\0\0\144"), Reason.UPSTREAM_PROTOCOL).evidence())
                .contains("speaks HTTP/2 only");
    }

    @Test
    void answersThatCouldBeReadTwoWaysAreRefused() throws Exception {
        assertThat(fails(Manner.lengthAndChunked(), Reason.UPSTREAM_PROTOCOL).evidence())
                .contains("both Transfer-Encoding and Content-Length");
        fails(Manner.answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"), Reason.UPSTREAM_PROTOCOL);
        fails(Manner.answering("HTTP/1.1 200 OK\nContent-Length: 0\n\n"), Reason.UPSTREAM_PROTOCOL);
        fails(Manner.answering("HTTP/1.1 200 OK\r\nX-A: 1\r\n folded\r\n\r\n"), Reason.UPSTREAM_PROTOCOL);
        assertThat(fails(Manner.answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"), Reason.UPSTREAM_PROTOCOL)
                .evidence()).contains("chunk");
    }

    @Test
    void tooManyOrUnaskedInformationalAnswersAreRefused() throws Exception {
        try (var upstream = RudePeer.start(Manner.informational(8, Manner.citizen()))) {
            assertThat(get(upstream.port()).status()).isEqualTo(200);
        }
        assertThat(fails(Manner.informational(9, Manner.citizen()), Reason.UPSTREAM_PROTOCOL).evidence())
                .contains("more than 8 informational answers");
        assertThat(fails(Manner.answering("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), Reason.UPSTREAM_PROTOCOL).evidence())
                .contains("101");
    }

    @Test
    void oversizedHeadNamesItsHeader() throws Exception {
        assertThat(fails(Manner.oversizedHead(100_000), Reason.UPSTREAM_HEADERS_TOO_LARGE).evidence()).contains("X-Big").contains("65536");
        try (var upstream = RudePeer.start(Manner.oversizedHead(50_000))) {
            assertThat(get(upstream.port()).status()).isEqualTo(200);
        }
    }

    // ---- too slow --------------------------------------------------------------------------------------------------

    @Test
    void silenceAfterTheRequestIsAFirstByteTimeout() throws Exception {
        assertThat(fails(Manner.silent(), Reason.UPSTREAM_FIRST_BYTE_TIMEOUT).evidence())
                .contains("was sent").contains("0 bytes of an answer received; limit 400.0 ms");
    }

    @Test
    void silenceInAnAnswerIsAnIdleTimeout() throws Exception {
        Manner stalls = with -> {
            with.readRequest();
            with.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            with.drain();
            return false;
        };
        assertThat(fails(stalls, Reason.UPSTREAM_IDLE_TIMEOUT).evidence())
                .contains("nothing came for 400.0 ms").contains("missing 5 bytes");
        Manner stallsInHead = with -> {
            with.readRequest();
            with.write("HTTP/1.1 200 OK\r\nX-A:");
            with.drain();
            return false;
        };
        assertThat(fails(stallsInHead, Reason.UPSTREAM_IDLE_TIMEOUT).evidence()).contains("the head is incomplete");
    }

    @Test
    void slowButSteadyAnswerIsNoTimeoutButTheTotalIs() throws Exception {
        var drip = Manner.dripping("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 10, Duration.ofMillis(150));
        try (var upstream = RudePeer.start(drip)) {
            assertThat(get(upstream.port()).body()).isEqualTo("hello");
            var hurried = new Upstream.Timeouts(SHORT.connect(), SHORT.handshake(), SHORT.firstByte(), SHORT.idle(), SHORT.send(),
                    Duration.ofMillis(250));
            var outcome = new Caller(engine(), 0).get(Caller.plain("127.0.0.1", upstream.port(), hurried), "/");
            assertThat(outcome.failure()).as(outcome.evidence()).isEqualTo(Reason.UPSTREAM_TOTAL_TIMEOUT);
            assertThat(outcome.evidence()).contains("total of 250.0 ms is over").contains("the answer had begun");
        }
    }

    // ---- odd but harmless ------------------------------------------------------------------------------------------

    @Test
    void bytesAfterAnAnswerCostTheConnectionOnly() throws Exception {
        for (var odd : List.of(Manner.extraBytes("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"), Manner.bodyWithStatus(204),
                Manner.bodyWithStatus(304))) {
            try (var upstream = RudePeer.start(odd)) {
                var first = get(upstream.port());
                assertThat(first.failure()).isNull();
                assertThat(first.body()).isIn("hello", "");
                var second = get(upstream.port());
                assertThat(second.body()).isEqualTo(first.body());
                assertThat(second.facts().reused()).isFalse();
            }
        }
        try (var upstream = RudePeer.start(Manner.bodyAfterHead())) {
            var caller = new Caller(engine(), 0);
            var target = Caller.plain("127.0.0.1", upstream.port(), SHORT);
            var head = caller.call(target, "HEAD", "/", true);
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.body()).isEmpty();
            assertThat(caller.get(target, "/").body()).isEqualTo("hello");
        }
    }

    @Test
    void answerToHeadKeepsItsLengthAndTheConnection() throws Exception {
        try (var upstream = RudePeer.start(Manner.citizen())) {
            var caller = new Caller(engine(), 0);
            var target = Caller.plain(upstream.port());
            var head = caller.call(target, "HEAD", "/bytes/1000", true);
            assertThat(head.headers()).contains("Content-Length: 1000");
            assertThat(head.body()).isEmpty();
            assertThat(caller.get(target, "/bytes/10").facts().reused()).isTrue();
        }
    }
}
