package io.tollkeeper.gateway;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;

import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.http.EngineSettings;
import io.tollkeeper.http.Http2Limits;
import io.tollkeeper.http.ListenerSettings;
import io.tollkeeper.http.ServerTls;
import io.tollkeeper.http.WireLimits;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.RudePeer;
import io.tollkeeper.testkit.TestCertificates;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// Clients that cost much and give nothing (hardening.md, resource attacks), each for a moment and with short timeouts;
/// meanwhile another client keeps calling, and every one of its calls is answered in time. Floods of HTTP/2 frames are in
/// module http.
class ResourceAttackTest {

    /// What the victim's slowest call may take while a machine of two cores also runs the attack.
    private static final Duration BOUND = Duration.ofSeconds(5);

    private static final Duration SOON = Duration.ofMillis(700);
    private static final Duration LATER = Duration.ofSeconds(20);
    private static final int ATTACKERS = 300;

    private RudePeer upstream;
    private RunningGateway gateway;
    private Victim victim;
    private int port;
    private long heapBefore;

    @BeforeEach
    void start() throws IOException {
        upstream = RudePeer.start(Manner.citizen());
        String to = "http://127.0.0.1:" + upstream.port();
        gateway = RunningGateway.over(new MemoryMeter()
                        .product("api", "1", List.of("hits"))
                        .application("api", "app", "active")
                        .userKey("api", "k", "app")
                        .product("ids", "2", List.of("hits"), MemoryMeter.limit("hits", Period.ETERNITY, 1))
                        .application("ids", "app", "active", "secret"))
                .products(
                        RunningGateway.product(to),
                        RunningGateway.product(to, p -> p.id("ids").hosts("ids.test").mode(AuthenticationMode.APP_ID)))
                .connections(new EngineSettings.Upstreams(1000, SOON, LATER, SOON, 64 * 1024))
                .start();
        port = gateway.listen(impatient("attacked", null));
        victim = new Victim(port);
        Eventually.holds("the victim is served", () -> victim.answered() > 10);
        heapBefore = usedHeap();
    }

    @AfterEach
    void stop() throws Exception {
        int now = victim.answered();
        Eventually.holds("the victim is still served", () -> victim.answered() > now + 10);
        victim.wasUnharmed(BOUND);
        Eventually.value("connections to the upstream that are left", LATER, upstream::openConnections, open -> open <= 4);
        Eventually.value("connections of clients that are left", LATER, gateway::openConnections, open -> open <= 1);
        Eventually.value("heap that the attack left behind", () -> usedHeap() - heapBefore, left -> left < 32L << 20);
        gateway.close();
        upstream.close();
    }

    private static ListenerSettings impatient(String name, @Nullable ServerTls tls) {
        return new ListenerSettings(
                name, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), tls,
                new WireLimits(8192, 8192, 32768, 100, -1, 1000, SOON),
                new ListenerSettings.Timeouts(SOON, SOON, Duration.ofSeconds(30), SOON, SOON), Http2Limits.DEFAULT);
    }

    private static long usedHeap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private List<RawClient> attackers(int many, String first) throws IOException {
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < many; i++) {
            clients.add(RawClient.connect(port).patience(LATER).send(first));
        }
        return clients;
    }

    private static void allAreSentAway(List<RawClient> clients, int status) throws IOException {
        for (RawClient client : clients) {
            RawAnswer answer = client.answer();
            assertThat(answer.status()).as(answer.text()).isEqualTo(status);
            assertThat(client.readToEnd().length()).isZero();
            client.close();
        }
    }

    @Test
    void headsThatDoNotEnd() throws IOException {
        List<RawClient> clients = attackers(ATTACKERS, "GET /a?user_key=k HTTP/1.1\r\nHost: api.test\r\n");
        for (int i = 0; i < 3; i++) {
            for (RawClient client : clients) {
                client.send("X-" + i + ": a\r\n");
            }
        }
        allAreSentAway(clients, 408);
    }

    @Test
    void bodiesThatStop() throws IOException {
        int before = upstream.connections();
        allAreSentAway(attackers(ATTACKERS, "POST /a?user_key=k HTTP/1.1\r\nHost: api.test\r\nContent-Length: 100000\r\n\r\n{"), 408);
        assertThat(upstream.connections() - before).as("connections of the upstream that waited for slow bodies").isLessThan(10);
    }

    @Test
    void bodiesThatDrip() throws Exception {
        List<RawClient> clients = attackers(50, "POST /a?user_key=k HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\n\r\n");
        Thread drip = Thread.ofVirtual().start(() -> {
            try {
                while (!Thread.interrupted()) {
                    for (RawClient client : clients) {
                        client.send("1\r\na\r\n");
                    }
                    clients.getFirst().hearsNothingFor(Duration.ofMillis(50));
                }
            } catch (IOException sentAway) {
                assertThat(sentAway).isInstanceOf(SocketException.class);
            }
        });
        for (RawClient client : clients.subList(1, clients.size())) {
            assertThat(client.answer().status()).isEqualTo(408);
        }
        drip.interrupt();
        assertThat(drip.join(LATER)).isTrue();
        for (RawClient client : clients) {
            client.close();
        }
    }

    @Test
    void answersThatNobodyReads() throws IOException {
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            RawClient client = RawClient.connectWithWindow(port, 4096);
            client.send("GET /bytes/50000000?user_key=k HTTP/1.1\r\nHost: api.test\r\n\r\n");
            clients.add(client);
        }
        Eventually.value("connections to the upstream", LATER, upstream::openConnections, open -> open >= 50);
        Eventually.value("connections to the upstream, when the clients were given up", LATER, upstream::openConnections, open -> open <= 4);
        for (RawClient client : clients) {
            client.close();
        }
    }

    @Test
    void headersWithoutNumberAndCookiesWithoutEnd() throws IOException {
        String many = "X: 1\r\n".repeat(101);
        String cookie = "Cookie: " + "a=b; ".repeat(2000) + "\r\n";
        String cookies = ("Cookie: " + "a=b; ".repeat(1500) + "\r\n").repeat(6);
        String target = "GET /" + "a".repeat(9000);
        for (int i = 0; i < 100; i++) {
            for (String bomb : List.of(many, cookie, cookies)) {
                allAreSentAway(attackers(1, "GET /a?user_key=k HTTP/1.1\r\nHost: api.test\r\n" + bomb + "\r\n"), 400);
            }
            allAreSentAway(attackers(1, target), 414);
        }
    }

    @Test
    void handshakesThatLeadToNothing(@TempDir Path folder) throws IOException {
        var certificates = TestCertificates.in(folder);
        var identity = certificates.server("localhost");
        int tlsPort = gateway.listen(impatient("attacked.tls", new ServerTls(
                List.of(new ServerTls.Certificate(List.of(), identity.certificateFile(), identity.keyFile())))));
        for (int i = 0; i < 100; i++) {
            RawClient.connectTls(tlsPort, certificates.clientContext(), "localhost").close();
        }
        List<Socket> silent = new ArrayList<>();
        for (int i = 0; i < ATTACKERS; i++) {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), tlsPort);
            socket.getOutputStream().write(new byte[] {0x16, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc});
            silent.add(socket);
        }
        for (Socket socket : silent) {
            socket.setSoTimeout(20_000);
            assertThat(endsWithoutHttp(socket)).isTrue();
            socket.close();
        }
    }

    /// The server closes, after a TLS alert perhaps.
    private static boolean endsWithoutHttp(Socket socket) throws IOException {
        try {
            byte[] last = socket.getInputStream().readAllBytes();
            return last.length == 0 || last[0] == 0x15;
        } catch (SocketException reset) {
            return socket.isConnected();
        }
    }

    @Test
    void connectionsThatComeAndGo() throws IOException {
        for (int i = 0; i < 1000; i++) {
            try (RawClient client = RawClient.connect(port)) {
                if (i % 3 == 0) {
                    client.send("GET /a?user");
                } else if (i % 3 == 1) {
                    client.send("GET /a?user_key=k HTTP/1.1\r\nHost: api.test\r\n\r\n");
                    client.reset();
                }
            }
        }
    }

    @Test
    void rapidResetsDoNotOccupyTheUpstream() throws IOException {
        for (int connection = 0; connection < 5; connection++) {
            try (RawHttp2 client = RawHttp2.connect(port)) {
                for (int i = 0; i < 1000; i++) {
                    int id = 2 * i + 1;
                    client.headers(id, true, List.of(":method", "GET", ":scheme", "http", ":path", "/bytes/1000000?user_key=k", ":authority", "api.test"));
                    client.send(RawHttp2.RST_STREAM, 0, id, new byte[] {0, 0, 0, 8});
                }
                assertThat(client.ending(9999)).isIn("goaway ENHANCE_YOUR_CALM", "closed");
            } catch (SocketException sentAway) {
                assertThat(sentAway).isNotNull();
            }
        }
        assertThat(upstream.connections()).as("connections that 5 000 calls without an answer made").isLessThan(2500);
    }

    @Test
    void resetsThatTheServerIsMadeToSend() throws IOException {
        try (RawHttp2 client = RawHttp2.connect(port)) {
            for (int i = 0; i < 1000; i++) {
                int id = 2 * i + 1;
                client.headers(id, true, List.of(":method", "GET", ":scheme", "http", ":path", "/bytes/1000000?user_key=k", ":authority", "api.test"));
                client.send(8, 0, id, new byte[4]); // WINDOW_UPDATE by zero
            }
            assertThat(client.ending(9999)).isIn("goaway ENHANCE_YOUR_CALM", "closed");
        } catch (SocketException sentAway) {
            assertThat(sentAway).isNotNull();
        }
    }

    @Test
    void namesThatAreNeverTheSameFillNeitherMetricsNorRecords() throws IOException {
        // a real failure, before the flood
        RawAnswer first = gateway.ask("GET /a?app_id=app&app_key=secret HTTP/1.1\r\nHost: ids.test\r\n\r\n");
        assertThat(first.status()).isEqualTo(200);
        RawAnswer failure = gateway.ask("GET /a?app_id=app&app_key=secret HTTP/1.1\r\nHost: ids.test\r\n\r\n");
        assertThat(failure.status()).isEqualTo(429);
        int metrics = 0;
        for (int round = 0; round < 4; round++) {
            try (RawClient client = RawClient.connect(port)) {
                for (int i = 0; i < 1500; i++) {
                    String random = Long.toHexString(ThreadLocalRandom.current().nextLong());
                    client.send(switch (i % 5) {
                        case 0 -> "GET /" + random + "?user_key=k HTTP/1.1\r\nHost: api.test\r\n\r\n";
                        case 1 -> "GET /a?user_key=" + random + " HTTP/1.1\r\nHost: api.test\r\n\r\n";
                        case 2 -> "GET /a?app_id=" + random + " HTTP/1.1\r\nHost: ids.test\r\n\r\n";
                        case 3 -> "GET /a?user_key=k HTTP/1.1\r\nHost: " + random + ".test\r\n\r\n";
                        default -> "M" + random.replaceAll("[^a-f]", "").toUpperCase(Locale.ROOT) + " /a?user_key=k HTTP/1.1\r\nHost: api.test\r\nX-Request-Id: " + random + "\r\n\r\n";
                    });
                    assertThat(client.answer().status()).isIn(200, 401, 403, 404);
                }
            }
            int size = gateway.metrics().length();
            assertThat(size).as("size of the metrics page").isLessThan(metrics == 0 ? 40_000 : metrics + 500);
            metrics = metrics == 0 ? size : metrics;
        }
        FlightRecord record = gateway.record(failure);
        assertThat(record.reason()).isEqualTo(Reason.LIMIT);
        // and one behind it
        RawAnswer later = gateway.ask("GET /a?app_id=app&app_key=secret HTTP/1.1\r\nHost: ids.test\r\n\r\n");
        assertThat(gateway.record(later).reason()).isEqualTo(Reason.LIMIT);
    }
}
