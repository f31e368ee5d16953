package io.tollkeeper.compat.gateway;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// What came back for a recorded request, in Latin-1.
///
/// @param status  0 if the connection ended without an answer
/// @param headers by lower-case name
/// @param framing what is wrong with lengths and chunks, null if nothing
record Came(int status, Map<String, List<String>> headers, String body, @Nullable String framing) {

    private static final Came NOTHING = new Came(0, Map.of(), "", null);
    private static final int PATIENCE_MILLIS = 15_000;

    /// Sends a recorded request on a connection of its own. Blocks.
    static Came back(JsonNode request, Surroundings around, int port) throws IOException {
        byte[] raw;
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.getOutputStream().write(text(request, around).getBytes(StandardCharsets.ISO_8859_1));
            raw = socket.getInputStream().readAllBytes();
        }
        return raw.length == 0 ? NOTHING : read(new String(raw, StandardCharsets.ISO_8859_1), request.path("method").stringValue());
    }

    private static String text(JsonNode request, Surroundings around) {
        var headers = new ArrayList<List<String>>();
        var given = request.path("headers");
        given.properties().forEach(one -> headers.add(List.of(one.getKey(), around.fill(one.getValue().stringValue()))));
        if (given.isArray()) {
            given.forEach(one -> headers.add(List.of(one.path(0).stringValue(), around.fill(one.path(1).stringValue()))));
        }
        Set<String> names = headers.stream().map(header -> header.getFirst().toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
        var version = request.path("http_version").stringValue("1.1");
        var body = around.fill(request.path("body").stringValue(""));
        if (!names.contains("host") && !version.equals("1.0")) {
            headers.addFirst(List.of("Host", "api.test"));
        }
        if (!body.isEmpty() && !names.contains("content-length") && !names.contains("transfer-encoding")) {
            headers.add(List.of("Content-Length", Integer.toString(body.length())));
        }
        if (!names.contains("connection")) {
            headers.add(List.of("Connection", "close"));
        }
        var text = new StringBuilder(request.path("raw_prefix").stringValue(""))
                .append(request.path("method").stringValue()).append(' ').append(around.fill(request.path("path").stringValue()))
                .append(" HTTP/").append(version).append("\r\n");
        headers.forEach(header -> text.append(header.getFirst()).append(": ").append(header.getLast()).append("\r\n"));
        return text.append("\r\n").append(body).toString();
    }

    private static Came read(String raw, String method) {
        int end = raw.indexOf("\r\n\r\n");
        if (raw.startsWith("HTTP/1.1 100")) {
            return read(raw.substring(end + 4), method);
        }
        var lines = raw.substring(0, end).split("\r\n", -1);
        var body = raw.substring(end + 4);
        int status = Integer.parseInt(lines[0].substring(9, 12));
        var headers = new LinkedHashMap<String, List<String>>();
        Arrays.stream(lines).skip(1).forEach(line -> {
            int colon = line.indexOf(':');
            Received.add(headers, line.substring(0, colon), line.substring(colon + 1).strip());
        });
        var length = headers.get("content-length");
        if (List.of("chunked").equals(headers.get("transfer-encoding"))) {
            return chunked(status, headers, body);
        }
        boolean bodiless = method.equals("HEAD") || status == 204 || status == 304;
        return new Came(status, headers, body, bodiless || length == null || length.equals(List.of(Integer.toString(body.length()))) ? null
                : "Content-Length " + length + ", but " + body.length() + " bytes came");
    }

    private static Came chunked(int status, Map<String, List<String>> headers, String body) {
        var text = new StringBuilder();
        int at = 0;
        while (true) {
            int line = body.indexOf("\r\n", at);
            if (line < 0) {
                return new Came(status, headers, text.toString(), "the last chunk is missing");
            }
            int size = Integer.parseInt(body.substring(at, line).replaceFirst(";.*", ""), 16);
            if (size == 0) {
                var rest = body.substring(line + 2);
                return new Came(status, headers, text.toString(), headers.containsKey("content-length")
                        ? "Content-Length together with Transfer-Encoding" : rest.endsWith("\r\n") ? null : "bytes after the last chunk");
            }
            text.append(body, line + 2, line + 2 + size);
            at = line + 2 + size + 2;
        }
    }
}
