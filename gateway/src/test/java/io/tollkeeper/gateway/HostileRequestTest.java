package io.tollkeeper.gateway;

import java.io.IOException;
import java.util.List;

import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.ReceivedRequest;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Requests made to be read in two ways: each is refused with 400 and the connection closed, or the upstream gets one
/// well-formed request and nothing else.
class HostileRequestTest {

    private static RudePeer upstream;
    private static RunningGateway gateway;

    @BeforeAll
    static void start() throws IOException {
        upstream = RudePeer.start(Manner.citizen());
        gateway = RunningGateway.over(new MemoryMeter()
                        .product("api", "1", List.of("hits"))
                        .application("api", "app", "active")
                        .userKey("api", "k", "app"))
                .products(RunningGateway.product("http://127.0.0.1:" + upstream.port()))
                .start();
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    private long before;

    @BeforeEach
    void count() {
        before = upstream.received();
    }

    private static final String SMUGGLED = "GET /smuggled?user_key=k HTTP/1.1\r\nHost: api.test\r\n\r\n";

    @ParameterizedTest
    @ValueSource(strings = {
        "Content-Length: +5", "Content-Length: 0x5", "Content-Length: 5_0", "Content-Length: ", "Content-Length: -1",
        "Content-Length: 5, 6", "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 99999999999999999999",
        "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Transfer-Encoding: xchunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: \u000bchunked",
        "Transfer-Encoding : chunked", "Transfer_Encoding: chunked", "X: y\nTransfer-Encoding: chunked", " X: folded",
        "X: a\r\n b: folded", "X\u0000Y: 1", "X: a\u0000b", "X: a\rb", ": empty", "NoColon", "Host: other.test", "X Y: 1"
    })
    void aRequestThatCouldBeReadInTwoWaysIsRefusedAndTheConnectionCloses(String header) throws IOException {
        try (RawClient client = gateway.client()) {
            client.send("POST /a?user_key=k HTTP/1.1\r\nHost: api.test\r\n" + header + "\r\n\r\n0\r\n\r\n" + SMUGGLED);
            RawAnswer answer = client.answer();
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(answer.header("x-request-id")).isNotNull();
            assertThat(answer.header("proxy-status")).isEqualTo("tollkeeper; error=http_request_error");
            assertThat(client.readToEnd().text()).isEmpty();
        }
        assertThat(upstream.received()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"5x\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "-1\r\n", "ffffffffffffffff1\r\n",
        "5\nhello\r\n0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "\r\n", "5 ;a\rb\r\nhello\r\n0\r\n\r\n"})
    void aBadChunkNeverReachesTheUpstreamAsARequest(String body) throws IOException {
        try (RawClient client = gateway.client()) {
            client.send("POST /a?user_key=k HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\n\r\n" + body + SMUGGLED);
            assertThat(client.answer().status()).isEqualTo(400);
            assertThat(client.readToEnd().text()).isEmpty();
        }
        assertThat(upstream.received()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/../a", "/a/../../b", "/%2e%2e/a", "/a/%2e%2e/%2e%2e/b", "/a%00b", "/a%zz", "/a%", "/a%4"})
    void aPathAboveTheRootOrWithBadEscapesIsRefused(String path) throws IOException {
        RawAnswer answer = gateway.get(path + "?user_key=k");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text()).isEqualTo("The request is not valid HTTP.\n");
        assertThat(upstream.received()).isEqualTo(before);
    }

    @Test
    void aPipelinedRequestBehindAnInvalidOneIsNeverServed() throws IOException {
        try (RawClient client = gateway.client()) {
            client.send("GET /a?user_key=k HTTP/1.1\r\nHost: api.test\r\n\r\nBAD\r\n\r\n" + SMUGGLED);
            assertThat(client.answer().status()).isEqualTo(200);
            assertThat(client.answer().status()).isEqualTo(400);
            assertThat(client.readToEnd().text()).isEmpty();
        }
        assertThat(upstream.received()).isEqualTo(before + 1);
    }

    @Test
    void aBodyOnAGetIsForwardedAsABodyAndNotAsTheNextRequest() throws IOException {
        String body = SMUGGLED;
        RawAnswer answer = gateway.ask("GET /a?user_key=k HTTP/1.1\r\nHost: api.test\r\nContent-Length: " + body.length()
                + "\r\n\r\n" + body);
        assertThat(answer.status()).isEqualTo(200);
        ReceivedRequest received = upstream.lastRequest();
        assertThat(received.target()).isEqualTo("/a?user_key=k");
        assertThat(received.bodyLength()).isEqualTo(body.length());
        assertThat(upstream.received()).isEqualTo(before + 1);
    }

    @Test
    void trailersCannotSmuggleFramingOrIdentity() throws IOException {
        RawAnswer answer = gateway.ask("POST /a?user_key=k HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "1\r\nx\r\n0\r\nContent-Length: 50\r\nHost: evil.test\r\nAuthorization: Basic x\r\n\r\n");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(upstream.lastRequest().rawText()).doesNotContain("evil.test").doesNotContain("Basic x");
    }

    @Test
    void connectionCannotTakeAwayWhatTheUpstreamReliesOn() throws IOException {
        RawAnswer answer = gateway.get("/a?user_key=k", "Authorization: Bearer t", "Cookie: c=1",
                "Connection: Authorization, Cookie, X-Real-IP, close");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(upstream.lastRequest().header("authorization")).isEqualTo("Bearer t");
        assertThat(upstream.lastRequest().header("cookie")).isEqualTo("c=1");
        assertThat(upstream.lastRequest().header("x-real-ip")).isEqualTo("127.0.0.1");
    }

    @Test
    void whatFollowsConnectionCloseIsNotServed() throws IOException {
        try (RawClient client = gateway.client()) {
            client.send("GET /a?user_key=k HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\n\r\n" + SMUGGLED);
            assertThat(client.answer().status()).isEqualTo(200);
            assertThat(client.readToEnd().text()).isEmpty();
        }
        assertThat(upstream.received()).isEqualTo(before + 1);
    }

    @Test
    void theUpstreamGetsTheClientsBytesButTheRulesTheNormalPath() throws IOException {
        RawAnswer answer = gateway.get("/pub/../adm?user_key=k");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(upstream.lastRequest().target()).isEqualTo("/pub/../adm?user_key=k");
        assertThat(gateway.record(answer).normalPath()).isEqualTo("/adm");
        assertThat(gateway.record(gateway.get("/adm?user_key=k")).normalPath()).isNull();
    }

    @Test
    void logLinesCannotBeForged() throws IOException {
        RawAnswer answer = gateway.get("/\"},{\"status\":200?user_key=k&a=\\", "X-Request-Id: \"x\\");
        String line = gateway.logLine(String.valueOf(answer.header("x-request-id")));
        assertThat(line).contains("\\\"},{\\\"status\\\":200").contains("\\\"x\\\\");
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-Request-Id: x\u00ff", "X-Request-Id: a b", "X-Request-Id: a\tb", "X-Request-Id:",
            "X-Request-Id: one\r\nX-Request-Id: two"})
    void aRequestIdThatIsNotOfVisibleCharactersGivesWayToOurs(String header) throws IOException {
        RawAnswer answer = gateway.get("/adm?user_key=k", header);
        assertThat(upstream.lastRequest().headers().values("x-request-id"))
                .containsExactly(String.valueOf(answer.header("x-request-id")));
        assertThat(gateway.record(answer).alias()).isNull();
    }
}
