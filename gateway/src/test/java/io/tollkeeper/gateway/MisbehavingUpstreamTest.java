package io.tollkeeper.gateway;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.verdict.VerdictRules;
import io.tollkeeper.gateway.upstream.UpstreamSettings;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.EngineSettings;
import io.tollkeeper.http.Upstream;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Lie;
import io.tollkeeper.testkit.LyingDns;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.RefusingPort;
import io.tollkeeper.testkit.RudePeer;
import io.tollkeeper.testkit.TestCertificates;
import io.tollkeeper.testkit.UnansweringPort;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// An upstream that misbehaves, one class per way: each has its own reason and status, the client learns nothing of
/// where the upstream is, and the explanation names the hop and the fix.
class MisbehavingUpstreamTest {

    private static final Duration SHORT = Duration.ofMillis(400);
    private static final Upstream.Timeouts TIMEOUTS = new Upstream.Timeouts(
            SHORT, Duration.ofSeconds(2), SHORT, SHORT, SHORT, Duration.ZERO);

    private static MemoryMeter meter() {
        return new MemoryMeter()
                .product("api", "1", List.of("hits"))
                .application("api", "app", "active")
                .userKey("api", "good", "app");
    }

    private static RunningGateway.Builder gateway(String url) {
        return RunningGateway.over(meter())
                .products(RunningGateway.product(url))
                .upstreams(new UpstreamSettings(TIMEOUTS, 64, ClientTls.VERIFIED));
    }

    /// Asks once and checks all that every failure has in common; returns the explanation.
    private static String explained(RunningGateway gateway, int port, Reason reason, int status) throws IOException {
        RawAnswer answer = gateway.get("/a?user_key=good");
        assertThat(answer.status()).isEqualTo(status);
        assertThat(reason.status()).isEqualTo(status);
        assertThat(answer.header("proxy-status")).isEqualTo("tollkeeper; error=" + reason.proxyError());
        assertThat(answer.text()).isEqualTo(reason.sentence() + "\n");
        assertThat(answer.rawText()).doesNotContain("127.0.0.1").doesNotContain("localhost").doesNotContain(".test");
        if (port > 0) {
            assertThat(answer.rawText()).doesNotContain(Integer.toString(port));
        }
        return explained(gateway.record(answer), reason);
    }

    private static String explained(FlightRecord record, Reason reason) {
        assertThat(record.reason()).isEqualTo(reason);
        assertThat(record.evidence()).isNotBlank();
        String text = VerdictRules.explain(record).text();
        assertThat(text).contains(reason.code()).contains(reason.fix()).contains(record.id().toString());
        return text;
    }

    private static String failing(RudePeer upstream) {
        return "upstream http://127.0.0.1:" + upstream.port();
    }

    private static String http(RudePeer upstream) {
        return "http://127.0.0.1:" + upstream.port();
    }

    @Nested
    class Refused {
        @Test
        void aPortOnWhichNobodyListensIs502() throws IOException {
            try (RefusingPort port = RefusingPort.open();
                    RunningGateway gateway = gateway("http://127.0.0.1:" + port.port()).start()) {
                assertThat(explained(gateway, port.port(), Reason.UPSTREAM_REFUSED, 502))
                        .contains("127.0.0.1:" + port.port());
            }
        }
    }

    @Nested
    class Unanswered {
        @Test
        void aConnectionAttemptThatNobodyAnswersIs504() throws IOException {
            try (UnansweringPort port = UnansweringPort.open();
                    RunningGateway gateway = gateway("http://127.0.0.1:" + port.port()).start()) {
                explained(gateway, port.port(), Reason.UPSTREAM_CONNECT_TIMEOUT, 504);
            }
        }
    }

    @Nested
    class ResetBeforeTheFirstByte {
        @Test
        void onANewConnectionIs502AndBlamesTheUpstream() throws IOException {
            try (RudePeer upstream = RudePeer.start(Manner.resetAfterRequest());
                    RunningGateway gateway = gateway(http(upstream)).start()) {
                assertThat(explained(gateway, upstream.port(), Reason.UPSTREAM_RESET_EARLY, 502)).contains(failing(upstream));
            }
        }

        @Test
        void onAReusedConnectionIsRetriedOnceForAGet() throws IOException {
            try (RudePeer upstream = RudePeer.start(
                            Manner.inTurn(Manner.citizen(), Manner.resetAfterRequest()), Manner.citizen());
                    RunningGateway gateway = gateway(http(upstream)).start();
                    RawClient client = gateway.client()) {
                client.send("GET /1?user_key=good HTTP/1.1\r\nHost: api.test\r\n\r\n");
                assertThat(client.answer().status()).isEqualTo(200);
                client.send("GET /2?user_key=good HTTP/1.1\r\nHost: api.test\r\n\r\n");
                RawAnswer second = client.answer();
                assertThat(second.status()).isEqualTo(200);
                assertThat(gateway.record(second).retries()).isEqualTo(1);
                assertThat(upstream.connections()).isEqualTo(2);
            }
        }

        @Test
        void onAReusedConnectionAPostIsNotRepeatedAndTheReasonSaysStale() throws IOException {
            try (RudePeer upstream = RudePeer.start(
                            Manner.inTurn(Manner.citizen(), Manner.resetAfterRequest()), Manner.citizen());
                    RunningGateway gateway = gateway(http(upstream)).start();
                    RawClient client = gateway.client()) {
                client.send("GET /1?user_key=good HTTP/1.1\r\nHost: api.test\r\n\r\n");
                assertThat(client.answer().status()).isEqualTo(200);
                client.send("POST /2?user_key=good HTTP/1.1\r\nHost: api.test\r\nContent-Length: 1\r\n\r\nx");
                RawAnswer answer = client.answer();
                assertThat(answer.status()).isEqualTo(502);
                assertThat(explained(gateway.record(answer), Reason.UPSTREAM_STALE_REUSE)).contains("reused connection");
            }
        }
    }

    @Nested
    class ResetAfterTheFirstByte {
        @Test
        void insideTheHeadIs502() throws IOException {
            try (RudePeer upstream = RudePeer.start(Manner.resetAfter("HTTP/1.1 200 OK\r\nContent-"));
                    RunningGateway gateway = gateway(http(upstream)).start()) {
                RawAnswer answer = gateway.get("/a?user_key=good");
                assertThat(answer.status()).isEqualTo(502);
                assertThat(VerdictRules.explain(gateway.record(answer)).text()).contains(failing(upstream));
            }
        }

        @Test
        void insideTheBodyBreaksTheAnswerOff() throws IOException {
            try (RudePeer upstream = RudePeer.start(Manner.resetAfter("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"));
                    RunningGateway gateway = gateway(http(upstream)).start()) {
                RawAnswer answer = gateway.get("/a?user_key=good");
                assertThat(answer.status()).isEqualTo(200);
                assertThat(answer.ending()).isNotEqualTo(RawAnswer.Ending.COMPLETE);
                explained(gateway.record(answer), Reason.UPSTREAM_RESET_LATE);
            }
        }
    }

    @Nested
    class Silent {
        @Test
        void anUpstreamThatNeverAnswersIs504() throws IOException {
            try (RudePeer upstream = RudePeer.start(Manner.silent());
                    RunningGateway gateway = gateway(http(upstream)).start()) {
                assertThat(explained(gateway, upstream.port(), Reason.UPSTREAM_FIRST_BYTE_TIMEOUT, 504))
                        .contains(failing(upstream));
            }
        }

        @Test
        void anUpstreamThatStopsInTheMiddleBreaksTheAnswerOff() throws IOException {
            try (RudePeer upstream = RudePeer.start(with -> {
                        with.readRequest();
                        with.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
                        with.holdForEver();
                        return false;
                    });
                    RunningGateway gateway = gateway(http(upstream)).start()) {
                RawAnswer answer = gateway.get("/a?user_key=good");
                assertThat(answer.ending()).isNotEqualTo(RawAnswer.Ending.COMPLETE);
                explained(gateway.record(answer), Reason.UPSTREAM_IDLE_TIMEOUT);
            }
        }
    }

    @Nested
    class Truncated {
        @Test
        void anAnswerShorterThanDeclaredIsBrokenOff() throws IOException {
            try (RudePeer upstream = RudePeer.start(Manner.truncatedLength(100, 40));
                    RunningGateway gateway = gateway(http(upstream)).start()) {
                RawAnswer answer = gateway.get("/a?user_key=good");
                assertThat(answer.status()).isEqualTo(200);
                assertThat(answer.bodyLength()).isEqualTo(40);
                assertThat(answer.ending()).isNotEqualTo(RawAnswer.Ending.COMPLETE);
                assertThat(explained(gateway.record(answer), Reason.UPSTREAM_TRUNCATED)).contains("40").contains("100");
            }
        }

        @Test
        void aChunkedAnswerWithoutItsLastChunkIsBrokenOff() throws IOException {
            try (RudePeer upstream = RudePeer.start(Manner.truncatedChunks());
                    RunningGateway gateway = gateway(http(upstream)).start()) {
                RawAnswer answer = gateway.get("/a?user_key=good");
                assertThat(answer.text()).isEqualTo("hello");
                assertThat(answer.ending()).isNotEqualTo(RawAnswer.Ending.COMPLETE);
                explained(gateway.record(answer), Reason.UPSTREAM_TRUNCATED);
            }
        }
    }

    @Nested
    class Overcrowded {
        @Test
        void moreCallsThanConnectionsAreAllowedIs503() throws IOException {
            try (RudePeer upstream = RudePeer.start(Manner.silent());
                    RunningGateway gateway = RunningGateway.over(meter())
                            .products(RunningGateway.product(http(upstream)))
                            .upstreams(new UpstreamSettings(Upstream.Timeouts.DEFAULT, 1, ClientTls.VERIFIED))
                            .start();
                    RawClient first = gateway.client()) {
                first.send("GET /1?user_key=good HTTP/1.1\r\nHost: api.test\r\n\r\n");
                Eventually.holds("the upstream was asked", () -> upstream.received() == 1);
                assertThat(explained(gateway, upstream.port(), Reason.UPSTREAM_POOL_EXHAUSTED, 503)).contains("1");
            }
        }
    }

    @Nested
    class SpeakingTls {
        @Test
        void wherePlainIsExpectedIs502AndTheFixIsHttps(@TempDir Path folder) throws IOException {
            var certificates = TestCertificates.in(folder);
            try (RudePeer upstream = RudePeer.startTls(certificates.server("localhost").context(), Manner.citizen());
                    RunningGateway gateway = gateway(http(upstream)).start()) {
                assertThat(explained(gateway, upstream.port(), Reason.UPSTREAM_PROTOCOL, 502)).contains("https");
            }
        }

        @Test
        void plainWhereTlsIsExpectedIs502() throws IOException {
            try (RudePeer upstream = RudePeer.start(Manner.plainWhereTlsIsExpected());
                    RunningGateway gateway = gateway("https://127.0.0.1:" + upstream.port()).start()) {
                assertThat(explained(gateway, upstream.port(), Reason.UPSTREAM_TLS_PROTOCOL, 502)).contains("http://");
            }
        }
    }

    @Nested
    class BadCertificate {
        @TempDir
        Path folder;

        private RunningGateway.Builder trusting(TestCertificates certificates, RudePeer upstream) {
            return RunningGateway.over(meter())
                    .products(RunningGateway.product("https://localhost:" + upstream.port()))
                    .upstreams(new UpstreamSettings(
                            Upstream.Timeouts.DEFAULT, 64, new ClientTls(true, certificates.authorityFile(), null, null)));
        }

        @Test
        void aGoodOneIsFine() throws IOException {
            var certificates = TestCertificates.in(folder);
            try (RudePeer upstream = RudePeer.startTls(certificates.server("localhost").context(), Manner.citizen());
                    RunningGateway gateway = trusting(certificates, upstream).start()) {
                RawAnswer answer = gateway.get("/bytes/5?user_key=good");
                assertThat(answer.status()).isEqualTo(200);
                assertThat(gateway.record(answer).serverName()).isEqualTo("localhost");
            }
        }

        @Test
        void anExpiredOneIs502() throws IOException {
            var certificates = TestCertificates.in(folder);
            try (RudePeer upstream = RudePeer.startTls(certificates.expired("localhost").context(), Manner.citizen());
                    RunningGateway gateway = trusting(certificates, upstream).start()) {
                RawAnswer answer = gateway.get("/a?user_key=good");
                assertThat(answer.status()).isEqualTo(502);
                assertThat(answer.header("proxy-status")).isEqualTo("tollkeeper; error=tls_certificate_error");
                explained(gateway.record(answer), Reason.UPSTREAM_TLS_EXPIRED);
            }
        }

        @Test
        void oneForAnotherNameIs502AndTheExplanationNamesBoth() throws IOException {
            var certificates = TestCertificates.in(folder);
            try (RudePeer upstream = RudePeer.startTls(certificates.wrongName().context(), Manner.citizen());
                    RunningGateway gateway = trusting(certificates, upstream).start()) {
                RawAnswer answer = gateway.get("/a?user_key=good");
                assertThat(answer.status()).isEqualTo(502);
                assertThat(answer.rawText()).doesNotContain("somebody-else");
                assertThat(explained(gateway.record(answer), Reason.UPSTREAM_TLS_NAME))
                        .contains("somebody-else.test")
                        .contains("SNI sent: localhost")
                        .doesNotContain("also ");
            }
        }

        @Test
        void oneFromAnUnknownAuthorityIs502() throws IOException {
            var certificates = TestCertificates.in(folder);
            try (RudePeer upstream = RudePeer.startTls(certificates.unknownAuthority("localhost").context(), Manner.citizen());
                    RunningGateway gateway = trusting(certificates, upstream).start()) {
                RawAnswer answer = gateway.get("/a?user_key=good");
                assertThat(answer.status()).isEqualTo(502);
                explained(gateway.record(answer), Reason.UPSTREAM_TLS_CHAIN);
            }
        }
    }

    @Nested
    class NameNotFound {
        private static EngineSettings.Dns asking(LyingDns server) {
            return new EngineSettings.Dns(
                    List.of(server.address()), false, Duration.ofMillis(300), Duration.ofSeconds(1),
                    Duration.ofHours(1), Duration.ofSeconds(5), Duration.ofHours(1));
        }

        @Test
        void aNameThatDoesNotExistIs503() throws IOException {
            try (LyingDns dns = LyingDns.start();
                    RunningGateway gateway = gateway("http://nowhere.example.test:80").dns(asking(dns)).start()) {
                dns.say("nowhere.example.test", new Lie.Failure(Lie.Rcode.NXDOMAIN));
                assertThat(explained(gateway, 0, Reason.DNS_NXDOMAIN, 503)).contains("nowhere.example.test");
            }
        }
    }
}
