package io.tollkeeper.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;

import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.TestCertificates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Listeners that want to be told who the client is (PROXY protocol, architecture.md 8.15).
class ProxyHeaderTest {

    private static final String WHO = "GET /who HTTP/1.1\r\nHost: h\r\n\r\n";
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";

    @TempDir
    static Path folder;

    private static TellingServer server(Transport transport) throws IOException {
        return new TellingServer(transport, ListenerSettings.plain("test", TellingServer.anyPort()).withProxyProtocol(true));
    }

    private static byte[] binary(String hex, String text) {
        byte[] header = HexFormat.of().parseHex(SIGNATURE + hex);
        byte[] rest = text.getBytes(StandardCharsets.US_ASCII);
        byte[] all = java.util.Arrays.copyOf(header, header.length + rest.length);
        System.arraycopy(rest, 0, all, header.length, rest.length);
        return all;
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void theSourceIsTheClientOnEveryTransport(Transport transport) throws Exception {
        try (var server = server(transport);
                var client = server.client()) {
            client.send("PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\r\n" + WHO);
            assertThat(client.answer().text()).isEqualTo("/192.0.2.7:4711");
            client.send(WHO);
            assertThat(client.answer().text()).isEqualTo("/192.0.2.7:4711");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            PROXY TCP6 2001:db8::7 ::1 4711 80       | /[2001:db8:0:0:0:0:0:7]:4711
            PROXY UNKNOWN                            | /127.0.0.1:
            PROXY UNKNOWN ffff::1 ffff::2 1 2        | /127.0.0.1:
            """)
    void textOfOtherKindsIsRead(String header, String client) throws Exception {
        try (var server = server(Transport.NIO);
                var peer = server.client()) {
            peer.sendSlowly(header + "\r\n", 5, Duration.ofMillis(2)).send(WHO);
            assertThat(peer.answer().text()).startsWith(client);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            2111000cc00002077f0000011267 0050                                                  | /192.0.2.7:4711
            2111000fc00002077f00000112670050 040000                                            | /192.0.2.7:4711
            21210024 20010db8000000000000000000000007 00000000000000000000000000000001 1267 0050 | /[2001:db8:0:0:0:0:0:7]:4711
            20000000                                                                           | /127.0.0.1:
            2011000cc00002077f00000112670050                                                   | /127.0.0.1:
            21000000                                                                           | /127.0.0.1:
            """)
    void binaryHeadersAreRead(String hex, String client) throws Exception {
        try (var server = server(Transport.NIO);
                var peer = server.client()) {
            peer.send(binary(hex.replace(" ", ""), WHO));
            assertThat(peer.answer().text()).startsWith(client);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "GET /who HTTP/1.1\r\nHost: h\r\n\r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 4711\r\n",
        "PROXY TCP4 192.0.2.777 127.0.0.1 4711 80\r\n",
        "PROXY TCP4 ::1 127.0.0.1 4711 80\r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 99999 80\r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\n",
        "PROXY UDP4 192.0.2.7 127.0.0.1 4711 80\r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 4711 80 and much more that no header of this kind would ever have, so that it is longer"
    })
    void whateverElseComesFirstIsSentAway(String first) throws Exception {
        try (var server = server(Transport.NIO);
                var client = server.client()) {
            client.send(first + WHO);
            assertThat(client.readToEnd().text()).isEmpty();
            assertThat(server.requests).isEmpty();
        }
    }

    @Test
    void binaryHeadersThatAreNoneAreSentAway() throws Exception {
        try (var server = server(Transport.NIO)) {
            for (String hex : List.of("11110000", "22110000", "21110004c0000207", "2111ffff")) {
                try (var client = server.client()) {
                    client.send(binary(hex, WHO));
                    assertThat(client.readToEnd().text()).as(hex).isEmpty();
                }
            }
            assertThat(server.requests).isEmpty();
        }
    }

    @Test
    void whoSaysNothingIsSentAwayAfterFiveSeconds() throws Exception {
        try (var server = server(Transport.NIO);
                var client = server.client()) {
            client.send("PROXY TCP4 ");
            long before = System.nanoTime();
            assertThat(client.readToEnd().text()).isEmpty();
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isBetween(Duration.ofMillis(4500), Duration.ofSeconds(9));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "jdk"})
    void theHeaderComesBeforeTls(String provider) throws Exception {
        System.setProperty("tollkeeper.tls", provider);
        try {
            var certificates = TestCertificates.in(folder);
            var identity = certificates.server("a.test");
            var tls = new ServerTls(List.of(new ServerTls.Certificate(List.of(), identity.certificateFile(), identity.keyFile())));
            var settings = new ListenerSettings("test", TellingServer.anyPort(), tls, WireLimits.DEFAULT,
                    ListenerSettings.Timeouts.DEFAULT, null, true);
            try (var server = new TellingServer(null, settings);
                    var client = RawClient.connectTlsBehind("PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\r\n", server.port(),
                            certificates.clientContext(), "a.test")) {
                client.send(WHO);
                assertThat(client.answer().text()).isEqualTo("/192.0.2.7:4711");
            }
        } finally {
            System.clearProperty("tollkeeper.tls");
        }
    }
}
