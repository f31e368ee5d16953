package io.tollkeeper.testkit;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class RudePeerTest {

    private static final String GET = "GET /orders?page=2 HTTP/1.1\r\nHost: api.test\r\n\r\n";

    @Test
    void citizenTellsWhatItReceivedAndKeepsTheConnection() throws IOException {
        try (var peer = RudePeer.start(Manner.citizen()); var client = RawClient.connect(peer.port())) {
            var first = client.send("POST /a HTTP/1.1\r\nHost: api.test\r\nX-Odd: \"1\"\r\nContent-Length: 5\r\n\r\nhello")
                    .answer();
            assertThat(first.status()).isEqualTo(200);
            assertThat(first.text())
                    .contains("\"method\":\"POST\"", "\"target\":\"/a\"", "[\"X-Odd\",\"\\\"1\\\"\"]",
                            "\"bodyBytes\":5");
            assertThat(client.send(GET).answer().text()).contains("\"connection\":1,\"exchange\":2");

            var received = peer.requests().getFirst();
            assertThat(received.state()).isEqualTo(ReceivedRequest.State.COMPLETE);
            assertThat(received.header("host")).isEqualTo("api.test");
            assertThat(received.rawText()).endsWith("Content-Length: 5\r\n\r\nhello");
            assertThat(peer.lastRequest().rawText()).isEqualTo(GET);
            assertThat(peer.connections()).isEqualTo(1);
        }
    }

    @Test
    void downloadsAreWholeInBothFramings() throws IOException {
        try (var peer = RudePeer.start(Manner.citizen()); var client = RawClient.connect(peer.port())) {
            for (var path : new String[] {"/bytes/200000", "/chunked/200000"}) {
                var answer = client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n").answer();
                assertThat(answer.bodyLength()).isEqualTo(200_000);
                assertThat(answer.bodyChecksum()).isEqualTo(Manner.Pattern.checksum(200_000));
                assertThat(answer.ending()).isEqualTo(RawAnswer.Ending.COMPLETE);
            }
        }
    }

    @Test
    void chunkedUploadWithTrailersIsReceivedWhole() throws IOException {
        try (var peer = RudePeer.start(Manner.citizen()); var client = RawClient.connect(peer.port())) {
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "5;x=y\r\nhello\r\n3\r\nabc\r\n0\r\nX-Sum: 8\r\n\r\n").answer();
            assertThat(peer.lastRequest().body()).isEqualTo("helloabc".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            assertThat(peer.lastRequest().trailers().first("x-sum")).isEqualTo("8");
        }
    }

    @Test
    void resetAtOnceAndAfterTheRequestReachTheClientAsReset() throws IOException {
        try (var peer = RudePeer.start(Manner.resetAtOnce(), Manner.resetAfterRequest())) {
            for (var i = 0; i < 2; i++) {
                assertThatThrownBy(() -> {
                    try (var client = RawClient.connect(peer.port())) {
                        client.send(GET).answer();
                    }
                }).isInstanceOf(SocketException.class);
            }
            assertThat(peer.received()).isEqualTo(1);
        }
    }

    @Test
    void closesBeforeAnAnswerAndTruncatedAnswersAreToldApart() throws IOException {
        try (var peer = RudePeer.start(
                Manner.closeAfter(""), Manner.truncatedLength(100, 10), Manner.truncatedChunks(),
                Manner.resetAfter("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"))) {
            try (var client = RawClient.connect(peer.port())) {
                assertThatThrownBy(() -> client.send(GET).answer()).isInstanceOf(EOFException.class);
            }
            for (var ending : new RawAnswer.Ending[] {
                RawAnswer.Ending.CLOSED_EARLY, RawAnswer.Ending.CLOSED_EARLY, RawAnswer.Ending.RESET_EARLY
            }) {
                try (var client = RawClient.connect(peer.port())) {
                    assertThat(client.send(GET).answer().ending()).isEqualTo(ending);
                }
            }
        }
    }

    @Test
    void silentPeerMakesTheClientsDeadlinePass() throws IOException {
        try (var peer = RudePeer.start(Manner.silent()); var client = RawClient.connect(peer.port())) {
            client.send(GET).patience(Duration.ofMillis(100));
            assertThatThrownBy(client::answer).isInstanceOf(AssertionError.class).hasMessageContaining("within 100 ms");
            assertThat(client.hearsNothingFor(Duration.ofMillis(50))).isTrue();
        }
    }

    @Test
    void unreadUploadStopsItsSender() throws Exception {
        try (var peer = RudePeer.start(Manner.notReading()); var client = RawClient.connect(peer.port())) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n");
            var sender = Thread.startVirtualThread(() -> {
                try {
                    client.sendPattern(1_000_000_000);
                } catch (IOException _) {
                    Thread.currentThread().interrupt();
                }
            });
            assertThat(sender.join(Duration.ofMillis(300))).isFalse();
            client.reset();
            assertThat(sender.join(Duration.ofSeconds(5))).isTrue();
        }
    }

    @Test
    void earlyAnswerArrivesBeforeTheBodyIsSent() throws IOException {
        try (var peer = RudePeer.start(
                Manner.earlyAnswer("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"));
                var client = RawClient.connect(peer.port())) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
            assertThat(client.answer().status()).isEqualTo(413);
            assertThat(peer.lastRequest().state()).isEqualTo(ReceivedRequest.State.ARRIVING);
            client.send("llo" + GET);
            assertThat(client.answer().status()).isEqualTo(413);
        }
    }

    @Test
    void interimAnswersComeBeforeTheFinalOne() throws IOException {
        try (var peer = RudePeer.start(Manner.informational(12, Manner.citizen()));
                var client = RawClient.connect(peer.port())) {
            assertThat(client.send(GET).answer().interim()).hasSize(12).containsOnly(102);
        }
    }

    @Test
    void badHttpIsAViolationInTheEyesOfTheClient() throws IOException {
        try (var peer = RudePeer.start(Manner.lengthAndChunked(), Manner.garbage(), Manner.tlsBytes())) {
            try (var client = RawClient.connect(peer.port())) {
                assertThatThrownBy(() -> client.send(GET).answer())
                        .isInstanceOf(ProtocolViolation.class)
                        .hasMessageContaining("Content-Length beside Transfer-Encoding");
            }
            for (var i = 0; i < 2; i++) {
                try (var client = RawClient.connect(peer.port())) {
                    assertThatThrownBy(() -> client.send(GET).answer()).isInstanceOf(IOException.class);
                }
            }
        }
    }

    @Test
    void smugglingInTheEyesOfTheUpstreamIsRefusedAndNoted() throws IOException {
        try (var peer = RudePeer.start(Manner.citizen()); var client = RawClient.connect(peer.port())) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(400);
            Eventually.value("failures", peer::failures, failures -> failures.size() == 1);
        }
    }

    @Test
    void idleConnectionIsClosedInTimeAndLaterExchangesCanDiffer() throws IOException {
        try (var peer = RudePeer.start(
                Manner.closingIdleAfter(Duration.ofMillis(500), Manner.citizen()),
                Manner.inTurn(Manner.citizen(), Manner.resetAfterRequest()))) {
            try (var client = RawClient.connect(peer.port())) {
                client.send(GET).answer();
                assertThat(client.readToEnd().reset()).isFalse();
            }
            try (var client = RawClient.connect(peer.port())) {
                assertThat(client.send(GET).answer().status()).isEqualTo(200);
                assertThatThrownBy(() -> client.send(GET).answer()).isInstanceOf(SocketException.class);
            }
        }
    }

    @Test
    void behaviourChangesWithTheNextConnection() throws IOException {
        try (var peer = RudePeer.start(Manner.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
                var before = RawClient.connect(peer.port())) {
            assertThat(before.send(GET).answer().status()).isEqualTo(200);
            peer.behave(Manner.answering("HTTP/1.1 503 Off\r\nContent-Length: 0\r\n\r\n"));
            assertThat(before.send(GET).answer().status()).isEqualTo(200);
            try (var after = RawClient.connect(peer.port())) {
                assertThat(after.send(GET).answer().status()).isEqualTo(503);
            }
        }
    }

    @Test
    void abortedUploadIsSeenAsBroken() throws IOException {
        try (var peer = RudePeer.start(Manner.citizen()); var client = RawClient.connect(peer.port())) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
            Eventually.value("bytes", () -> peer.lastRequest().bodyLength(), length -> length == 2);
            client.reset();
            Eventually.value("state", () -> peer.lastRequest().state(), ReceivedRequest.State.BROKEN::equals);
        }
    }

    @Test
    void refusingAndUnansweringPortsDoWhatTheySay() throws IOException {
        try (var refusing = RefusingPort.open()) {
            assertThatThrownBy(() -> RawClient.connect(refusing.port())).hasMessageContaining("refused");
        }
        try (var unanswering = UnansweringPort.open(); var socket = new java.net.Socket()) {
            var address = new java.net.InetSocketAddress(java.net.InetAddress.getLoopbackAddress(), unanswering.port());
            assertThatThrownBy(() -> socket.connect(address, 300))
                    .isInstanceOf(java.net.SocketTimeoutException.class);
        }
    }
}
