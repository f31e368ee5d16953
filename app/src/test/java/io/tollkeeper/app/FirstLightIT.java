package io.tollkeeper.app;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// What a user sees in the first minute: start it, paste the calls it prints, ask why.
class FirstLightIT {
    private static final Pattern CALL = Pattern.compile("curl [^']*'(http[^']*)'");

    @TempDir private static Path folder;
    private static RunningProgram program;

    @BeforeAll static void start() {
        program = RunningProgram.start(folder);
    }

    @AfterAll static void stop() {
        program.close();
    }

    @Test void theGreetingTellsWhatListensWhereAndWhichTransportCarriesIt() {
        var greeting = program.greeting();
        assertThat(greeting).contains("127.0.0.1:" + program.port("gateway")).contains("127.0.0.1:" + program.port("meter"))
                .contains("/status/ready").contains("/metrics").contains("transport").contains("data");
        assertThat(calls()).hasSize(4);
    }

    @Test void theCallWithAKeyPassesAndCanBeExplained() throws IOException {
        var answer = get(calls().get(0));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).startsWith("GET /hello?user_key=demo-key HTTP/1.1");
        assertThat(explain(answer)).contains("200").contains("client").contains("upstream");
    }

    @Test void theCallWithoutAKeyIsRefusedWithAReason() throws IOException {
        var answer = get(calls().get(1));
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.text().strip()).isEqualTo("Authentication parameters missing");
        assertThat(answer.header("Proxy-Status")).startsWith("tollkeeper; error=http_request_denied");
        assertThat(explain(answer)).contains("A-NO-CREDENTIALS").contains("user_key");
    }

    @Test void theCallWithAWrongKeyIsRefusedWithAReason() throws IOException {
        var answer = get(calls().get(2));
        assertThat(answer.status()).isEqualTo(403);
        assertThat(explain(answer)).contains("A-KEY-UNKNOWN");
    }

    @Test void theSixthCallInAMinuteIsOneTooMany() throws IOException {
        RawAnswer answer = null;
        // Two windows at most: the minute may change between two calls.
        for (int i = 0; i < 11 && (answer == null || answer.status() == 200); i++) {
            answer = get(calls().get(3));
        }
        assertThat(Objects.requireNonNull(answer).status()).isEqualTo(429);
        assertThat(explain(answer)).contains("L-LIMIT").contains("hits").contains("minute").contains("5");
    }

    @Test void anUnknownRequestIdAndNoRequestIdAreToldApart() {
        assertThat(program.ask("explain", "01JD0000000000000000000000")).satisfies(ended -> {
            assertThat(ended.exitCode()).isEqualTo(1);
            assertThat(ended.err()).startsWith("no record of 01JD0000000000000000000000");
        });
        assertThat(program.ask("explain", "what").err()).startsWith("\"what\" is not a request id");
    }

    @Test void livenessReadinessAndMetricsAreAnswered() throws IOException {
        assertThat(get(uri("management", "/status/live")).text()).isEqualTo("{\"status\":\"live\",\"success\":true}\n");
        assertThat(get(uri("management", "/status/ready")).text()).isEqualTo("{\"status\":\"ready\",\"success\":true}\n");
        get(calls().get(0));
        assertThat(get(uri("metrics", "/metrics")).text()).contains("apicast_status{status=\"200\"}");
    }

    @Test void aReloadWithoutAFileKeepsTheDemo() throws IOException {
        assertThat(program.ask("reload").out()).contains("demo product");
        assertThat(get(calls().get(0)).status()).isEqualTo(200);
    }

    @Test void theDataFolderIsItsOwners() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("data")))).isEqualTo("rwx------");
    }

    @Test void theStatusCommandTellsWhatIsInForce() {
        assertThat(program.ask("status")).satisfies(ended -> {
            assertThat(ended.exitCode()).isZero();
            assertThat(ended.out()).contains("demo product").contains("1 product");
        });
    }

    private static String explain(RawAnswer answer) {
        var ended = program.ask("explain", Objects.requireNonNull(answer.header("X-Request-Id"), "an answer without X-Request-Id"));
        assertThat(ended.exitCode()).as(ended.err()).isZero();
        return ended.out();
    }

    private static List<URI> calls() {
        return CALL.matcher(program.greeting()).results().map(found -> URI.create(found.group(1))).toList();
    }

    private static URI uri(String listener, String path) {
        return URI.create("http://localhost:" + program.port(listener) + path);
    }

    private static RawAnswer get(URI uri) throws IOException {
        var target = uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery());
        try (var client = RawClient.connect(uri.getPort())) {
            return client.send("GET " + target + " HTTP/1.1\r\nHost: " + uri.getHost() + ":" + uri.getPort() + "\r\n\r\n").answer();
        }
    }
}
