package io.tollkeeper.gateway;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.PolicySpec;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.RudePeer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// The policies that change how the upstream is called: websocket, request_unbuffered, upstream_connection (gateway
/// specification, sections 12.50, 12.36, 12.47).
class WirePoliciesTest {

    private static final String HANDSHAKE = "GET /chat?user_key=k HTTP/1.1\r\nHost: api.test\r\nUpgrade: websocket\r\n"
            + "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

    private @Nullable RunningGateway gateway;
    private @Nullable RudePeer upstream;
    private final MemoryMeter meter = new MemoryMeter();

    @AfterEach
    void stop() throws IOException {
        if (gateway != null) {
            gateway.close();
        }
        if (upstream != null) {
            upstream.close();
        }
    }

    private static PolicySpec policy(String name, Map<String, Object> configuration) {
        return new PolicySpec(name, configuration);
    }

    private RunningGateway start(RudePeer to, PolicySpec... policies) throws IOException {
        upstream = to;
        meter.product("api", "1", List.of("hits")).application("api", "app", "active").userKey("api", "k", "app");
        List<PolicySpec> chain = new ArrayList<>(List.of(policies));
        chain.add(PolicySpec.APICAST);
        RunningGateway started = RunningGateway.over(meter)
                .products(RunningGateway.product("http://127.0.0.1:" + to.port(),
                        shape -> shape.policies(chain.toArray(PolicySpec[]::new))))
                .start();
        gateway = started;
        return started;
    }

    private static Manner echo() {
        return with -> {
            with.echo();
            return false;
        };
    }

    @Test
    void aWebSocketIsCountedOnceAndRecordedWithItsBytes() throws Exception {
        RudePeer peer = RudePeer.start(Manner.switching("websocket", echo()));
        RunningGateway running = start(peer, policy("websocket", Map.of()));
        String id;
        try (RawClient client = running.client().send(HANDSHAKE)) {
            RawAnswer answer = client.answer();
            assertThat(answer.status()).isEqualTo(101);
            assertThat(answer.header("connection")).isEqualTo("Upgrade");
            assertThat(answer.header("upgrade")).isEqualTo("websocket");
            id = String.valueOf(answer.header("x-request-id"));
            assertThat(peer.lastRequest().header("connection")).isEqualTo("Upgrade");
            assertThat(peer.lastRequest().header("sec-websocket-key")).isEqualTo("dGhlIHNhbXBsZSBub25jZQ==");
            client.send("x".repeat(5000));
            assertThat(client.readText(5000)).isEqualTo("x".repeat(5000));
            client.halfClose();
            assertThat(client.readToEnd().length()).isZero();
        }
        FlightRecord record = running.record(id);
        assertThat(record.reason()).isNull();
        assertThat(record.statusSent()).isEqualTo(101);
        assertThat(record.statusReceived()).isEqualTo(101);
        assertThat(record.bytesIn()).isEqualTo(5000 + HANDSHAKE.length());
        assertThat(record.bytesOut()).isEqualTo(5000);
        assertThat(record.upstreamBytesSent()).isGreaterThan(5000);
        assertThat(meter.counted("api", "app", 0)).isEqualTo(1);
    }

    @Test
    void aClientThatJustLeavesAWebSocketIsNoFailure() throws Exception {
        RunningGateway running = start(RudePeer.start(Manner.switching("websocket", echo())), policy("websocket", Map.of()));
        String id;
        try (RawClient client = running.client().send(HANDSHAKE)) {
            id = String.valueOf(client.answer().header("x-request-id"));
            client.send("x");
            assertThat(client.readText(1)).isEqualTo("x");
            client.reset();
        }
        assertThat(running.logLine(id)).contains("101");
        assertThat(running.record(id).reason()).isNull();
    }

    @Test
    void withoutThePolicyOrAKeyAnUpgradeIsAPlainRequest() throws Exception {
        RudePeer peer = RudePeer.start(Manner.citizen());
        RunningGateway running = start(peer);
        assertThat(running.ask(HANDSHAKE).status()).isEqualTo(200);
        assertThat(peer.lastRequest().header("connection")).isNull();
        assertThat(peer.lastRequest().header("upgrade")).isNull();
        running.close();
        gateway = null;
        RunningGateway with = start(peer, policy("websocket", Map.of()));
        assertThat(with.get("/chat?user_key=k", "Upgrade: websocket", "Connection: Upgrade").status()).isEqualTo(200);
        assertThat(peer.lastRequest().header("connection")).isNull();
    }

    @Test
    void aRefusedWebSocketReachesNoUpstream() throws Exception {
        RudePeer peer = RudePeer.start(Manner.switching("websocket", echo()));
        RunningGateway running = start(peer, policy("websocket", Map.of()));
        assertThat(running.ask(HANDSHAKE.replace("user_key=k", "user_key=unknown")).status()).isEqualTo(403);
        assertThat(peer.connections()).isZero();
    }

    @Test
    void anUnbufferedBodyStreamsAndAShortOneHasALength() throws Exception {
        RudePeer peer = RudePeer.start(Manner.citizen());
        RunningGateway running = start(peer, policy("request_unbuffered", Map.of()));
        String head = "POST /up?user_key=k HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\n\r\n";
        RawAnswer large = running.ask(head + "4000\r\n" + "x".repeat(0x4000) + "\r\n0\r\n\r\n");
        assertThat(large.text()).contains("\"bodyBytes\":16384");
        assertThat(peer.lastRequest().header("transfer-encoding")).isEqualTo("chunked");
        RawAnswer small = running.ask(head + "c\r\nhello, world\r\n0\r\n\r\n");
        assertThat(small.text()).contains("\"bodyBytes\":12");
        assertThat(peer.lastRequest().header("content-length")).isEqualTo("12");
        assertThat(peer.lastRequest().header("transfer-encoding")).isNull();
    }

    @Test
    void anUnbufferedBodyReachesTheUpstreamBeforeItIsComplete() throws Exception {
        RudePeer peer = RudePeer.start(Manner.citizen());
        RunningGateway running = start(peer, policy("request_unbuffered", Map.of()));
        try (RawClient client = running.client()) {
            client.send("POST /up?user_key=k HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
            Eventually.holds("the upstream has the head", () -> !peer.requests().isEmpty());
            client.send("0\r\n\r\n");
            assertThat(client.answer().text()).contains("\"bodyBytes\":3");
        }
        try (RawClient client = running.client()) {
            client.send("POST /up?user_key=k HTTP/1.1\r\nHost: api.test\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
            Eventually.holds("the upstream has the second head", () -> peer.requests().size() == 2);
            client.send("abc");
            RawAnswer answer = client.answer();
            assertThat(answer.interim()).containsExactly(100);
            assertThat(answer.status()).isEqualTo(200);
        }
    }

    @Test
    void withoutThePolicyAShortChunkedBodyIsSentWithItsLength() throws Exception {
        RudePeer peer = RudePeer.start(Manner.citizen());
        RunningGateway running = start(peer);
        running.ask("POST /up?user_key=k HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\n\r\n4000\r\n"
                + "x".repeat(0x4000) + "\r\n0\r\n\r\n");
        assertThat(peer.lastRequest().header("content-length")).isEqualTo("16384");
    }

    @Test
    void aReadTimeoutOfTheProductIsKept() throws Exception {
        RunningGateway running = start(RudePeer.start(Manner.silent()), policy("upstream_connection", Map.of("read_timeout", 0.4)));
        long before = System.nanoTime();
        RawAnswer answer = running.get("/slow?user_key=k");
        assertThat(answer.status()).isEqualTo(504);
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isBetween(Duration.ofMillis(390), Duration.ofSeconds(3));
        assertThat(running.record(answer).reason()).isEqualTo(Reason.UPSTREAM_FIRST_BYTE_TIMEOUT);
        assertThat(running.record(answer).evidence()).contains("400.0 ms");
    }

    @Test
    void aReadTimeoutCountsBetweenTwoPiecesToo() throws Exception {
        Manner stalls = with -> {
            with.readRequest();
            with.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
            with.holdForEver();
            return false;
        };
        RunningGateway running = start(RudePeer.start(stalls), policy("upstream_connection", Map.of("read_timeout", "0.5")));
        RawAnswer answer = running.get("/stalls?user_key=k");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.ending()).isEqualTo(RawAnswer.Ending.CLOSED_EARLY);
        assertThat(running.record(answer).reason()).isEqualTo(Reason.UPSTREAM_IDLE_TIMEOUT);
    }

    @Test
    void aTimeoutThatIsNoneIsAFindingOfItsProduct() throws Exception {
        RudePeer peer = RudePeer.start(Manner.citizen());
        RunningGateway running = start(peer);
        ProxyConfig broken = RunningGateway.product("http://127.0.0.1:" + peer.port(), shape -> shape.policies(
                policy("upstream_connection", Map.of("connect_timeout", -1L)), PolicySpec.APICAST));
        assertThat(running.gateway().apply(List.of(broken)))
                .filteredOn(Finding::isError)
                .anySatisfy(finding -> assertThat(finding.toString()).contains("connect_timeout").contains("-1 is no time"));
    }
}
