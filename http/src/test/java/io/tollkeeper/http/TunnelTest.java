package io.tollkeeper.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

import io.netty.util.internal.PlatformDependent;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.RudePeer;
import io.tollkeeper.testkit.TestCertificates;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Connections that stop speaking HTTP: bytes both ways, half-closes, ends of all kinds; on every transport.
@ParameterizedClass
@EnumSource(Transport.class)
class TunnelTest {

    private static final String UPGRADE = "GET /upgrade HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    private static final Upstream.Timeouts TIMEOUTS = new Upstream.Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(5),
            Duration.ofSeconds(5), Duration.ofMillis(400), Duration.ofSeconds(2), Duration.ofMillis(700), Duration.ofHours(1));

    @TempDir
    static Path folder;

    @Parameter
    Transport transport = Transport.NIO;

    private final Proxying.Seen seen = new Proxying.Seen();
    private @Nullable Engine engine;
    private @Nullable Listener listener;

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

    private int proxyTo(RudePeer upstream) throws IOException {
        return proxyTo(Caller.plain("127.0.0.1", upstream.port(), TIMEOUTS));
    }

    private int proxyTo(Upstream target) throws IOException {
        Listener opened = engine().listen(
                ListenerSettings.plain("proxy", new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                loop -> new Proxying(engine().upstreams(), loop, target, seen));
        listener = opened;
        return opened.address().getPort();
    }

    private static RawClient upgraded(int port) throws IOException {
        RawClient client = RawClient.connect(port).send(UPGRADE);
        assertThat(client.answer().status()).isEqualTo(101);
        return client;
    }

    private void endsAs(Ending ending) {
        Eventually.passes(() -> assertThat(seen.ending.get()).isEqualTo(ending));
    }

    private static Manner echo() {
        return with -> {
            with.echo();
            return false;
        };
    }

    @Test
    void bytesFlowBothWaysUntilTheClientEndsIts() throws Exception {
        try (var upstream = RudePeer.start(Manner.switching("websocket", echo()));
                var client = RawClient.connect(proxyTo(upstream))) {
            // The first frame comes right behind the request, as impatient clients send it.
            client.send(UPGRADE + "early");
            var answer = client.answer();
            assertThat(answer.status()).isEqualTo(101);
            assertThat(answer.header("upgrade")).isEqualTo("websocket");
            assertThat(answer.header("connection")).isEqualTo("Upgrade");
            assertThat(upstream.lastRequest().header("connection")).isEqualTo("Upgrade");
            assertThat(upstream.lastRequest().header("upgrade")).isEqualTo("websocket");
            assertThat(client.readText(5)).isEqualTo("early");
            client.send("HTTP/1.1 is over");
            assertThat(client.readText(16)).isEqualTo("HTTP/1.1 is over");
            client.halfClose();
            assertThat(client.readToEnd().length()).isZero();
            endsAs(Ending.COMPLETE);
            assertThat(seen.failure.get()).isNull();
            assertThat(seen.bytes.get()).isEqualTo("21 in, 21 out");
            Eventually.holds("the upstream's connection is closed", () -> upstream.openConnections() == 0);
        }
    }

    @Test
    void manyMegabytesFlowBothWaysAtOnceWithinBoundedMemory() throws Exception {
        long size = 48L << 20;
        try (var upstream = RudePeer.start(Manner.switching("websocket", echo()));
                var client = upgraded(proxyTo(upstream))) {
            client.patience(Duration.ofSeconds(60));
            long before = PlatformDependent.usedDirectMemory();
            var sending = CompletableFuture.runAsync(() -> {
                try {
                    client.sendPattern(size);
                    client.halfClose();
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            // Nobody reads what comes back: sending must stop by itself.
            Eventually.holds("the tunnel stalls", () -> {
                long now = PlatformDependent.usedDirectMemory();
                Thread.sleep(150);
                return PlatformDependent.usedDirectMemory() == now;
            });
            assertThat(sending.isDone()).isFalse();
            assertThat(PlatformDependent.usedDirectMemory() - before).isLessThan(8L << 20);
            assertThat(client.readChecksum(size)).isEqualTo(Manner.Pattern.checksum(size));
            assertThat(client.readToEnd().length()).isZero();
            sending.join();
            endsAs(Ending.COMPLETE);
            assertThat(seen.bytes.get()).isEqualTo(size + " in, " + size + " out");
        }
    }

    @Test
    void upstreamMayEndItsSideAndGoOnListening() throws Exception {
        var heard = new AtomicReference<String>("");
        Manner endsFirst = with -> {
            with.write("that is all from me");
            with.halfClose();
            heard.set(new String(with.readBytes(11), java.nio.charset.StandardCharsets.ISO_8859_1));
            with.drain();
            return false;
        };
        try (var upstream = RudePeer.start(Manner.switching("chat", endsFirst));
                var client = RawClient.connect(proxyTo(upstream))) {
            client.send(UPGRADE.replace("websocket", "chat, other"));
            assertThat(client.answer().status()).isEqualTo(101);
            assertThat(client.readToEnd().text()).isEqualTo("that is all from me");
            client.send("my turn now");
            Eventually.passes(() -> assertThat(heard.get()).isEqualTo("my turn now"));
            assertThat(seen.ending.get()).isNull();
            client.halfClose();
            endsAs(Ending.COMPLETE);
            assertThat(seen.failure.get()).isNull();
        }
    }

    @Test
    void timeoutsOfAnswersDoNotCutATunnel() throws Exception {
        try (var upstream = RudePeer.start(Manner.switching("websocket", echo()));
                var client = upgraded(proxyTo(upstream))) {
            // Longer than the total and the time between two bytes of an answer.
            assertThat(client.hearsNothingFor(Duration.ofMillis(1200))).isTrue();
            client.send("still here");
            assertThat(client.readText(10)).isEqualTo("still here");
        }
    }

    @Test
    void idleTunnelIsClosedWithItsOwnReason() throws Exception {
        var hurried = new Upstream.Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(5),
                Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ZERO, Duration.ofMillis(300));
        try (var upstream = RudePeer.start(Manner.switching("websocket", echo()));
                var client = upgraded(proxyTo(Caller.plain("127.0.0.1", upstream.port(), hurried)))) {
            client.send("x");
            assertThat(client.readText(1)).isEqualTo("x");
            assertThat(client.readToEnd().length()).isZero();
            endsAs(Ending.TRUNCATED);
            assertThat(seen.failure.get()).isEqualTo(Reason.TUNNEL_IDLE);
            assertThat(seen.evidence.get()).contains("no byte went through the tunnel for 300.0 ms");
        }
    }

    @Test
    void resetOfTheUpstreamEndsTheClientsSide() throws Exception {
        Manner resets = with -> {
            with.readBytes(1);
            with.reset();
            return false;
        };
        try (var upstream = RudePeer.start(Manner.switching("websocket", resets));
                var client = upgraded(proxyTo(upstream))) {
            client.send("x");
            client.readToEnd();
            endsAs(Ending.TRUNCATED);
            assertThat(seen.failure.get()).isEqualTo(Reason.UPSTREAM_RESET_LATE);
        }
    }

    @Test
    void resetOfTheClientEndsTheUpstreamsSideAndBlamesNobodyThere() throws Exception {
        try (var upstream = RudePeer.start(Manner.switching("websocket", echo()));
                var client = upgraded(proxyTo(upstream))) {
            client.send("x");
            assertThat(client.readText(1)).isEqualTo("x");
            client.reset();
            Eventually.holds("the upstream's connection is closed", () -> upstream.openConnections() == 0);
            endsAs(Ending.CLIENT_ABORTED);
            assertThat(seen.failure.get()).isNull();
        }
    }

    @Test
    void drainClosesTunnels() throws Exception {
        try (var upstream = RudePeer.start(Manner.switching("websocket", echo()));
                var client = upgraded(proxyTo(upstream))) {
            Listener open = listener;
            assertThat(open).isNotNull();
            if (open != null) {
                open.drain(Duration.ofSeconds(8));
            }
            assertThat(seen.ending.get()).isEqualTo(Ending.SHUT_DOWN);
            assertThat(client.readToEnd().length()).isZero();
            Eventually.holds("the upstream's connection is closed", () -> upstream.openConnections() == 0);
        }
    }

    @Test
    void anAnswerThatIsNoSwitchIsAnOrdinaryAnswer() throws Exception {
        try (var upstream = RudePeer.start(Manner.citizen());
                var client = RawClient.connect(proxyTo(upstream))) {
            client.send(UPGRADE + UPGRADE);
            assertThat(client.answer().status()).isEqualTo(200);
            assertThat(client.answer().status()).isEqualTo(200);
            assertThat(upstream.requests()).hasSize(2);
            assertThat(upstream.connections()).isEqualTo(1);
        }
    }

    @Test
    void aSwitchThatNobodyAskedForIsRefused() throws Exception {
        try (var upstream = RudePeer.start(Manner.switching("websocket", echo()), Manner.switching("smtp", echo()));
                var client = RawClient.connect(proxyTo(upstream))) {
            client.send("GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(502);
            assertThat(seen.evidence.get()).contains("which nobody asked for");
            client.send(UPGRADE);
            assertThat(client.answer().status()).isEqualTo(502);
            assertThat(seen.evidence.get()).contains("to the protocol smtp, asked for was websocket");
        }
    }

    @Test
    void upstreamOverTlsIsReachedToo() throws Exception {
        var certificates = TestCertificates.in(folder);
        long size = 3L << 20;
        try (var upstream = RudePeer.startTls(certificates.server("api.test").context(), Manner.switching("websocket", echo()))) {
            var target = new Upstream(new ClientTls(true, certificates.authorityFile(), null, null), "127.0.0.1",
                    upstream.port(), "api.test", "api.test", TIMEOUTS, 10);
            try (var client = upgraded(proxyTo(target))) {
                var sending = CompletableFuture.runAsync(() -> {
                    try {
                        client.sendPattern(size);
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                });
                assertThat(client.readChecksum(size)).isEqualTo(Manner.Pattern.checksum(size));
                sending.join();
                client.halfClose();
                assertThat(client.readToEnd().length()).isZero();
                endsAs(Ending.COMPLETE);
                assertThat(seen.failure.get()).isNull();
            }
        }
    }
}
