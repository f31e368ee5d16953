package io.tollkeeper.http;

import java.time.Duration;
import java.util.Objects;

import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/// What clients see of a listener, on every transport.
final class ServerTest {

    private static final Duration SOON = Duration.ofMillis(300);
    private static final ListenerSettings.Timeouts SHORT =
            new ListenerSettings.Timeouts(SOON, SOON, SOON, Duration.ofSeconds(2), Duration.ofSeconds(2));

    @ParameterizedTest
    @EnumSource(Transport.class)
    void requestsOnOneConnectionAreAnsweredOneAfterAnother(Transport transport) throws Exception {
        try (var server = new TellingServer(transport); var client = server.client()) {
            for (int i = 0; i < 3; i++) {
                client.send("GET /a?n=" + i + " HTTP/1.1\r\nHost: Api.Test:8080\r\n\r\n");
                RawAnswer answer = client.answer();
                assertThat(answer.status()).isEqualTo(200);
                assertThat(answer.text()).startsWith("GET /a?n=" + i + " host=api.test ");
                assertThat(answer.header("Date")).isNotNull();
                assertThat(answer.header("Connection")).isNull();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void pipelinedRequestsAreAnsweredInOrderEvenIfTheFirstTakesLonger(Transport transport) throws Exception {
        try (var server = new TellingServer(transport); var client = server.client()) {
            client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\nPOST /two HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz"
                    + "GET /three HTTP/1.1\r\nHost: a\r\n\r\nGET /later HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.answer().text()).startsWith("GET /later");
            assertThat(client.answer().text()).startsWith("POST /two").endsWith("body=xyz");
            assertThat(client.answer().text()).startsWith("GET /three");
            assertThat(client.answer().text()).startsWith("GET /later");
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void http10ClosesUnlessKeepAliveWasAskedFor(Transport transport) throws Exception {
        try (var server = new TellingServer(transport);
                var closing = server.client();
                var staying = server.client()) {
            closing.send("GET /old HTTP/1.0\r\n\r\n");
            RawAnswer answer = closing.answer();
            assertThat(answer.header("Connection")).isEqualTo("close");
            assertThat(closing.readToEnd().reset()).isFalse();

            staying.send("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            assertThat(staying.answer().header("Connection")).isEqualTo("keep-alive");
            staying.send("GET /old HTTP/1.0\r\n\r\n");
            assertThat(staying.answer().status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void headHasTheLengthButNoBody(Transport transport) throws Exception {
        try (var server = new TellingServer(transport); var client = server.client()) {
            client.send("HEAD /big/1234 HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.answerTo("HEAD").header("Content-Length")).isEqualTo("1234");
            assertThat(client.answer().text()).startsWith("GET /x");
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void chunkedBodiesArriveInPiecesOfAnySizeAndLeaveChunked(Transport transport) throws Exception {
        try (var server = new TellingServer(transport); var client = server.client()) {
            String request = "POST /collect HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "3;ext=\"a;b\"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Sum: 13\r\n\r\n";
            client.sendSlowly(request, 7, Duration.ofMillis(2));
            assertThat(client.answer().text()).endsWith("body=abc0123456789");

            client.send(request.replace("/collect", "/echo"));
            RawAnswer echoed = client.answer();
            assertThat(echoed.header("Transfer-Encoding")).isEqualTo("chunked");
            assertThat(echoed.text()).isEqualTo("abc0123456789");
            assertThat(echoed.trailers().first("X-Sum")).isEqualTo("13");
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aTrailerCannotBringInWhatBelongsInTheHead(Transport transport) throws Exception {
        try (var server = new TellingServer(transport); var client = server.client()) {
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
                    + "Content-Length: 7\r\nHost: evil\r\nAuthorization: x\r\nX-Fine: 1\r\n\r\n");
            RawAnswer echoed = client.answer();
            assertThat(echoed.trailers().first("X-Fine")).isEqualTo("1");
            assertThat(echoed.trailers().first("Content-Length")).isNull();
            assertThat(echoed.trailers().first("Host")).isNull();
            assertThat(echoed.trailers().first("Authorization")).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void continueIsSentWhenTheBodyIsWanted(Transport transport) throws Exception {
        try (var server = new TellingServer(transport); var client = server.client()) {
            client.send("POST /collect HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
            Thread.ofVirtual().start(() -> {
                Eventually.holds("the request was seen", () -> !server.requests.isEmpty());
                try {
                    client.send("ok");
                } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            RawAnswer answer = client.answer();
            assertThat(answer.interim()).containsExactly(100);
            assertThat(answer.text()).endsWith("body=ok");
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aLastAnswerArrivesThoughMoreCameBehindItsRequest(Transport transport) throws Exception {
        try (var server = new TellingServer(transport); var client = server.client()) {
            client.send("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + "x".repeat(30_000));
            assertThat(client.answer().text()).startsWith("GET /last");
            client.sendPattern(10_000);
            assertThat(client.readToEnd().reset()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aRefusalOfABodyNobodyReadArrivesAndSaysClose(Transport transport) throws Exception {
        try (var server = new TellingServer(transport); var client = server.client()) {
            client.send("POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n");
            RawAnswer answer = client.answer();
            assertThat(answer.status()).isEqualTo(403);
            assertThat(answer.interim()).isEmpty();
            assertThat(answer.header("Connection")).isEqualTo("close");
            client.sendPattern(50_000);
            assertThat(client.readToEnd().reset()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aSmallUnreadBodyDoesNotCostTheConnection(Transport transport) throws Exception {
        try (var server = new TellingServer(transport); var client = server.client()) {
            client.send("POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.answer().header("Connection")).isNull();
            assertThat(client.answer().text()).startsWith("GET /next");
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aClientThatGoesAwayEndsItsExchange(Transport transport) throws Exception {
        try (var server = new TellingServer(transport)) {
            try (var client = server.client()) {
                client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
                Eventually.holds("the request was seen", () -> !server.requests.isEmpty());
                client.reset();
            }
            try (var client = server.client()) {
                client.send("POST /never HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
                Eventually.holds("the request was seen", () -> server.requests.size() == 2);
            }
            try (var client = server.client()) {
                client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
                Eventually.holds("the request was seen", () -> server.requests.size() == 3);
                client.halfClose();
                assertThat(client.readToEnd().length()).isZero();
            }
            Eventually.passes(() -> assertThat(server.endings)
                    .containsExactly("/never CLIENT_ABORTED", "/never CLIENT_ABORTED", "/never CLIENT_ABORTED"));
            Eventually.passes(() -> assertThat(server.listener.openConnections()).isZero());
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aHandlerThatThrowsAnswers500(Transport transport) throws Exception {
        try (var server = new TellingServer(transport); var client = server.client()) {
            client.send("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n");
            RawAnswer answer = client.answer();
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.text()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void slowHeadsSlowBodiesAndIdleConnectionsEnd(Transport transport) throws Exception {
        try (var server = new TellingServer(transport, WireLimits.DEFAULT, SHORT, null);
                var idle = server.client();
                var slowHead = server.client();
                var slowBody = server.client();
                var used = server.client()) {
            slowHead.send("GET /a HTTP/1.1\r\nHo");
            slowBody.send("POST /collect HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
            used.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(used.answer().status()).isEqualTo(200);

            assertThat(slowHead.answer().header("Reason")).isEqualTo("C-SLOW");
            RawAnswer answer = slowBody.answer();
            assertThat(answer.status()).isEqualTo(408);
            assertThat(answer.header("Reason")).isEqualTo("C-BODY-IDLE");
            assertThat(answer.header("Connection")).isEqualTo("close");
            assertThat(idle.readToEnd().length()).isZero();
            assertThat(used.readToEnd().length()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void eachLimitOfTheWireHasItsOwnStatusAndReason(Transport transport) throws Exception {
        var limits = new WireLimits(200, 300, 500, 5, 1000, 0);
        try (var server = new TellingServer(transport, limits, ListenerSettings.Timeouts.DEFAULT, null)) {
            assertRefused(server, "GET /" + "a".repeat(250) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414, "C-URI-TOO-LONG");
            assertRefused(server, "GET /" + "a".repeat(1000), 414, "C-URI-TOO-LONG");
            assertRefused(server, "GET / HTTP/1.1\r\nHost: a\r\nCookie: " + "c".repeat(400) + "\r\n\r\n", 400, "C-HEADERS-TOO-LARGE");
            assertRefused(
                    server,
                    "GET / HTTP/1.1\r\nHost: a\r\nA: " + "c".repeat(280) + "\r\nB: " + "c".repeat(280) + "\r\nC: " + "c".repeat(280)
                            + "\r\n\r\n",
                    400,
                    "C-HEADERS-TOO-LARGE");
            assertRefused(
                    server, "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\n\r\n", 400, "C-TOO-MANY-HEADERS");
            assertRefused(server, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", 413, "C-BODY-TOO-LARGE");
            assertRefused(
                    server,
                    "POST /collect HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + "x".repeat(1001) + "\r\n0\r\n\r\n",
                    413,
                    "C-BODY-TOO-LARGE");
            assertRefused(server, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405, "R-METHOD");
            assertRefused(server, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405, "R-METHOD");
        }
    }

    private static void assertRefused(TellingServer server, String request, int status, String reason) throws Exception {
        try (RawClient client = server.client()) {
            client.send(request);
            RawAnswer answer = client.answer();
            assertThat(answer.status()).as(request).isEqualTo(status);
            assertThat(answer.header("Reason")).as(request).isEqualTo(reason);
            assertThat(answer.header("Connection")).isEqualTo("close");
            assertThat(client.readToEnd().length()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aBodyBelowTheMinimumRateEnds(Transport transport) throws Exception {
        var limits = new WireLimits(8192, 8192, 32768, 100, -1, 128, SOON);
        try (var server = new TellingServer(transport, limits, ListenerSettings.Timeouts.DEFAULT, null);
                var client = server.client()) {
            client.send("POST /collect HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
            client.sendSlowly("abcdefghijklmnopqrstuvwxyz", 1, Duration.ofMillis(30));
            RawAnswer answer = client.answer();
            assertThat(answer.status()).isEqualTo(408);
            assertThat(answer.header("Reason")).isEqualTo("C-BODY-SLOW");
            assertThat(answer.text()).contains("at least 128 bytes per second");
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void drainingLetsExchangesFinishAndTurnsNobodyAway(Transport transport) throws Exception {
        try (var server = new TellingServer(transport);
                var idle = server.client();
                var busy = server.client()) {
            idle.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
            idle.answer();
            busy.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
            Eventually.holds("the request was seen", () -> server.requests.contains("GET /later"));
            Thread drain = Thread.ofVirtual().start(() -> server.listener.drain(Duration.ofSeconds(5)));
            assertThat(idle.readToEnd().length()).isZero();
            RawAnswer last = busy.answer();
            assertThat(last.status()).isEqualTo(200);
            assertThat(last.header("Connection")).isEqualTo("close");
            assertThat(busy.readToEnd().length()).isZero();
            assertThat(drain.join(Duration.ofSeconds(2))).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void absoluteFormTargetsNameTheHostAndFragmentsAreCut(Transport transport) throws Exception {
        try (var server = new TellingServer(transport); var client = server.client()) {
            client.send("GET http://Other.Test:99/p/q?x=1#frag?y=2 HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.answer().text()).startsWith("GET /p/q?x=1 host=other.test ");
            client.send("GET http://other.test?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.answer().text()).startsWith("GET /?x=1 host=other.test ");
            client.send("GET /#x HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.answer().text()).startsWith("GET / host=a ");
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aLargeAnswerReachesASlowReaderWhole(Transport transport) throws Exception {
        try (var server = new TellingServer(transport);
                var client = RawClient.connectWithWindow(server.port(), 4096)) {
            client.patience(Duration.ofSeconds(20));
            client.send("GET /big/3000000 HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            client.readSlowly(100_000, Duration.ofMillis(5));
            RawAnswer answer = client.answer();
            assertThat(answer.ending()).isEqualTo(RawAnswer.Ending.COMPLETE);
            assertThat(Objects.requireNonNull(answer.header("Content-Length"))).isEqualTo("3000000");
            assertThat(client.answer().text()).startsWith("GET /x");
        }
    }
}
