package io.tollkeeper.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class TlsPeerTest {

    private static final String GET = "GET / HTTP/1.1\r\nHost: api.test\r\n\r\n";

    @TempDir
    static Path folder;

    private static TestCertificates certificates;

    @BeforeAll
    static void makeCertificates() {
        certificates = TestCertificates.in(folder);
    }

    @Test
    void goodCertificateIsTrustedAndTheAskedNameIsKnown() throws IOException {
        var names = new java.util.concurrent.LinkedBlockingQueue<String>();
        Manner noting = with -> {
            names.addAll(with.serverNames());
            return Manner.citizen().meet(with);
        };
        try (var peer = RudePeer.startTls(certificates.server("api.test", "127.0.0.1").context(), noting);
                var client = RawClient.connectTls(peer.port(), certificates.clientContext(), "api.test")) {
            assertThat(client.send(GET).answer().status()).isEqualTo(200);
            assertThat(names).contains("api.test");
        }
    }

    @Test
    void expiredAndUnknownCertificatesAreNotTrusted() throws IOException {
        for (var identity : new TestCertificates.Identity[] {
            certificates.expired("api.test"), certificates.notYetValid("api.test"),
            certificates.unknownAuthority("api.test")
        }) {
            try (var peer = RudePeer.startTls(identity.context(), Manner.citizen())) {
                assertThatThrownBy(() -> RawClient.connectTls(peer.port(), certificates.clientContext(), "api.test"))
                        .isInstanceOf(SSLException.class)
                        .hasCauseInstanceOf(CertificateException.class);
                Eventually.value("failures", peer::failures, failures -> !failures.isEmpty());
            }
        }
    }

    @Test
    void wrongNameNamesSomebodyElse() {
        assertThat(certificates.wrongName().chain().getFirst().getSubjectX500Principal().getName())
                .isEqualTo("CN=somebody-else.test");
    }

    @Test
    void clientWithoutACertificateIsTurnedAwayWhereOneIsNeeded() throws IOException {
        try (var peer = RudePeer.startMutualTls(certificates.server("api.test").context(), Manner.citizen())) {
            try (var known = RawClient.connectTls(peer.port(), certificates.client("alice").context(), "api.test")) {
                assertThat(known.send(GET).answer().status()).isEqualTo(200);
            }
            // With TLS 1.3 the client learns of it with its first read.
            assertThatThrownBy(() -> {
                try (var unknown = RawClient.connectTls(peer.port(), certificates.clientContext(), "api.test")) {
                    unknown.send(GET).answer();
                }
            }).isInstanceOf(IOException.class);
        }
    }

    @Test
    void alertAndPlainAnswersToAClientHelloFailTheHandshake() throws IOException {
        try (var peer = RudePeer.start(Manner.tlsAlert(40), Manner.plainWhereTlsIsExpected())) {
            assertThatThrownBy(() -> RawClient.connectTls(peer.port(), certificates.clientContext(), "api.test"))
                    .isInstanceOf(SSLException.class)
                    .hasMessageContaining("handshake_failure");
            assertThatThrownBy(() -> RawClient.connectTls(peer.port(), certificates.clientContext(), "api.test"))
                    .isInstanceOf(SSLException.class);
        }
    }

    @Test
    void filesArePem() throws IOException {
        var identity = certificates.server("api.test");
        assertThat(Files.readString(certificates.authorityFile())).startsWith("-----BEGIN CERTIFICATE-----");
        assertThat(Files.readString(identity.certificateFile())).startsWith("-----BEGIN CERTIFICATE-----");
        assertThat(Files.readString(identity.keyFile())).startsWith("-----BEGIN PRIVATE KEY-----");
    }
}
