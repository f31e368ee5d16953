package io.tollkeeper.compat.program;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

import io.tollkeeper.testkit.RawClient;
import org.jspecify.annotations.Nullable;

/// Sends requests exactly as given, each over a connection of its own. Blocks.
public final class Wire {

    private final int port;
    private final InstantSource clock;

    public Wire(int port, InstantSource clock) {
        this.port = port;
        this.clock = clock;
    }

    /// One exchange; target and header values go out as Latin-1, the body as it is.
    public WireAnswer call(String method, String target, byte @Nullable [] body, Map<String, String> headers) throws IOException {
        var head = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: oracle.test\r\nConnection: close\r\n");
        headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        byte[] bytes = body == null ? new byte[0] : body;
        if (bytes.length > 0 || !method.equals("GET") && !method.equals("HEAD")) {
            head.append("Content-Length: ").append(bytes.length).append("\r\n");
        }
        var at = clock.instant();
        try (var client = RawClient.connect(port)) {
            client.send(head.append("\r\n").toString());
            sendUnlessRefused(client, bytes);
            var answer = client.answerTo(method);
            var found = new LinkedHashMap<String, String>();
            for (var header : answer.headers().all()) {
                found.merge(header.name().toLowerCase(Locale.ROOT), header.value(), (one, other) -> one + ", " + other);
            }
            return new WireAnswer(answer.status(), found, answer.text(), at);
        }
    }

    /// One exchange with the Internal API.
    public WireAnswer internal(String method, String path, @Nullable String json) throws IOException {
        var headers = new LinkedHashMap<String, String>();
        headers.put("Authorization", MeterInProcess.authorization());
        if (json != null) {
            headers.put("Content-Type", "application/json");
        }
        return call(method, "/internal" + path, json == null ? null : json.getBytes(StandardCharsets.UTF_8), headers);
    }

    /// A body that is too large may be answered, and the connection closed, before all of it was sent.
    private static void sendUnlessRefused(RawClient client, byte[] body) {
        try {
            client.send(body);
        } catch (IOException refused) {
            // the answer says why
        }
    }
}
