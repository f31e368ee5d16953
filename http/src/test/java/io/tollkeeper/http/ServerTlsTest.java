package io.tollkeeper.http;

import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.TestCertificates;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/// A TLS listener, with BoringSSL and with the JDK's TLS.
final class ServerTlsTest {

    @TempDir
    Path folder;

    @AfterEach
    void forgetProvider() {
        System.clearProperty("tollkeeper.tls");
    }

    private TellingServer server(ServerTls tls) throws Exception {
        return new TellingServer(null, WireLimits.DEFAULT, ListenerSettings.Timeouts.DEFAULT, tls);
    }

    private static ServerTls.Certificate certificate(TestCertificates.Identity identity, String... names) {
        return new ServerTls.Certificate(List.of(names), identity.certificateFile(), identity.keyFile());
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "jdk"})
    void theCertificateIsChosenByServerName(String provider) throws Exception {
        System.setProperty("tollkeeper.tls", provider);
        var certificates = TestCertificates.in(folder);
        var tls = new ServerTls(List.of(
                certificate(certificates.server("first.test"), "first.test"),
                certificate(certificates.server("second.test"), "second.test"),
                certificate(certificates.server("*.wild.test"), "*.wild.test")));
        try (var server = server(tls)) {
            for (String name : List.of("first.test", "second.test", "a.wild.test")) {
                // The client verifies the name: a wrong certificate fails the handshake.
                try (var client = RawClient.connectTls(server.port(), certificates.clientContext(), name)) {
                    for (int i = 0; i < 2; i++) {
                        client.send("POST /x HTTP/1.1\r\nHost: " + name + "\r\nContent-Length: 2\r\n\r\nhi");
                        assertThat(client.answer().text()).startsWith("POST /x host=" + name).endsWith("body=hi");
                    }
                    client.send("GET /big/300000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                    assertThat(client.answer().bodyLength()).isEqualTo(300_000);
                    assertThat(client.readToEnd().length()).isZero();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "jdk"})
    void aRefusalWithAnUnreadBodyArrivesOverTls(String provider) throws Exception {
        System.setProperty("tollkeeper.tls", provider);
        var certificates = TestCertificates.in(folder);
        try (var server = server(new ServerTls(List.of(certificate(certificates.server("a.test")))));
                var client = RawClient.connectTls(server.port(), certificates.clientContext(), "a.test")) {
            client.send("POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(403);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "jdk"})
    void plainHttpOnATlsPortIsClosed(String provider) throws Exception {
        System.setProperty("tollkeeper.tls", provider);
        var certificates = TestCertificates.in(folder);
        try (var server = server(new ServerTls(List.of(certificate(certificates.server("a.test")))));
                var client = server.client()) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.readToEnd().text()).doesNotContain("HTTP/1.1 200");
            assertThat(server.requests).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "jdk"})
    void aFileThatIsNoCertificateIsNamed(String provider) throws Exception {
        System.setProperty("tollkeeper.tls", provider);
        Path junk = Files.writeString(folder.resolve("junk.pem"), "no certificate");
        assertThatThrownBy(() -> server(new ServerTls(List.of(new ServerTls.Certificate(List.of(), junk, junk)))))
                .isInstanceOf(IllegalArgumentException.class)
                .isNotInstanceOf(SSLException.class)
                .hasMessageContaining("junk.pem");
    }

    @Test
    void aDrainClosesConnectionsWithinTheirHandshake() throws Exception {
        var certificates = TestCertificates.in(folder);
        try (var server = server(new ServerTls(List.of(certificate(certificates.server("a.test")))));
                var client = server.client()) {
            Eventually.holds("the connection is accepted", () -> server.listener.openConnections() == 1);
            long before = System.nanoTime();
            server.listener.drain(Duration.ofSeconds(8));
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(4));
            assertThat(client.readToEnd().length()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "jdk"})
    void theClientsCertificateIsAskedForAndKeptWhoeverIssuedIt(String provider) throws Exception {
        System.setProperty("tollkeeper.tls", provider);
        var certificates = TestCertificates.in(folder);
        var own = List.of(certificate(certificates.server("a.test")));
        var who = "GET /certificates HTTP/1.1\r\nHost: a\r\n\r\n";
        try (var server = server(new ServerTls(own, ServerTls.ClientCertificates.REQUESTED, 0))) {
            // Twice each: the second time the session may be resumed.
            for (int i = 0; i < 2; i++) {
                try (var client = RawClient.connectTls(server.port(), certificates.client("jane").context(), "a.test")) {
                    assertThat(client.send(who).answer().text()).isEqualTo("[CN=jane]");
                }
                try (var client = RawClient.connectTls(server.port(), certificates.unknownClient("mallory").context(), "a.test")) {
                    assertThat(client.send(who).answer().text()).isEqualTo("[CN=mallory]");
                }
                try (var client = RawClient.connectTls(server.port(), certificates.clientContext(), "a.test")) {
                    assertThat(client.send(who).answer().text()).isEqualTo("[]");
                }
            }
            var jane = certificates.client("jane").context();
            for (int i = 0; i < 3; i++) {
                try (var client = RawClient.connectTls(server.port(), jane, "a.test")) {
                    assertThat(client.send(who).answer().text()).isEqualTo("[CN=jane]");
                }
            }
        }
        try (var server = server(new ServerTls(own, ServerTls.ClientCertificates.REQUESTED, 1));
                var client = RawClient.connectTls(server.port(), certificates.client("jane").context(), "a.test")) {
            assertThat(client.send(who).answer().text()).startsWith("[CN=jane, CN=");
        }
        try (var server = server(new ServerTls(own));
                var client = RawClient.connectTls(server.port(), certificates.client("jane").context(), "a.test")) {
            assertThat(client.send(who).answer().text()).isEqualTo("[]");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "jdk"})
    void renewedCertificatesAreTakenOverWhenBothFilesAreThere(String provider) throws Exception {
        System.setProperty("tollkeeper.tls", provider);
        var certificates = TestCertificates.in(folder);
        var first = certificates.server("a.test");
        var second = certificates.server("a.test");
        Path chain = Files.copy(first.certificateFile(), folder.resolve("live.pem"));
        Path key = Files.copy(first.keyFile(), folder.resolve("live.key"));
        try (var server = server(new ServerTls(List.of(new ServerTls.Certificate(List.of(), chain, key))))) {
            assertThat(serial(server, certificates)).isEqualTo(first.chain().getFirst().getSerialNumber());
            Files.copy(second.certificateFile(), chain, StandardCopyOption.REPLACE_EXISTING);
            server.engine.files().look();
            // The key is still the old one.
            assertThat(serial(server, certificates)).isEqualTo(first.chain().getFirst().getSerialNumber());
            Files.copy(second.oldKeyFile(), key, StandardCopyOption.REPLACE_EXISTING);
            server.engine.files().look();
            assertThat(serial(server, certificates)).isEqualTo(second.chain().getFirst().getSerialNumber());
        }
    }

    private static BigInteger serial(TellingServer server, TestCertificates certificates) throws Exception {
        try (var socket = (SSLSocket) certificates.clientContext().getSocketFactory().createSocket("127.0.0.1", server.port())) {
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
        }
    }
}
