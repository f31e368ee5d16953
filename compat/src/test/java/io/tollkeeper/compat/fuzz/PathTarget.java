package io.tollkeeper.compat.fuzz;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import static io.tollkeeper.compat.fuzz.FuzzTarget.require;
import static io.tollkeeper.compat.fuzz.FuzzTarget.same;

/// Methods and paths lead where the specification's section 2 says, however the path is written. The first byte of the
/// input chooses the method, the rest is the path.
final class PathTarget implements FuzzTarget {

    private static final List<String> METHODS = List.of("GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS");
    private static final Map<String, String> STATUS_OF_GET = Map.of(
            "/transactions/authorize.xml", "403", "/transactions/authrep.xml", "403",
            "/transactions/oauth_authorize.xml", "403", "/transactions/oauth_authrep.xml", "403",
            "/status", "200", "/check.txt", "200");

    private final FuzzedMeter meter = new FuzzedMeter();

    @Override
    public void run(byte[] input) throws IOException {
        if (input.length == 0) {
            return;
        }
        meter.ready();
        var method = METHODS.get(Math.floorMod(input[0], METHODS.size()));
        var path = sendable(input);
        var request = method + " " + path + " HTTP/1.1\r\nHost: meter.test\r\n"
                + (method.equals("GET") || method.equals("HEAD") ? "" : "Content-Length: 0\r\n") + "\r\n";
        var answer = meter.exchange(method, request.getBytes(StandardCharsets.ISO_8859_1));
        WellFormed.check(method, answer);
        if (answer.status() == 400 && answer.bodyLength() == 0) {
            return; // refused by the HTTP listener
        }
        if (method.equals("OPTIONS")) {
            same("OPTIONS " + path, answer.status(), 204);
            return;
        }
        var plain = plain(path);
        if (plain.equals("/internal") || plain.startsWith("/internal/")) {
            require(answer.status() == 401 || answer.status() == 404, path, answer, "401");
            return;
        }
        same(method + " " + path + " that is " + plain, String.valueOf(answer.status()), expected(method, plain));
        if (answer.status() == 404) {
            same("x-cascade", String.valueOf(answer.header("x-cascade")), "pass");
            same("body of 404", answer.bodyLength(), 0L);
        }
    }

    private static String expected(String method, String plain) {
        var ofGet = STATUS_OF_GET.get(plain);
        if (ofGet != null && (method.equals("GET") || method.equals("HEAD"))) {
            return ofGet;
        }
        return method.equals("POST") && plain.equals("/transactions.xml") ? "403"
                : method.equals("HEAD") && plain.equals("/available") ? "200" : "404";
    }

    /// A path that a request line can carry: other bytes are percent-encoded.
    private static String sendable(byte[] input) {
        var path = new StringBuilder("/");
        for (int i = 1; i < input.length && path.length() < 4_000; i++) {
            int b = input[i] & 0xFF;
            path.append(b <= ' ' || b >= 0x7F || b == '?' || b == '#' ? String.format("%%%02X", b) : String.valueOf((char) b));
        }
        return path.toString();
    }

    /// Decoded, without empty segments, `.` and `..`; a slash at the end stays.
    private static String plain(String path) {
        var decoded = new StringBuilder();
        for (int i = 0; i < path.length(); i++) {
            if (path.charAt(i) == '%' && i + 2 < path.length() && path.substring(i + 1, i + 3).matches("[0-9a-fA-F]{2}")) {
                decoded.append((char) Integer.parseInt(path.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                decoded.append(path.charAt(i));
            }
        }
        var segments = new ArrayList<String>();
        var parts = decoded.toString().split("/", -1);
        for (var part : parts) {
            if (part.equals("..")) {
                if (!segments.isEmpty()) {
                    segments.removeLast();
                }
            } else if (!part.isEmpty() && !part.equals(".")) {
                segments.add(part);
            }
        }
        var joined = "/" + String.join("/", segments);
        return parts[parts.length - 1].isEmpty() && joined.length() > 1 ? joined + "/" : joined;
    }
}
