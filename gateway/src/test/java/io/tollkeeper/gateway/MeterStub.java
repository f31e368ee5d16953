package io.tollkeeper.gateway;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.tollkeeper.testkit.Conversation;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.ReceivedRequest;

/// A Service Management API that answers by the beginning of the key it is asked about, and remembers what it was asked.
/// As a [Manner] of a peer.
///
/// | key begins with | answer |
/// |---|---|
/// | `bad` | 403, with a document |
/// | `mute` | 403, without one |
/// | `limits` | 409 with the rejection's header, and limits |
/// | `off` | 409, limit 0 |
/// | `gone` | 404 |
/// | `err` | 500 |
/// | `drop` | none: closes |
/// | `garbage` | bytes that are no HTTP |
/// | `short` | 403 and half a document |
/// | `flip…` | 200 once, then what the rest of the key begins with |
/// | anything else | 200 |
final class MeterStub implements Manner {

    /// One call, its parameters decoded.
    record Asked(String method, String path, Map<String, String> query, Map<String, String> form, ReceivedRequest request) {}

    private final List<Asked> asked = new ArrayList<>();
    private final Map<String, AtomicInteger> turns = new ConcurrentHashMap<>();
    volatile CountDownLatch gate = new CountDownLatch(0);
    volatile String extraHeaders = "";
    /// What reports are answered; 0: closes instead.
    volatile int reportStatus = 202;

    synchronized List<Asked> asked() {
        return List.copyOf(asked);
    }

    synchronized int count() {
        return asked.size();
    }

    synchronized Asked last() {
        return asked.getLast();
    }

    @Override
    public boolean meet(Conversation with) throws IOException {
        ReceivedRequest request = with.readRequest();
        if (request == null) {
            return false;
        }
        int mark = request.target().indexOf('?');
        String path = mark < 0 ? request.target() : request.target().substring(0, mark);
        Map<String, String> query = parameters(mark < 0 ? "" : request.target().substring(mark + 1));
        String body = new String(request.body(), StandardCharsets.US_ASCII);
        synchronized (this) {
            asked.add(new Asked(request.method(), path, query, parameters(body), request));
        }
        waitForGate();
        if (path.endsWith("/transactions.xml") && reportStatus == 0) {
            return false;
        }
        if (path.endsWith("/transactions.xml") && reportStatus != 202) {
            write(with, reportStatus, "", "");
            return true;
        }
        if (path.endsWith("/transactions.xml")) {
            with.write("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n" + extraHeaders + "\r\n");
            return true;
        }
        String key = query.getOrDefault("user_key", query.getOrDefault("app_id", ""));
        if (key.startsWith("flip")) {
            key = turns.computeIfAbsent(key, _ -> new AtomicInteger()).getAndIncrement() == 0 ? "ok" : key.substring(4);
        }
        return answer(key, with);
    }

    private void waitForGate() {
        try {
            gate.await(20, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean answer(String key, Conversation with) throws IOException {
        if (key.startsWith("drop")) {
            return false;
        }
        if (key.startsWith("garbage")) {
            with.write("SSH-2.0-NotHttp\r\n\r\n");
            return false;
        }
        if (key.startsWith("short")) {
            with.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\n<error code=\"user_key");
            return false;
        }
        if (key.startsWith("bad")) {
            write(with, 403, "", "<?xml version=\"1.0\"?><error code=\"user_key_invalid\">user key \"bad\" is invalid</error>");
        } else if (key.startsWith("mute")) {
            write(with, 403, "", "");
        } else if (key.startsWith("token")) {
            write(with, 403, "", "<?xml version=\"1.0\"?><error code=\"service_token_invalid\">service token \"x\" is invalid</error>");
        } else if (key.startsWith("limits")) {
            write(with, 409, "3scale-rejection-reason: limits_exceeded\r\n3scale-limit-reset: 17\r\n"
                    + "3scale-limit-max-value: 10\r\n3scale-limit-remaining: 0\r\n", "");
        } else if (key.startsWith("off")) {
            write(with, 409, "3scale-rejection-reason: limits_exceeded\r\n3scale-limit-max-value: 0\r\n", "");
        } else if (key.startsWith("gone")) {
            write(with, 404, "", "");
        } else if (key.startsWith("err")) {
            write(with, 500, "", "boom");
        } else {
            write(with, 200, "", "<status><authorized>true</authorized></status>");
        }
        return true;
    }

    private void write(Conversation with, int status, String headers, String body) throws IOException {
        with.write("HTTP/1.1 " + status + " Said\r\n" + headers + extraHeaders + "Content-Length: " + body.length() + "\r\n\r\n" + body);
    }

    private static Map<String, String> parameters(String text) {
        Map<String, String> all = new HashMap<>();
        for (String pair : text.isEmpty() ? new String[0] : text.split("&")) {
            int equals = pair.indexOf('=');
            if (equals < 0) {
                continue; // only the beginning of a long body is kept
            }
            all.put(decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1)));
        }
        return all;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
