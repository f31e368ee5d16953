package io.tollkeeper.http;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.TestCertificates;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// HTTP/2 over TLS is agreed on by ALPN, with BoringSSL and with the JDK's TLS; the client is the JDK's.
final class Http2TlsTest {

    @TempDir
    Path folder;

    @AfterEach
    void forgetProvider() {
        System.clearProperty("tollkeeper.tls");
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "jdk"})
    void theVersionIsAgreedOnByAlpn(String provider) throws Exception {
        System.setProperty("tollkeeper.tls", provider);
        var certificates = TestCertificates.in(folder);
        var identity = certificates.server("localhost");
        var tls = new ServerTls(List.of(new ServerTls.Certificate(List.of(), identity.certificateFile(), identity.keyFile())));
        try (var server = new TellingServer(null, WireLimits.DEFAULT, ListenerSettings.Timeouts.DEFAULT, tls, Http2Limits.DEFAULT);
                var client = HttpClient.newBuilder().sslContext(certificates.clientContext()).build()) {
            var base = URI.create("https://localhost:" + server.port() + "/");
            List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
            assertThat(client.send(HttpRequest.newBuilder(base.resolve("/first")).build(), HttpResponse.BodyHandlers.ofString()).version())
                    .isEqualTo(HttpClient.Version.HTTP_2);
            for (int i = 0; i < 50; i++) {
                answers.add(client.sendAsync(
                        HttpRequest.newBuilder(base.resolve("/n?" + i)).POST(HttpRequest.BodyPublishers.ofString("body " + i)).build(),
                        HttpResponse.BodyHandlers.ofString()));
            }
            for (int i = 0; i < answers.size(); i++) {
                HttpResponse<String> answer = answers.get(i).get();
                assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
                assertThat(answer.body()).startsWith("POST /n?" + i + " host=localhost").endsWith("body=body " + i);
            }
            String large = "x".repeat(3_000_000);
            assertThat(client.send(
                            HttpRequest.newBuilder(base.resolve("/echo")).POST(HttpRequest.BodyPublishers.ofString(large)).build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body()).isEqualTo(large);
            // who does not offer it gets HTTP/1.1, and the preface does not change that
            try (var old = RawClient.connectTls(server.port(), certificates.clientContext(), "localhost")) {
                old.send("GET /old HTTP/1.1\r\nHost: a\r\n\r\n");
                assertThat(old.answer().text()).startsWith("GET /old");
                old.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
                assertThat(old.answer().status()).isEqualTo(400);
            }
        }
    }
}
