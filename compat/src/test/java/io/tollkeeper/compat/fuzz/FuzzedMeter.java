package io.tollkeeper.compat.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

import io.tollkeeper.compat.program.MeterInProcess;
import io.tollkeeper.compat.program.MovableClock;
import io.tollkeeper.compat.program.Wire;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import org.jspecify.annotations.Nullable;

/// A meter in this process with a small catalogue, for targets that send whole requests: one kept connection, begun anew
/// when the meter closed it. After some thousand requests another meter takes over, so that what inputs leave behind
/// does not pile up. Ends with the JVM.
final class FuzzedMeter {

    private static final int REQUESTS_PER_METER = 20_000;
    private static final List<String[]> CATALOGUE = List.of(
            new String[] {"PUT", "/services/7301", "{\"service\":{\"id\":\"7301\",\"provider_key\":\"pk\",\"backend_version\":\"2\"}}"},
            new String[] {"PUT", "/services/7302", "{\"service\":{\"id\":\"7302\",\"provider_key\":\"pk\",\"backend_version\":\"oauth\"}}"},
            new String[] {"PUT", "/services/7303", "{\"service\":{\"id\":\"7303\",\"provider_key\":\"pk\",\"backend_version\":\"1\"}}"},
            new String[] {"POST", "/service_tokens/", "{\"service_tokens\":{\"st\":{\"service_id\":\"7301\"}}}"},
            new String[] {"PUT", "/services/7301/metrics/1", "{\"metric\":{\"name\":\"hits\"}}"},
            new String[] {"PUT", "/services/7301/metrics/2", "{\"metric\":{\"name\":\"a\",\"parent_id\":\"1\"}}"},
            new String[] {"PUT", "/services/7301/plans/9/usagelimits/1/eternity", "{\"usagelimit\":{\"eternity\":1000}}"},
            new String[] {"PUT", "/services/7301/plans/9/usagelimits/2/day", "{\"usagelimit\":{\"day\":100}}"},
            new String[] {"PUT", "/services/7301/applications/a", "{\"application\":{\"state\":\"active\",\"plan_id\":\"9\",\"plan_name\":\"P & <Q>\"}}"},
            new String[] {"PUT", "/services/7301/applications/k", "{\"application\":{\"state\":\"active\",\"plan_id\":\"9\"}}"},
            new String[] {"POST", "/services/7301/applications/k/keys/", "{\"application_key\":{\"value\":\"key\"}}"},
            new String[] {"PUT", "/services/7302/applications/c", "{\"application\":{\"state\":\"active\",\"plan_id\":\"9\",\"redirect_url\":\"http://r\"}}"},
            new String[] {"PUT", "/services/7303/applications/u", "{\"application\":{\"state\":\"active\",\"plan_id\":\"9\"}}"},
            new String[] {"PUT", "/services/7303/applications/u/key/uk", ""});

    private @Nullable MeterInProcess meter;
    private @Nullable Path folder;
    private @Nullable RawClient client;
    private int requests;

    FuzzedMeter() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::close));
    }

    /// To be called before each input, so that no other meter takes over in the middle of one.
    void ready() throws IOException {
        if (meter == null || requests >= REQUESTS_PER_METER) {
            startAnew();
            requests = 0;
        }
    }

    /// Sends one request, head and body given, and reads its answer; none within ten seconds fails.
    RawAnswer exchange(String method, byte[] request) throws IOException {
        requests++;
        var connection = client;
        if (connection == null) {
            connection = RawClient.connect(port());
        }
        client = null;
        try {
            var answer = connection.send(request).answerTo(method);
            if (!"close".equalsIgnoreCase(answer.header("connection")) && answer.ending() == RawAnswer.Ending.COMPLETE) {
                client = connection;
                connection = null;
            }
            return answer;
        } finally {
            if (connection != null) {
                connection.close();
            }
        }
    }

    /// The same through the Internal API, with its credentials.
    RawAnswer internal(String method, String path, byte[] json) throws IOException {
        var head = method + " /internal" + path + " HTTP/1.1\r\nHost: meter.test\r\nAuthorization: " + MeterInProcess.authorization()
                + "\r\nContent-Type: application/json\r\nContent-Length: " + json.length + "\r\n\r\n";
        return exchange(method, joined(head.getBytes(StandardCharsets.ISO_8859_1), json));
    }

    static byte[] joined(byte[] head, byte[] body) {
        byte[] joined = new byte[head.length + body.length];
        System.arraycopy(head, 0, joined, 0, head.length);
        System.arraycopy(body, 0, joined, head.length, body.length);
        return joined;
    }

    private int port() {
        var running = meter;
        if (running == null) {
            throw new IllegalStateException("no meter");
        }
        return running.port();
    }

    private void startAnew() throws IOException {
        close();
        var clock = new MovableClock(Instant.parse("2026-11-20T16:27:05Z"));
        var fresh = Files.createTempDirectory("fuzz");
        folder = fresh;
        var started = MeterInProcess.start(fresh.resolve("data"), clock);
        meter = started;
        var wire = new Wire(started.port(), clock);
        for (var line : CATALOGUE) {
            var answer = wire.internal(line[0], line[1], line[2].isEmpty() ? null : line[2]);
            if (answer.status() > 201) {
                throw new AssertionError(line[1] + ": " + answer);
            }
        }
    }

    private void close() {
        var running = meter;
        meter = null;
        try {
            if (client != null) {
                client.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            client = null;
            if (running != null) {
                running.close();
            }
            if (folder != null) {
                delete(folder);
            }
            folder = null;
        }
    }

    private static void delete(Path folder) {
        try (var files = Files.walk(folder)) {
            files.sorted(java.util.Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
