package io.tollkeeper.gateway;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.proxy.ForwardedHeaders;
import io.tollkeeper.core.proxy.UpstreamPath;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.ReceivedRequest;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/// What the upstream gets of a request, and the client of an answer.
class ForwardingTest {

    private RudePeer upstream;
    private RunningGateway gateway;

    @BeforeEach
    void start() throws IOException {
        upstream = RudePeer.start(Manner.citizen());
        MemoryMeter meter = new MemoryMeter();
        for (String product : List.of("query", "merged", "plain", "based", "kept", "strict", "fixed", "append", "replace")) {
            meter.product(product, "1", List.of("hits")).application(product, "app", "active").userKey(product, "k", "app");
        }
        String url = "http://127.0.0.1:" + upstream.port();
        gateway = RunningGateway.over(meter)
                .products(
                        RunningGateway.product(url, p -> p.id("plain").hosts("plain.test").secretToken("s3cr3t")
                                .hostnameRewrite("real.upstream.test")),
                        RunningGateway.product(url + "/base/", p -> p.id("based").hosts("based.test")),
                        RunningGateway.product(url + "/base", p -> p.id("kept").hosts("kept.test").path(UpstreamPath.PRESERVE)),
                        RunningGateway.product(url, p -> p.id("strict").hosts("strict.test").path(UpstreamPath.REFUSE_AMBIGUOUS)),
                        RunningGateway.product(url + "/b?fix=1", p -> p.id("fixed").hosts("fixed.test")),
                        RunningGateway.product(url + "?fix=1", p -> p.id("query").hosts("query.test")),
                        RunningGateway.product(url + "//b//c/", p -> p.id("merged").hosts("merged.test")),
                        RunningGateway.product(url, p -> p.id("append").hosts("append.test").forwarded(ForwardedHeaders.APPEND)),
                        RunningGateway.product(url, p -> p.id("replace").hosts("replace.test").forwarded(ForwardedHeaders.REPLACE)))
                .start();
    }

    @AfterEach
    void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    private ReceivedRequest passed(String product, String method, String target, String... headers) throws IOException {
        RawAnswer answer = gateway.ask(method + " " + target + " HTTP/1.1\r\nHost: " + product + ".test\r\n"
                + RunningGateway.lines(headers) + "\r\n");
        assertThat(answer.status()).isEqualTo(200);
        return upstream.lastRequest();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            plain  | /a//b%2Fc%20d?user_key=k&x=%20+   | /a//b%2Fc%20d?user_key=k&x=%20+
            plain  | /a/../b/./c?user_key=k            | /a/../b/./c?user_key=k
            plain  | /?user_key=k                      | /?user_key=k
            plain  | /a?user_key=k#frag                | /a?user_key=k
            based  | /a?user_key=k                     | /base/a?user_key=k
            based  | /?user_key=k                      | /base/?user_key=k
            based  | //a//b?user_key=k                 | /base/a/b?user_key=k
            based  | /%20%2B+%C3%A9;v=1?user_key=k     | /base/%20++%C3%A9;v=1?user_key=k
            based  | /a/../b?user_key=k&x=%20+         | /base/b?user_key=k&x=%20+
            kept   | /a//b%2Fc?user_key=k              | /base/a//b%2Fc?user_key=k
            kept   | /?user_key=k                      | /base?user_key=k
            strict | /a/b?user_key=k                   | /a/b?user_key=k
            based  | //?user_key=k                     | /base/?user_key=k
            fixed  | /a?user_key=k                     | /b/a?fix=1
            query  | /a//b?user_key=k                  | /a/b?fix=1
            merged | /a//b?user_key=k                  | /b/c/a/b?user_key=k
            """)
    void theTargetReachesTheUpstreamAsConfigured(String product, String sent, String received) throws IOException {
        assertThat(passed(product, "GET", sent).target()).isEqualTo(received);
    }

    @ParameterizedTest
    @CsvSource({"/a//b", "/a/../b", "/a%2Fb", "/a/..;/b", "/a\\b", "/%61"})
    void ambiguousPathsAreRefusedWhereThatIsWanted(String path) throws IOException {
        RawAnswer answer = gateway.ask("GET " + path + "?user_key=k HTTP/1.1\r\nHost: strict.test\r\n\r\n");
        assertThat(answer.status()).isEqualTo(400);
        FlightRecord record = gateway.record(answer);
        assertThat(record.reason()).isEqualTo(Reason.MALFORMED);
        assertThat(record.evidence()).contains(path);
        assertThat(upstream.received()).isZero();
    }

    @Test
    void theRecordedHeadersReachTheUpstream() throws IOException {
        ReceivedRequest received = passed("plain", "GET", "/a?user_key=k",
                "X-Multi: 1", "X-Multi: 2", "X_Under: u", "X.Dot: d", "User-Agent: agent/1", "Accept-Encoding: gzip",
                "X-Forwarded-For: 10.1.1.1", "X-Real-IP: 10.2.2.2", "Via: 1.1 someone", "Cookie: a=1", "Connection: X-Hop",
                "X-Hop: gone", "TE: trailers", "Keep-Alive: 3", "Proxy-Connection: x", "Upgrade: h2c",
                "X-3scale-proxy-secret-token: forged", "X_3scale_Proxy_Secret_Token: forged", "x-3SCALE-debug: svc-token",
                "Authorization: Bearer z", "Proxy-Authorization: Basic x", "X-Request-Id: theirs");
        assertThat(received.header("host")).isEqualTo("real.upstream.test");
        assertThat(received.headers().values("x-multi")).containsExactly("1", "2");
        assertThat(received.header("x_under")).isEqualTo("u");
        assertThat(received.header("x.dot")).isEqualTo("d");
        assertThat(received.header("user-agent")).isEqualTo("agent/1");
        assertThat(received.header("accept-encoding")).isEqualTo("gzip");
        assertThat(received.header("x-forwarded-for")).isEqualTo("10.1.1.1");
        assertThat(received.headers().values("x-real-ip")).containsExactly("127.0.0.1");
        assertThat(received.header("via")).isEqualTo("1.1 someone");
        assertThat(received.header("cookie")).isEqualTo("a=1");
        assertThat(received.header("authorization")).isEqualTo("Bearer z");
        assertThat(received.header("proxy-authorization")).isEqualTo("Basic x");
        assertThat(received.header("x-request-id")).isEqualTo("theirs");
        assertThat(received.headers().values("x-3scale-proxy-secret-token")).containsExactly("s3cr3t");
        assertThat(received.rawText()).doesNotContain("forged").doesNotContain("svc-token");
        for (String gone : List.of("x-hop", "te", "keep-alive", "proxy-connection", "upgrade", "x_3scale_proxy_secret_token")) {
            assertThat(received.header(gone)).as(gone).isNull();
        }
    }

    @Test
    void aForgedSecretIsTakenAwayEvenWhereNoneIsConfigured() throws IOException {
        ReceivedRequest received = passed("append", "GET", "/a?user_key=k", "X_3scale-proxy-secret_token: forged");
        assertThat(received.rawText()).doesNotContain("forged");
    }

    @Test
    void forwardedHeadersAreAppended() throws IOException {
        ReceivedRequest first = passed("append", "GET", "/a?user_key=k");
        assertThat(first.header("x-forwarded-for")).isEqualTo("127.0.0.1");
        assertThat(first.header("x-forwarded-proto")).isEqualTo("http");
        assertThat(first.header("x-forwarded-host")).isEqualTo("append.test");
        assertThat(first.header("via")).isEqualTo("1.1 tollkeeper");
        ReceivedRequest second = passed("append", "GET", "/a?user_key=k", "X-Forwarded-For: 10.1.1.1", "Via: 1.0 before",
                "X-Forwarded-For: 10.1.1.2", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.test");
        assertThat(second.headers().values("x-forwarded-for")).containsExactly("10.1.1.1, 10.1.1.2, 127.0.0.1");
        assertThat(second.headers().values("x-forwarded-proto")).containsExactly("https");
        assertThat(second.headers().values("x-forwarded-host")).containsExactly("shop.test");
        assertThat(second.headers().values("via")).containsExactly("1.0 before", "1.1 tollkeeper");
    }

    @Test
    void forwardedHeadersAreReplaced() throws IOException {
        ReceivedRequest received = passed("replace", "GET", "/a?user_key=k", "X-Forwarded-For: 10.1.1.1", "Via: 1.0 before",
                "X-Forwarded-Proto: https", "X-Forwarded-Host: forged.test", "Forwarded: for=10.1.1.1");
        assertThat(received.headers().values("x-forwarded-for")).containsExactly("127.0.0.1");
        assertThat(received.headers().values("x-forwarded-proto")).containsExactly("http");
        assertThat(received.headers().values("x-forwarded-host")).containsExactly("replace.test");
        assertThat(received.headers().values("via")).containsExactly("1.1 tollkeeper");
        assertThat(received.header("forwarded")).isNull();
    }

    @Test
    void statusPhraseHeadersAndBodyComeBackWithoutWhatIsHopByHop() throws IOException {
        upstream.behave(Manner.answering("HTTP/1.1 418 Short and stout\r\nServer: secret/1\r\nX-A: 1\r\nX-A: 2\r\n"
                + "X-Accel-Redirect: /x\r\nX-Accel-Buffering: no\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
                + "Content-Type: text/plain\r\nContent-Length: 3\r\n\r\ntea"));
        RawAnswer answer = gateway.ask("GET /a?user_key=k HTTP/1.1\r\nHost: plain.test\r\n\r\n");
        assertThat(answer.statusLine()).isEqualTo("HTTP/1.1 418 Short and stout");
        assertThat(answer.text()).isEqualTo("tea");
        assertThat(answer.headers().values("server")).containsExactly("tollkeeper");
        assertThat(answer.headers().values("x-a")).containsExactly("1", "2");
        assertThat(answer.headers().values("date")).hasSize(1);
        for (String gone : List.of("x-accel-redirect", "x-accel-buffering", "x-hop", "keep-alive", "proxy-status")) {
            assertThat(answer.header(gone)).as(gone).isNull();
        }
        FlightRecord record = gateway.record(answer);
        assertThat(record.reason()).isEqualTo(Reason.UPSTREAM_STATUS);
        assertThat(record.statusReceived()).isEqualTo(418);
    }

    @Test
    void anUpstreamsOwnRequestIdStaysAndOursGoesBesideIt() throws IOException {
        upstream.behave(Manner.answering("HTTP/1.1 200 OK\r\nX-Request-Id: its-own\r\nContent-Length: 0\r\n\r\n"));
        RawAnswer answer = gateway.ask("GET /a?user_key=k HTTP/1.1\r\nHost: plain.test\r\n\r\n");
        assertThat(answer.header("x-request-id")).isEqualTo("its-own");
        assertThat(gateway.record(String.valueOf(answer.header("tollkeeper-request-id"))).statusSent()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            HTTP/1.1 204 No Content\\r\\n\\r\\n                                        | 204 | 0
            HTTP/1.1 304 Not Modified\\r\\nETag: "x"\\r\\n\\r\\n                       | 304 | 0
            HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n2\\r\\nhi\\r\\n0\\r\\n\\r\\n | 200 | 2
            HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n                         | 200 | 0
            HTTP/1.1 103 Early Hints\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi | 200 | 2
            """)
    void answersOfEveryFramingPass(String raw, int status, int length) throws IOException {
        upstream.behave(Manner.answering(raw.replace("\\r", "\r").replace("\\n", "\n")));
        try (RawClient client = gateway.client()) {
            for (int i = 0; i < 3; i++) {
                client.send("GET /a?user_key=k HTTP/1.1\r\nHost: plain.test\r\n\r\n");
                RawAnswer answer = client.answer();
                assertThat(answer.status()).isEqualTo(status);
                assertThat(answer.bodyLength()).isEqualTo(length);
                assertThat(answer.ending()).isEqualTo(RawAnswer.Ending.COMPLETE);
            }
        }
        assertThat(upstream.connections()).isEqualTo(1);
    }

    @Test
    void aHeadRequestGetsTheLengthButNoBody() throws IOException {
        RawAnswer answer = gateway.ask("HEAD /bytes/71?user_key=k HTTP/1.1\r\nHost: plain.test\r\n\r\n");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("content-length")).isEqualTo("71");
        assertThat(upstream.lastRequest().method()).isEqualTo("HEAD");
    }

    @Test
    void aShortChunkedBodyIsSentWithItsLengthAndALongOneStaysChunked() throws IOException {
        try (RawClient client = gateway.client()) {
            client.send("POST /a?user_key=k HTTP/1.1\r\nHost: plain.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(200);
            assertThat(upstream.lastRequest().header("content-length")).isEqualTo("11");
            assertThat(new String(upstream.lastRequest().body(), StandardCharsets.US_ASCII)).isEqualTo("hello world");
            client.send("POST /a?user_key=k HTTP/1.1\r\nHost: plain.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "20000\r\n" + "x".repeat(0x20000) + "\r\n0\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(200);
            assertThat(upstream.lastRequest().header("transfer-encoding")).isEqualTo("chunked");
            assertThat(upstream.lastRequest().bodyLength()).isEqualTo(0x20000);
        }
    }

    @Test
    void aLargeUploadAndDownloadPassUnchanged() throws IOException {
        long size = 20_000_000;
        try (RawClient client = gateway.client()) {
            client.send("PUT /bytes/" + size + "?user_key=k HTTP/1.1\r\nHost: plain.test\r\nContent-Length: " + size + "\r\n\r\n");
            client.sendPattern(size);
            RawAnswer answer = client.answer();
            assertThat(answer.bodyLength()).isEqualTo(size);
            assertThat(upstream.lastRequest().bodyLength()).isEqualTo(size);
            assertThat(upstream.lastRequest().bodyChecksum()).isEqualTo(answer.bodyChecksum());
        }
    }

    @Test
    void aClientThatLeavesCancelsTheUpstreamCall() throws IOException {
        upstream.behave(Manner.silent());
        try (RawClient client = gateway.client()) {
            client.send("GET /a?user_key=k HTTP/1.1\r\nHost: plain.test\r\n\r\n");
            Eventually.holds("the upstream was asked", () -> upstream.received() == 1);
            client.reset();
        }
        Eventually.holds("the upstream's connection is closed", () -> upstream.openConnections() == 0);
        Eventually.passes(() -> assertThat(gateway.log()).contains("\"status\":499").contains("\"reason\":\"C-ABORTED\""));
        Eventually.passes(() -> assertThat(gateway.metrics()).contains("apicast_status{status=\"499\"} 1"));
    }

    @Test
    void anEarlyAnswerReachesTheClientWhileItStillSends() throws IOException {
        upstream.behave(Manner.earlyAnswerThenClose("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig"));
        try (RawClient client = gateway.client()) {
            client.send("POST /a?user_key=k HTTP/1.1\r\nHost: plain.test\r\nContent-Length: 1000000\r\n\r\n" + "x".repeat(100_000));
            RawAnswer answer = client.answer();
            assertThat(answer.status()).isEqualTo(413);
            assertThat(answer.text()).isEqualTo("big");
        }
    }
}
