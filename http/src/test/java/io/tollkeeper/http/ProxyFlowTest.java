package io.tollkeeper.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Semaphore;

import io.netty.util.internal.PlatformDependent;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
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

/// Bodies that flow through a proxy: back-pressure, aborts and half-closes, early answers; on every transport.
@ParameterizedClass
@EnumSource(Transport.class)
class ProxyFlowTest {

    /// Many times what may be held on the way; the whole gigabyte is for the packaged program's tests.
    private static final long LARGE = 160_000_000L;
    /// What sockets and buffers on the way of one exchange may hold at most, generously.
    private static final long BOUND = 24L << 20;

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

    private static final Upstream.Timeouts TIMEOUTS = new Upstream.Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(5),
            Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(1), Duration.ZERO);

    private int proxyTo(RudePeer upstream) throws IOException {
        Upstream target = Caller.plain("127.0.0.1", upstream.port(), TIMEOUTS);
        Listener opened = engine().listen(
                ListenerSettings.plain("proxy", new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                loop -> new Proxying(engine().upstreams(), loop, target, seen));
        return opened.address().getPort();
    }

    // ---- back-pressure ---------------------------------------------------------------------------------------------

    @Test
    void largeDownloadThroughASlowReaderNeedsNoMoreMemory() throws Exception {
        try (var upstream = RudePeer.start(Manner.citizen());
                var client = RawClient.connectWithWindow(proxyTo(upstream), 64 * 1024)) {
            long before = PlatformDependent.usedDirectMemory();
            client.patience(Duration.ofSeconds(60));
            client.send("GET /bytes/" + LARGE + " HTTP/1.1\r\nHost: h\r\n\r\n");
            // Nobody reads yet: everything on the way fills up, and then must stop.
            long stalled = Eventually.value("the download stalls", () -> {
                long now = PlatformDependent.usedDirectMemory();
                Thread.sleep(100);
                return PlatformDependent.usedDirectMemory() == now ? now : -1;
            }, used -> used >= 0);
            assertThat(stalled - before).isLessThan(BOUND);
            RawAnswer answer = client.answer();
            assertThat(answer.ending()).isEqualTo(RawAnswer.Ending.COMPLETE);
            assertThat(answer.bodyLength()).isEqualTo(LARGE);
            assertThat(answer.bodyChecksum()).isEqualTo(Manner.Pattern.checksum(LARGE));
            assertThat(PlatformDependent.usedDirectMemory() - before).isLessThan(BOUND);
        }
    }

    @Test
    void largeUploadNeedsNoMoreMemory() throws Exception {
        Manner startsLate = with -> {
            with.awaitRequest();
            with.pause(Duration.ofMillis(300));
            return Manner.citizen().meet(with);
        };
        try (var upstream = RudePeer.start(startsLate);
                var client = RawClient.connect(proxyTo(upstream))) {
            long before = PlatformDependent.usedDirectMemory();
            client.patience(Duration.ofSeconds(60));
            client.send("POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: " + LARGE + "\r\n\r\n").sendPattern(LARGE);
            RawAnswer answer = client.answer();
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.text()).contains("\"bodyBytes\":" + LARGE)
                    .contains("\"bodyChecksum\":" + Manner.Pattern.checksum(LARGE));
            assertThat(PlatformDependent.usedDirectMemory() - before).isLessThan(BOUND);
        }
    }

    @Test
    void chunkedBodiesPassBothWays() throws Exception {
        try (var upstream = RudePeer.start(Manner.citizen());
                var client = RawClient.connect(proxyTo(upstream))) {
            client.send("POST /chunked/300000 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
            var answer = client.answer();
            assertThat(answer.bodyLength()).isEqualTo(300_000);
            assertThat(answer.bodyChecksum()).isEqualTo(Manner.Pattern.checksum(300_000));
            assertThat(new String(upstream.lastRequest().body(), java.nio.charset.StandardCharsets.US_ASCII)).isEqualTo("hello world");
            client.send("GET /again HTTP/1.1\r\nHost: h\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(200);
            assertThat(upstream.connections()).isEqualTo(1);
        }
    }

    @Test
    void upstreamThatStopsReadingIsASendTimeout() throws Exception {
        try (var upstream = RudePeer.start(Manner.notReading());
                var client = RawClient.connect(proxyTo(upstream))) {
            long length = 64L << 20;
            Thread sender = Thread.ofVirtual().start(() -> {
                try {
                    client.send("POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: " + length + "\r\n\r\n").sendPattern(length);
                } catch (IOException _) {
                    // the answer comes before the request is sent
                }
            });
            assertThat(client.answer().status()).isEqualTo(504);
            assertThat(seen.failure.get()).isEqualTo(Reason.UPSTREAM_SEND_TIMEOUT);
            assertThat(seen.evidence.get()).contains("took no byte of the request for 1.0 s").contains("bytes accepted so far");
            client.reset();
            sender.join();
        }
    }

    // ---- somebody leaves -------------------------------------------------------------------------------------------

    @Test
    void clientThatLeavesClosesTheUpstreamConnection() throws Exception {
        try (var upstream = RudePeer.start(Manner.silent())) {
            int port = proxyTo(upstream);
            try (var client = RawClient.connect(port)) {
                client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
                Eventually.holds("the upstream is asked", () -> upstream.received() == 1);
            }
            Eventually.holds("its connection is closed", () -> upstream.openConnections() == 0);
            try (var client = RawClient.connect(port)) {
                client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
                Eventually.holds("the upstream is asked", () -> upstream.received() == 2);
                client.halfClose();
                Eventually.holds("a half-close is an abort too", () -> upstream.openConnections() == 0);
            }
            try (var client = RawClient.connect(port)) {
                client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
                Eventually.holds("the upstream is asked", () -> upstream.received() == 3);
                client.reset();
                Eventually.holds("and so is a reset", () -> upstream.openConnections() == 0);
            }
            assertThat(seen.ending.get()).isEqualTo(Ending.CLIENT_ABORTED);
        }
    }

    @Test
    void clientThatLeavesInItsUploadOrDownloadEndsBoth() throws Exception {
        try (var upstream = RudePeer.start(Manner.citizen())) {
            int port = proxyTo(upstream);
            try (var client = RawClient.connect(port)) {
                client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nhello");
                Eventually.holds("the upload began", () -> upstream.received() == 1 && upstream.lastRequest().bodyLength() == 5);
            }
            Eventually.holds("ended", () -> upstream.openConnections() == 0);
            assertThat(upstream.lastRequest().state()).isEqualTo(ReceivedRequest.State.BROKEN);
            try (var client = RawClient.connectWithWindow(port, 16 * 1024)) {
                client.send("GET /bytes/" + LARGE + " HTTP/1.1\r\nHost: h\r\n\r\n");
                Eventually.holds("the download began", () -> upstream.received() == 2);
            }
            Eventually.holds("ended", () -> upstream.openConnections() == 0);
            Eventually.holds("no slot is lost", () -> engine().upstreams().openConnections(Caller.plain(upstream.port())) == 0);
        }
    }

    @Test
    void brokenAnswerIsBrokenForTheClientToo() throws Exception {
        try (var upstream = RudePeer.start(Manner.truncatedLength(1000, 300), Manner.truncatedChunks(),
                Manner.resetAfter("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"))) {
            int port = proxyTo(upstream);
            for (var reason : new Reason[] {Reason.UPSTREAM_TRUNCATED, Reason.UPSTREAM_TRUNCATED, Reason.UPSTREAM_RESET_LATE}) {
                try (var client = RawClient.connect(port)) {
                    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
                    assertThat(client.answer().ending()).isNotEqualTo(RawAnswer.Ending.COMPLETE);
                    Eventually.value("the reason", seen.failure::get, reason::equals);
                }
            }
        }
    }

    @Test
    void endOfASlowlyReadAnswerComesAfterItsLastByte() throws Exception {
        // The upstream closes at once; its last bytes wait in our hands for a client that reads slowly.
        var body = "x".repeat(400_000);
        try (var upstream = RudePeer.start(Manner.closeAfter("HTTP/1.1 200 OK\r\n\r\n" + body));
                var client = RawClient.connectWithWindow(proxyTo(upstream), 8 * 1024)) {
            client.readSlowly(32 * 1024, Duration.ofMillis(5));
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
            var answer = client.answer();
            assertThat(answer.ending()).isEqualTo(RawAnswer.Ending.COMPLETE);
            assertThat(answer.bodyLength()).isEqualTo(400_000);
        }
    }

    // ---- events ----------------------------------------------------------------------------------------------------

    @Test
    void everyEventReachesTheClientWhenItHappens() throws Exception {
        var arrived = new Semaphore(0);
        Manner events = with -> {
            with.readRequest();
            with.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (int i = 0; i < 3; i++) {
                // Each waits until the one before has arrived: nothing may be held back for more.
                with.write("9\r\ndata: " + i + "\n\n\r\n");
                arrived.acquireUninterruptibly();
            }
            with.write("0\r\n\r\n");
            return false;
        };
        try (var upstream = RudePeer.start(events);
                var client = RawClient.connect(proxyTo(upstream))) {
            client.send("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
            for (int i = 0; i < 3; i++) {
                String event = "data: " + i + "\n\n";
                StringBuilder heard = new StringBuilder();
                while (heard.indexOf(event) < 0) {
                    heard.append(client.readText(1));
                }
                arrived.release();
            }
            assertThat(client.readText(7)).isEqualTo("\r\n0\r\n\r\n");
        }
    }

    // ---- early answers ---------------------------------------------------------------------------------------------

    @Test
    void earlyAnswerIsForwardedAtOnceWhateverTheUpstreamDoesNext() throws Exception {
        var tooLarge = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo large";
        for (var manner : new Manner[] {Manner.earlyAnswerThenClose(tooLarge), Manner.earlyAnswerThenReset(tooLarge)}) {
            try (var upstream = RudePeer.start(manner);
                    var client = RawClient.connect(proxyTo(upstream))) {
                client.send("POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 50000000\r\n\r\n");
                Thread sender = Thread.ofVirtual().start(() -> {
                    try {
                        client.sendPattern(50_000_000);
                    } catch (IOException _) {
                        // the proxy stops reading after the answer
                    }
                });
                var answer = client.answer();
                assertThat(answer.status()).isEqualTo(413);
                assertThat(answer.text()).isEqualTo("too large");
                client.reset();
                sender.join();
                Eventually.holds("the connection is given up",
                        () -> engine().upstreams().openConnections(Caller.plain(upstream.port())) == 0);
            }
        }
    }

    @Test
    void answerThatBeginsEarlyLetsTheRequestBeSentToItsEnd() throws Exception {
        Manner echoing = with -> {
            var request = with.readHead();
            if (request == null) {
                return false;
            }
            with.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
            with.readBody(request);
            with.write("after");
            return true;
        };
        try (var upstream = RudePeer.start(echoing);
                var client = RawClient.connect(proxyTo(upstream))) {
            client.send("POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n").sendPattern(3_000_000);
            var answer = client.answer();
            assertThat(answer.text()).isEqualTo("after");
            assertThat(upstream.lastRequest().bodyChecksum()).isEqualTo(Manner.Pattern.checksum(3_000_000));
            client.send("POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
            assertThat(client.answer().text()).isEqualTo("after");
            assertThat(upstream.connections()).isEqualTo(1);
        }
    }

    // ---- once more -------------------------------------------------------------------------------------------------

    @Test
    void heldBodyIsSentAgainAndAFlowingOneIsNot() throws Exception {
        for (var path : new String[] {"/peek", "/flow"}) {
            try (var upstream = RudePeer.start(Manner.inTurn(Manner.citizen(), Manner.resetAfterRequest()), Manner.citizen());
                    var client = RawClient.connect(proxyTo(upstream))) {
                client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
                assertThat(client.answer().status()).isEqualTo(200);
                client.send("PUT " + path + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
                var answer = client.answer();
                if (path.equals("/peek")) {
                    assertThat(answer.text()).contains("\"bodyBytes\":5").contains("\"connection\":2");
                    assertThat(upstream.lastRequest().header("content-length")).isEqualTo("5");
                    assertThat(seen.attempts.get()).isEqualTo(2);
                } else {
                    assertThat(answer.status()).isEqualTo(502);
                    assertThat(seen.failure.get()).isEqualTo(Reason.UPSTREAM_STALE_REUSE);
                    assertThat(seen.evidence.get()).contains("its body is no longer held");
                }
            }
        }
    }
}
