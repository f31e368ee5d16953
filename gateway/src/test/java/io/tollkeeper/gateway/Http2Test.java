package io.tollkeeper.gateway;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.tollkeeper.core.proxy.ForwardedHeaders;
import io.tollkeeper.http.ServerTls;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.ReceivedRequest;
import io.tollkeeper.testkit.RudePeer;
import io.tollkeeper.testkit.TestCertificates;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// Calls by HTTP/2, over TLS, from the JDK's client.
class Http2Test {

    @TempDir
    Path folder;

    private RudePeer upstream;
    private RunningGateway gateway;
    private HttpClient client;
    private URI base;

    @BeforeEach
    void start() throws IOException {
        upstream = RudePeer.start(Manner.citizen());
        MemoryMeter meter = new MemoryMeter();
        meter.product("api", "1", List.of("hits")).application("api", "app", "active").userKey("api", "k", "app");
        gateway = RunningGateway.over(meter)
                .products(RunningGateway.product("http://127.0.0.1:" + upstream.port(),
                        p -> p.hosts("localhost").forwarded(ForwardedHeaders.APPEND)))
                .start();
        var certificates = TestCertificates.in(folder);
        var identity = certificates.server("localhost");
        int port = gateway.listenWithTls(new ServerTls(
                List.of(new ServerTls.Certificate(List.of(), identity.certificateFile(), identity.keyFile()))));
        client = HttpClient.newBuilder().sslContext(certificates.clientContext()).build();
        base = URI.create("https://localhost:" + port + "/");
    }

    @AfterEach
    void stop() throws IOException {
        client.shutdownNow();
        gateway.close();
        upstream.close();
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), BodyHandlers.ofString(StandardCharsets.ISO_8859_1));
    }

    private HttpRequest.Builder to(String target) {
        return HttpRequest.newBuilder(base.resolve(target));
    }

    private static String id(HttpResponse<String> answer) {
        return answer.headers().firstValue("x-request-id").orElse("");
    }

    @Test
    void aCallIsDecidedForwardedAndRecordedLikeAnyOther() throws Exception {
        HttpResponse<String> answer = send(to("/a?user_key=k"));
        assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(answer.statusCode()).isEqualTo(200);
        ReceivedRequest received = upstream.lastRequest();
        assertThat(received.startLine()).isEqualTo("GET /a?user_key=k HTTP/1.1");
        assertThat(received.header("x-forwarded-proto")).isEqualTo("https");
        assertThat(received.header("x-forwarded-host")).isEqualTo(base.getAuthority());
        assertThat(received.header("via")).isEqualTo("2.0 tollkeeper");
        assertThat(gateway.logLine(id(answer))).contains("\"protocol\":\"HTTP/2.0\"").contains("\"status\":200");
        HttpResponse<String> refused = send(to("/a?user_key=wrong"));
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(refused.headers().firstValue("proxy-status")).isPresent();
        assertThat(gateway.record(id(refused)).protocol()).isEqualTo("HTTP/2.0");
    }

    @Test
    void manyCallsAtATimeKeepTheirOwnStories() throws Exception {
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            answers.add(client.sendAsync(
                    to("/bytes/" + (i * 1000) + "?user_key=" + (i % 3 == 0 ? "wrong" : "k"))
                            .POST(HttpRequest.BodyPublishers.ofString("x".repeat(i * 100)))
                            .build(),
                    BodyHandlers.ofString(StandardCharsets.ISO_8859_1)));
        }
        for (int i = 0; i < answers.size(); i++) {
            HttpResponse<String> answer = answers.get(i).get();
            assertThat(answer.statusCode()).isEqualTo(i % 3 == 0 ? 403 : 200);
            if (i % 3 != 0) {
                assertThat(answer.body()).hasSize(i * 1000);
            }
            assertThat(gateway.logLine(id(answer))).contains("/bytes/" + (i * 1000) + "?");
        }
    }

    @Test
    void formBodiesAreReadForCredentials() throws Exception {
        HttpResponse<String> answer = send(to("/a")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString("user_key=k&x=1")));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(upstream.lastRequest().rawText()).endsWith("user_key=k&x=1");
    }

    @Test
    void aCallThatTheClientCancelsIsAnAbort() throws Exception {
        upstream.behave(Manner.silent());
        var answer = client.sendAsync(to("/slow?user_key=k").build(), BodyHandlers.ofString(StandardCharsets.ISO_8859_1));
        Eventually.holds("the upstream was asked", () -> !upstream.requests().isEmpty());
        answer.cancel(true);
        Eventually.passes(() -> assertThat(gateway.log()).contains("\"status\":499").contains("C-ABORTED"));
        Eventually.holds("its connection is closed", () -> upstream.openConnections() == 0);
        upstream.behave(Manner.citizen());
        assertThat(send(to("/a?user_key=k")).statusCode()).isEqualTo(200);
    }
}
