package io.tollkeeper.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;

import io.netty.util.internal.PlatformDependent;
import io.tollkeeper.http.FrameClient.Answer;
import io.tollkeeper.testkit.Eventually;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Clients of HTTP/2 that make work for nothing are sent away with GOAWAY (ENHANCE_YOUR_CALM), and another client is
/// served before, meanwhile and afterwards.
final class Http2FloodTest {

    private static final String CALM = "ENHANCE_YOUR_CALM";
    private static final int MANY = 100_000;

    private TellingServer server;
    private FrameClient bystander;
    private int asked = 1;

    @BeforeEach
    void start() throws IOException {
        server = new TellingServer(null, WireLimits.DEFAULT,
                new ListenerSettings.Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(5), Duration.ofSeconds(1)),
                null, Http2Limits.DEFAULT);
        bystander = FrameClient.connect(server.port());
        bystanderIsServed();
    }

    @AfterEach
    void stop() throws IOException {
        bystanderIsServed();
        bystander.close();
        Eventually.holds("every connection is gone", () -> server.listener.openConnections() == 0);
        server.close();
    }

    private void bystanderIsServed() throws IOException {
        assertThat(bystander.get(asked, "/a").answer(asked).status()).isEqualTo(200);
        asked += 2;
    }

    /// Many requests on many streams, each followed by what `then` makes of its number.
    private String requests(int many, PerStream then) throws IOException {
        try (var client = FrameClient.connect(server.port())) {
            var bytes = new ByteArrayOutputStream();
            byte[] block = FrameClient.block(":method", "GET", ":scheme", "http", ":path", "/never", ":authority", "a");
            for (int i = 0; i < many; i++) {
                int id = 2 * i + 1;
                bytes.writeBytes(FrameClient.frame(Http2.HEADERS, Http2.END_HEADERS, id, block));
                bytes.writeBytes(then.frame(id));
            }
            return client.flood(bytes.toByteArray(), 1);
        }
    }

    private interface PerStream {
        byte[] frame(int id);
    }

    @Test
    void rapidReset() throws IOException {
        assertThat(requests(2000, id -> FrameClient.frame(Http2.RST_STREAM, 0, id, FrameClient.number(8)))).startsWith(CALM);
        assertThat(server.requests.size()).isLessThan(300);
    }

    @Test
    void resetsProvokedByMistakes() throws IOException {
        assertThat(requests(2000, id -> FrameClient.frame(Http2.WINDOW_UPDATE, 0, id, FrameClient.number(0)))).startsWith(CALM);
        assertThat(server.requests.size()).isLessThan(300);
        assertThat(requests(2000, id -> FrameClient.frame(Http2.WINDOW_UPDATE, 0, id, FrameClient.number(0x7fff_ffff)))).startsWith(CALM);
        assertThat(requests(2000, id -> FrameClient.frame(Http2.PRIORITY, 0, id, new byte[] {0, 0, 0, 0, 0, 0}))).startsWith(CALM);
        assertThat(requests(2000, id -> FrameClient.frame(Http2.HEADERS, Http2.END_HEADERS, id, FrameClient.block("a", "b")))).startsWith(CALM);
        assertThat(server.requests.size()).isLessThan(1200);
    }

    @Test
    void streamsBeyondTheAllowedNumber() throws IOException {
        assertThat(requests(2000, id -> new byte[0])).startsWith(CALM);
        assertThat(server.requests.size()).isLessThan(200);
    }

    @Test
    void clientsThatCancelNowAndThenAreLeftAlone() throws IOException {
        try (var client = FrameClient.connect(server.port())) {
            for (int i = 0; i < 500; i++) {
                int id = 4 * i + 1;
                client.get(id, "/never").send(Http2.RST_STREAM, 0, id, FrameClient.number(8));
                assertThat(client.get(id + 2, "/a").answer(id + 2).status()).isEqualTo(200);
            }
        }
    }

    @Test
    void continuations() throws IOException {
        try (var client = FrameClient.connect(server.port())) {
            client.await(Http2.SETTINGS, 0); // acknowledged before the block begins
            client.send(Http2.HEADERS, Http2.END_STREAM, 1, FrameClient.block(":method", "GET"));
            assertThat(client.flood(FrameClient.frame(Http2.CONTINUATION, 0, 1, new byte[0]), MANY)).startsWith(CALM);
        }
        try (var client = FrameClient.connect(server.port())) {
            client.await(Http2.SETTINGS, 0); // acknowledged before the block begins
            client.send(Http2.HEADERS, Http2.END_STREAM, 1, FrameClient.block(":method", "GET"));
            assertThat(client.flood(FrameClient.frame(Http2.CONTINUATION, 0, 1, new byte[16_384]), MANY)).startsWith(CALM);
        }
    }

    @SuppressWarnings("ImmutableEnumChecker") // nobody writes into the arrays
    enum Useless {
        PING(FrameClient.frame(Http2.PING, 0, 0, new byte[8])),
        PING_ACK(FrameClient.frame(Http2.PING, Http2.ACK, 0, new byte[8])),
        SETTINGS(FrameClient.frame(Http2.SETTINGS, 0, 0, FrameClient.setting(Http2.INITIAL_WINDOW_SIZE, 70_000))),
        SETTINGS_ACK(FrameClient.frame(Http2.SETTINGS, Http2.ACK, 0, new byte[0])),
        PRIORITY(FrameClient.frame(Http2.PRIORITY, 0, 9, new byte[] {0, 0, 0, 7, 1})),
        EMPTY_DATA(FrameClient.frame(Http2.DATA, 0, 1, new byte[0])),
        PADDING_ALONE(FrameClient.frame(Http2.DATA, Http2.PADDED, 1, new byte[] {0})),
        WINDOW_UPDATE(FrameClient.frame(Http2.WINDOW_UPDATE, 0, 1, FrameClient.number(1))),
        CONNECTION_WINDOW_UPDATE(FrameClient.frame(Http2.WINDOW_UPDATE, 0, 0, FrameClient.number(1))),
        UNKNOWN(FrameClient.frame(0xfa, 0, 0, new byte[3]));

        private final byte[] frame;

        Useless(byte[] frame) {
            this.frame = frame;
        }
    }

    @ParameterizedTest
    @EnumSource(Useless.class)
    void framesThatMoveNothing(Useless kind) throws IOException {
        try (var client = FrameClient.connect(server.port())) {
            client.post(1, "/never");
            assertThat(client.flood(kind.frame, MANY)).startsWith(CALM);
        }
    }

    @Test
    void aBombOfSmallReferencesToALargeField() throws IOException {
        try (var client = FrameClient.connect(server.port())) {
            var block = new ByteArrayOutputStream();
            block.writeBytes(FrameClient.block(":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a"));
            byte[] large = FrameClient.block("x", "v".repeat(3900));
            large[0] = 0x40; // into the table
            block.writeBytes(large);
            for (int i = 0; i < 10_000; i++) {
                block.write(0x80 | 62);
            }
            client.send(Http2.HEADERS, Http2.END_HEADERS | Http2.END_STREAM, 1, block.toByteArray());
            assertThat(client.reasonOfEnd()).startsWith(CALM);
        }
    }

    @Test
    void crumbsWithoutEnd() throws IOException {
        try (var client = FrameClient.connect(server.port())) {
            var block = new ByteArrayOutputStream();
            block.writeBytes(FrameClient.block(":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a"));
            for (int i = 0; i < 15_000; i++) {
                block.write(0x80 | 32); // cookie, empty
            }
            client.send(Http2.HEADERS, Http2.END_HEADERS | Http2.END_STREAM, 1, block.toByteArray());
            assertThat(client.reasonOfEnd()).startsWith(CALM);
        }
    }

    @Test
    void windowsThatOpenByteByByte() throws IOException {
        try (var client = FrameClient.connect(server.port(), FrameClient.setting(Http2.INITIAL_WINDOW_SIZE, 0)).stingy()) {
            client.get(1, "/big/100000");
            assertThat(client.flood(FrameClient.frame(Http2.WINDOW_UPDATE, 0, 1, FrameClient.number(1)), MANY)).startsWith(CALM);
        }
    }

    @Test
    void windowsThatDoNotOpenCostTheStreamAfterTheSendTimeout() throws IOException {
        try (var client = FrameClient.connect(server.port(), FrameClient.setting(Http2.INITIAL_WINDOW_SIZE, 1)).stingy()) {
            for (int id = 1; id < 50; id += 2) {
                client.get(id, "/big/100000");
            }
            for (int id = 1; id < 50; id += 2) {
                assertThat(client.error(id)).isEqualTo(Http2.Code.CANCEL);
            }
            assertThat(server.endings).filteredOn("/big/100000 CLIENT_TOO_SLOW"::equals).hasSize(25);
        }
    }

    @Test
    void bodiesThatNobodyTakesAreHeldWithinTheWindows() throws IOException {
        try (var client = FrameClient.connect(server.port())) {
            long before = PlatformDependent.usedDirectMemory();
            for (int id = 1; id < 200; id += 2) {
                client.post(id, "/never");
            }
            byte[] piece = FrameClient.frame(Http2.DATA, 0, 1, new byte[8]);
            byte[] pieces = new byte[1000 * piece.length];
            for (int i = 0; i < pieces.length; i += piece.length) {
                System.arraycopy(piece, 0, pieces, i, piece.length);
            }
            for (int i = 0; i < 32; i++) {
                client.raw(pieces);
            }
            client.send(Http2.PING, 0, 0, new byte[8]);
            client.await(frame -> frame.type() == Http2.PING);
            assertThat(PlatformDependent.usedDirectMemory() - before).isLessThan(8 << 20);
            // more than the stream's window
            client.raw(pieces);
            assertThat(client.error(1)).isEqualTo(Http2.Code.FLOW_CONTROL_ERROR);
        }
    }

    @Test
    void moreThanTheConnectionsWindowEndsTheConnection() throws IOException {
        try (var client = FrameClient.connect(server.port())) {
            var all = new ByteArrayOutputStream();
            for (int id = 1; id < 11; id += 2) {
                all.writeBytes(FrameClient.frame(Http2.HEADERS, Http2.END_HEADERS, id,
                        FrameClient.block(":method", "POST", ":scheme", "http", ":path", "/never", ":authority", "a")));
                for (int i = 0; i < 15; i++) {
                    all.writeBytes(FrameClient.frame(Http2.DATA, 0, id, new byte[16_384]));
                }
            }
            assertThat(client.flood(all.toByteArray(), 1)).startsWith("FLOW_CONTROL_ERROR");
        }
    }

    @Test
    void anAnswerThatIsNotReadDoesNotFillMemory() throws IOException {
        long before = PlatformDependent.usedDirectMemory();
        try (var client = FrameClient.connect(server.port()).stingy()) {
            // pings whose answers nobody reads: reading stops when they pile up, and the client is given up
            byte[] pings = new byte[17 * 1000];
            byte[] ping = FrameClient.frame(Http2.PING, 0, 0, new byte[8]);
            for (int i = 0; i < 1000; i++) {
                System.arraycopy(ping, 0, pings, i * ping.length, ping.length);
            }
            client.raw(pings);
            Answer answer = client.get(1, "/a").answer(1);
            assertThat(answer.status()).isEqualTo(200);
        }
        assertThat(PlatformDependent.usedDirectMemory() - before).isLessThan(8 << 20);
    }
}
