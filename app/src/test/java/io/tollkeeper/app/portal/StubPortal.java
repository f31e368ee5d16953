package io.tollkeeper.app.portal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

import io.tollkeeper.http.fetch.FetchUrl;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RudePeer;

/// A portal that answers what it was told to by path and query, 404 for the rest, and remembers what it was asked.
public final class StubPortal implements AutoCloseable {
    private final Map<String, String> answers = new ConcurrentHashMap<>();
    private final RudePeer peer = RudePeer.start(with -> {
        var request = with.readRequest();
        if (request == null) {
            return false;
        }
        var json = answers.get(request.target());
        with.write(json == null ? answer(404, "{\"error\":\"x\"}") : json.startsWith("HTTP/1.1 ") ? json : answer(200, json));
        return true;
    });

    public static String answer(int status, String json) {
        return "HTTP/1.1 " + status + " X\r\nContent-Type: application/json\r\nContent-Length: " + json.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + json;
    }

    public StubPortal says(String target, String jsonOrRawAnswer) {
        answers.put(target, jsonOrRawAnswer);
        return this;
    }

    /// From the next connection on.
    public void behaves(Manner manner) throws IOException {
        peer.behave(manner);
        peer.dropConnections();
    }

    public List<String> asked() {
        return peer.requests().stream().map(request -> request.target()).toList();
    }

    public RudePeer peer() {
        return peer;
    }

    public FetchUrl url(String path) {
        return Objects.requireNonNull(FetchUrl.parse("http://token@127.0.0.1:" + peer.port() + path));
    }

    public static String service(int id, String... hosts) {
        return service(id, 1, 2, hosts);
    }

    /// A service with its upstream and its meter on these ports.
    public static String serviceOn(int id, int upstream, int meter, String host) {
        return service(id, upstream, meter, host);
    }

    private static String service(int id, int upstream, int meter, String... hosts) {
        return "{\"id\":" + id + ",\"backend_version\":\"1\",\"proxy\":{\"hosts\":[\"" + String.join("\",\"", hosts)
                + "\"],\"api_backend\":\"http://127.0.0.1:" + upstream + "\",\"backend\":{\"endpoint\":\"http://127.0.0.1:" + meter + "\"},"
                + "\"proxy_rules\":[{\"http_method\":\"GET\",\"pattern\":\"/\",\"metric_system_name\":\"hits\",\"delta\":1}]}}";
    }

    public static String config(String service) {
        return "{\"proxy_config\":{\"id\":1,\"version\":3,\"environment\":\"production\",\"content\":" + service + "}}";
    }

    public static String page(String... services) {
        return "{\"proxy_configs\":[" + String.join(",", List.of(services).stream().map(StubPortal::config).toList()) + "]}";
    }

    @Override public void close() throws IOException {
        peer.close();
    }
}
