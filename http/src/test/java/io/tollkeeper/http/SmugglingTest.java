package io.tollkeeper.http;

import java.io.IOException;

import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Bytes that two implementations could read differently are refused with 400 and the connection is closed
/// (hardening.md; RFC 9112). In the cases, `|` stands for CRLF, `\n` `\r` `\0` for single characters.
final class SmugglingTest {

    private static TellingServer server;

    @BeforeAll
    static void start() throws IOException {
        server = new TellingServer(null, WireLimits.DEFAULT, ListenerSettings.Timeouts.DEFAULT, null);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        // 1 Content-Length
        "POST / HTTP/1.1|Host: a|Content-Length: +5||hello",
        "POST / HTTP/1.1|Host: a|Content-Length: -5||hello",
        "POST / HTTP/1.1|Host: a|Content-Length: 1_0||hello",
        "POST / HTTP/1.1|Host: a|Content-Length: 0x5||hello",
        "POST / HTTP/1.1|Host: a|Content-Length: 05||hello",
        "POST / HTTP/1.1|Host: a|Content-Length: 5 5||hello",
        "POST / HTTP/1.1|Host: a|Content-Length:||hello",
        "POST / HTTP/1.1|Host: a|Content-Length: ||hello",
        "POST / HTTP/1.1|Host: a|Content-Length: 5.0||hello",
        "POST / HTTP/1.1|Host: a|Content-Length: 99999999999999999999||hello",
        "POST / HTTP/1.1|Host: a|Content-Length: 18446744073709551621||hello",
        // 2 two of them
        "POST / HTTP/1.1|Host: a|Content-Length: 5|Content-Length: 6||hello",
        "POST / HTTP/1.1|Host: a|Content-Length: 5|Content-Length: 5||hello",
        "POST / HTTP/1.1|Host: a|Content-Length:|Content-Length: 5||hello",
        "POST / HTTP/1.1|Host: a|Content-Length: 5, 5||hello",
        // 3 both
        "POST / HTTP/1.1|Host: a|Content-Length: 5|Transfer-Encoding: chunked||0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|Content-Length: 5||0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: identity|Content-Length: 5||hello",
        // 4 Transfer-Encoding
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: ,chunked||0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked, chunked||0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: xchunked||0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: identity||hello",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: gzip, chunked||0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked;q=1||0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: \u00a0chunked||0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: \u0085chunked||0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked\u000b||0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: \u00ffchunked||0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|Transfer-Encoding: chunked||0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|Transfer-Encoding: identity||0||",
        "POST / HTTP/1.0|Host: a|Transfer-Encoding: chunked||0||",
        "POST / HTTP/1.1|Host: a|Transfer_Encoding: chunked||0||",
        "POST / HTTP/1.1|Host: a|Content_Length: 5||hello",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding : chunked||0||",
        "POST / HTTP/1.1|Host: a|Transfer\u0000-Encoding: chunked||0||",
        // 5 chunk sizes
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||0x5|hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||+5|hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||-5|hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||5_|hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||5z|hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|| 5|hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||5 |hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|||hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||10000000000000005|hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||8000000000000000|hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||fffffffffffffffff|hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||\u0665|hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||5|hello0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||5|helloX0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||5|hello\n0||",
        // 6 chunk extensions
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||5;a\n|hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||5;a\rb|hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||5\r;a|hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||5;a=\"x|y\"|hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||5;a\u0000|hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||5\n|hello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||5\nhello|0||",
        // 7 line ends
        "GET / HTTP/1.1\nHost: a||",
        "GET / HTTP/1.1|Host: a\n|",
        "GET / HTTP/1.1|Host: a|\nX: 1||",
        "GET / HTTP/1.1|Host: a|X: 1\n\n",
        "GET / HTTP/1.1|Host: a|X: a\rb||",
        "GET / HTTP/1.1|Host: a|X: 1\r\r\n|",
        "GET /\r HTTP/1.1|Host: a||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||0|\n",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||0|\rx",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||0|A: b\n|",
        "\nGET / HTTP/1.1|Host: a||",
        "\rGET / HTTP/1.1|Host: a||",
        "||GET / HTTP/1.1|Host: a||",
        // 8, 9 names and values
        "GET / HTTP/1.1|Host: a|X: a\u0000b||",
        "GET / HTTP/1.1|Host: a|X\u0000: a||",
        "GET / HTTP/1.1|Host: a|X: a\u0001b||",
        "GET / HTTP/1.1|Host: a|X: a\u007fb||",
        "GET / HTTP/1.1|Host: a|X : a||",
        "GET / HTTP/1.1|Host: a|X\t: a||",
        "GET / HTTP/1.1| Host: a||",
        "GET / HTTP/1.1|Host: a| folded||",
        "GET / HTTP/1.1|Host: a|X: 1|\tfolded||",
        "GET / HTTP/1.1|Host: a|NoColon||",
        "GET / HTTP/1.1|Host: a|: empty||",
        "GET / HTTP/1.1|Host: a|X(y): 1||",
        "GET / HTTP/1.1|Host: a|X\u00e9: 1||",
        "GET / HTTP/1.1|Host: a|X\"y: 1||",
        "GET / HTTP/1.1|Host: a|X/y: 1||",
        // 11 hosts and targets
        "GET / HTTP/1.1||",
        "GET / HTTP/1.1|Host:||",
        "GET / HTTP/1.1|Host: a|Host: b||",
        "GET / HTTP/1.1|Host: a|Host: a||",
        "GET / HTTP/1.1|Host: user@a||",
        "GET / HTTP/1.1|Host: a/b||",
        "GET / HTTP/1.1|Host: a b||",
        "GET / HTTP/1.1|Host: a,b||",
        "GET / HTTP/1.1|Host: a\u00e9||",
        "GET / HTTP/1.1|Host: a:x||",
        "GET / HTTP/1.1|Host: [::1||",
        "GET http://user@evil/ HTTP/1.1|Host: a||",
        "GET http:///x HTTP/1.1|Host: a||",
        "GET ftp://a/x HTTP/1.1|Host: a||",
        "GET a/b HTTP/1.1|Host: a||",
        "GET \\evil HTTP/1.1|Host: a||",
        "OPTIONS * HTTP/1.1|Host: a||",
        "GET * HTTP/1.1|Host: a||",
        // 12 first lines
        "GET /|",
        "GET / HTTP/1.32|Host: a||",
        "GET / HTTP/2.0|Host: a||",
        "GET / HTTP/1.2|Host: a||",
        "GET / http/1.1|Host: a||",
        "GET / HTTP/11|Host: a||",
        "GET / HTTP/1.1 |Host: a||",
        "GET / HTTP/1.1\t|Host: a||",
        "GET  / HTTP/1.1|Host: a||",
        "GET /  HTTP/1.1|Host: a||",
        "GET\t/ HTTP/1.1|Host: a||",
        " GET / HTTP/1.1|Host: a||",
        "get / HTTP/1.1|Host: a||",
        "G\u0000T / HTTP/1.1|Host: a||",
        "G(T / HTTP/1.1|Host: a||",
        "GET /\u0000 HTTP/1.1|Host: a||",
        "GET /a\u007fb HTTP/1.1|Host: a||",
        "\u0016\u0003\u0001\u0002",
        "PRI * HTTP/2.0||SM||",
    })
    void isRefusedAndTheConnectionCloses(String bytes) throws Exception {
        try (RawClient client = server.client()) {
            client.send(bytes.replace("|", "\r\n"));
            RawAnswer answer = client.answer();
            assertThat(answer.status()).as(answer.text()).isEqualTo(400);
            assertThat(answer.header("Reason")).isEqualTo("C-MALFORMED");
            assertThat(answer.header("Connection")).isEqualTo("close");
            assertThat(answer.text()).isNotEmpty();
            assertThat(client.readToEnd().length()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "GET / HTTP/1.1|Host: a||G\u0000T /smuggled HTTP/1.1|Host: a||",
        "POST / HTTP/1.1|Host: a|Content-Length: 5||helloGET /smuggled HTTP/1.1\nHost: a||",
    })
    void aValidRequestIsAnsweredBeforeTheInvalidOneBehindItIsRefused(String bytes) throws Exception {
        try (RawClient client = server.client()) {
            client.send(bytes.replace("|", "\r\n"));
            assertThat(client.answer().status()).isEqualTo(200);
            assertThat(client.answer().status()).isEqualTo(400);
            assertThat(client.readToEnd().length()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "GET / HTTP/1.1|Host: a|Connection: close||GET /smuggled HTTP/1.1|Host: a||",
        "GET / HTTP/1.0|Host: a||GET /smuggled HTTP/1.1|Host: a||",
    })
    void nothingIsReadBehindTheLastRequestOfAConnection(String bytes) throws Exception {
        try (RawClient client = server.client()) {
            client.send(bytes.replace("|", "\r\n"));
            assertThat(client.answer().status()).isEqualTo(200);
            assertThat(client.readToEnd().text()).isEmpty();
            assertThat(server.requests).noneMatch(r -> r.contains("smuggled"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "GET / HTTP/1.1|Host: a|Expect: 200-maybe||",
        "|GET / HTTP/1.1|Host: a||",
        "GET / HTTP/1.1|Host: a|Content-Length: 5||hello",
        "GET / HTTP/1.1|Host: a|X-With_Underscore.and.dot: 1||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: Chunked||5;a=b;c=\"d\"|hello|0||",
        "DELETE / HTTP/1.1|Host: a|Content-Length: 0||",
        "GET / HTTP/1.1|Host: [::1]:80||",
        "GET / HTTP/1.1|Host: a|X:||",
        "GET / HTTP/1.1|Host: a|X: \u00e9||",
        "GET /a\u00e9 HTTP/1.1|Host: a||",
        "PROPFIND / HTTP/1.1|Host: a||",
    })
    void oddButUnambiguousRequestsAreServed(String bytes) throws Exception {
        try (RawClient client = server.client()) {
            client.send(bytes.replace("|", "\r\n"));
            RawAnswer answer = client.answer();
            assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        }
    }
}
