package io.tollkeeper.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/// The well-behaved upstream behind [Manner#citizen()].
final class Citizen implements Manner {

    private static final int PIECE = 64 * 1024;

    @Override
    public boolean meet(Conversation with) throws IOException {
        var request = with.readRequest();
        if (request == null) {
            return false;
        }
        var keep = keeps(request);
        var path = request.target().split("\\?", 2)[0];
        var withBody = !request.method().equals("HEAD");
        if (path.matches("/status/[1-5][0-9]{2}")) {
            var body = path.endsWith("204") || path.endsWith("304") ? "" : path.substring(8) + "\n";
            answer(with, path.substring(8) + " Asked", "text/plain", body, keep, withBody);
        } else if (path.matches("/bytes/[0-9]{1,15}")) {
            download(with, Long.parseLong(path.substring(7)), false, keep, withBody);
        } else if (path.matches("/chunked/[0-9]{1,15}")) {
            download(with, Long.parseLong(path.substring(9)), true, keep, withBody);
        } else {
            answer(with, "200 OK", "application/json", describe(request), keep, withBody);
        }
        return keep;
    }

    private static boolean keeps(ReceivedRequest request) {
        var connection = String.join(",", request.headers().values("connection"));
        return request.version().equals("HTTP/1.1")
                ? !connection.equalsIgnoreCase("close")
                : connection.equalsIgnoreCase("keep-alive");
    }

    private static void answer(
            Conversation with, String status, String type, String text, boolean keep, boolean withBody)
            throws IOException {
        var body = text.getBytes(StandardCharsets.UTF_8);
        var bodiless = status.startsWith("204") || status.startsWith("304");
        with.write("HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\n"
                + (bodiless ? "" : "Content-Length: " + body.length + "\r\n")
                + (keep ? "" : "Connection: close\r\n") + "\r\n" + (withBody ? text : ""));
    }

    private static void download(Conversation with, long length, boolean chunked, boolean keep, boolean withBody)
            throws IOException {
        with.write("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
                + (chunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: " + length + "\r\n")
                + (keep ? "" : "Connection: close\r\n") + "\r\n");
        if (!withBody) {
            return;
        }
        var piece = new byte[PIECE];
        for (long done = 0; done < length; done += PIECE) {
            var n = (int) Math.min(PIECE, length - done);
            Pattern.fill(piece, done);
            if (chunked) {
                with.write(Integer.toHexString(n) + "\r\n");
            }
            with.write(piece, n);
            if (chunked) {
                with.write("\r\n");
            }
        }
        with.write(chunked ? "0\r\n\r\n" : "");
    }

    private static String describe(ReceivedRequest request) {
        var json = new StringBuilder("{\"method\":").append(quoted(request.method()))
                .append(",\"target\":").append(quoted(request.target()))
                .append(",\"headers\":[");
        var separator = "";
        for (var header : request.headers().all()) {
            json.append(separator).append('[').append(quoted(header.name())).append(',')
                    .append(quoted(header.value())).append(']');
            separator = ",";
        }
        return json.append("],\"bodyBytes\":").append(request.bodyLength())
                .append(",\"bodyChecksum\":").append(request.bodyChecksum())
                .append(",\"connection\":").append(request.connection())
                .append(",\"exchange\":").append(request.exchange())
                .append("}\n").toString();
    }

    private static String quoted(String text) {
        var quoted = new StringBuilder("\"");
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < 0x20 || c > 0x7e) {
                quoted.append("\\u%04x".formatted((int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }
}
