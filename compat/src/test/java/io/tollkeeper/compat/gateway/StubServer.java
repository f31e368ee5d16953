package io.tollkeeper.compat.gateway;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

/// A small HTTP/1.1 server on a port of its own; each connection on a virtual thread.
final class StubServer implements AutoCloseable {

    /// The answer as it goes over the wire; null closes the connection without one.
    interface Answers extends Function<Received, @Nullable String> {}

    private final String name;
    private final Answers answers;
    private final ServerSocket listener;

    StubServer(String name, Answers answers) throws IOException {
        this.name = name;
        this.answers = answers;
        listener = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("stub " + name).start(this::accept);
    }

    String address() {
        return "127.0.0.1:" + listener.getLocalPort();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                var socket = listener.accept();
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException _) {
                return; // closed
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            var in = new BufferedInputStream(socket.getInputStream());
            for (var request = read(in); request != null; request = read(in)) {
                var answer = answers.apply(request);
                if (answer == null) {
                    return;
                }
                socket.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
                if (request.header("connection").equalsIgnoreCase("close")) {
                    return;
                }
            }
        } catch (IOException _) {
            // the gateway closed it
        }
    }

    private @Nullable Received read(InputStream in) throws IOException {
        var first = line(in);
        if (first.isEmpty()) {
            return null;
        }
        var parts = first.split(" ", 3);
        Map<String, List<String>> headers = new LinkedHashMap<>();
        for (var line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            Received.add(headers, line.substring(0, colon), line.substring(colon + 1).strip());
        }
        var head = new Received(name, parts[0], parts[1], headers, "");
        return new Received(name, parts[0], parts[1], headers, body(in, head));
    }

    private static String body(InputStream in, Received head) throws IOException {
        if (!head.header("content-length").isEmpty()) {
            return new String(in.readNBytes(Integer.parseInt(head.header("content-length"))), StandardCharsets.ISO_8859_1);
        }
        var text = new StringBuilder();
        if (head.header("transfer-encoding").contains("chunked")) {
            for (int size = Integer.parseInt(line(in), 16); size > 0; size = Integer.parseInt(line(in), 16)) {
                text.append(new String(in.readNBytes(size), StandardCharsets.ISO_8859_1));
                line(in);
            }
            line(in);
        }
        return text.toString();
    }

    private static String line(InputStream in) throws IOException {
        var line = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    /// An answer with `Content-Length`, unless the status forbids a body.
    static String answer(int status, List<String> headers, String body, boolean withoutBody) {
        var lines = new ArrayList<>(headers);
        boolean bodiless = status == 204 || status == 304;
        if (!bodiless) {
            lines.add("Content-Length: " + body.length());
        }
        return "HTTP/1.1 " + status + " " + phrase(status) + "\r\n" + String.join("\r\n", lines) + (lines.isEmpty() ? "" : "\r\n") + "\r\n"
                + (withoutBody || bodiless ? "" : body);
    }

    private static String phrase(int status) {
        return switch (status) {
            case 200 -> "OK";
            case 201 -> "Created";
            case 202 -> "Accepted";
            case 204 -> "No Content";
            case 302 -> "Found";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 409 -> "Conflict";
            case 500 -> "Internal Server Error";
            default -> "X";
        };
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
