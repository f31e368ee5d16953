package io.tollkeeper.compat.fuzz;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.testkit.RawAnswer;

import static io.tollkeeper.compat.fuzz.FuzzTarget.require;
import static io.tollkeeper.compat.fuzz.FuzzTarget.same;

/// Whole calls of the Service Management API: answered, with a status of the specification and a body that is what it
/// says, and answered the same a second time. The input is lines: a letter that chooses the endpoint and a query string;
/// the options header; the content type; then the body.
final class CallTarget implements FuzzTarget {

    private static final List<String> ENDPOINTS = List.of(
            "GET /transactions/authorize.xml", "GET /transactions/authrep.xml", "GET /transactions/oauth_authorize.xml",
            "GET /transactions/oauth_authrep.xml", "POST /transactions.xml", "HEAD /transactions/authorize.xml");
    private static final Set<Integer> STATUSES = Set.of(200, 202, 400, 403, 404, 409, 413, 414, 422, 431);
    private static final Set<Integer> OF_THE_WIRE = Set.of(400, 413, 414, 431);

    private final FuzzedMeter meter = new FuzzedMeter();

    @Override
    public void run(byte[] input) throws IOException {
        var lines = new String(input, StandardCharsets.ISO_8859_1).split("\n", 4);
        if (lines[0].isEmpty()) {
            return;
        }
        meter.ready();
        var endpoint = ENDPOINTS.get(Math.floorMod(lines[0].charAt(0) - 'A', ENDPOINTS.size())).split(" ");
        var query = sendable(lines[0].substring(1));
        byte[] body = (lines.length > 3 ? lines[3] : "").getBytes(StandardCharsets.ISO_8859_1);
        var head = new StringBuilder(endpoint[0] + " " + endpoint[1] + "?" + query + " HTTP/1.1\r\nHost: meter.test\r\n");
        header(head, "3scale-options", lines.length > 1 ? lines[1] : "");
        header(head, "Content-Type", lines.length > 2 ? lines[2] : "");
        if (body.length > 0 || endpoint[0].equals("POST")) {
            head.append("Content-Length: ").append(body.length).append("\r\n");
        }
        byte[] request = FuzzedMeter.joined(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1), body);

        var first = meter.exchange(endpoint[0], request);
        check(endpoint[0], first);
        var second = meter.exchange(endpoint[0], request);
        check(endpoint[0], second);
        boolean filled = endpoint[1].contains("authrep") && first.status() == 200 && second.status() == 409;
        if (!filled) {
            same("the second time", masked(second), masked(first));
        }
        refusals(endpoint[0], query, lines, first);
    }

    private static void check(String method, RawAnswer answer) {
        WellFormed.check(method, answer);
        require(STATUSES.contains(answer.status()), "status", answer, STATUSES);
        if (!OF_THE_WIRE.contains(answer.status()) || answer.bodyLength() > 0) {
            same("access-control-allow-origin", String.valueOf(answer.header("access-control-allow-origin")), "*");
        }
        require(answer.bodyLength() < 2_000_000, "a body of reasonable size", answer.bodyLength(), "less than 2 MB");
    }

    /// Status, body and headers without counters, which move.
    private static String masked(RawAnswer answer) {
        var text = answer.text()
                .replaceAll("<current_value>\\d+", "<current_value>")
                .replaceAll(" exceeded=\"true\"", "");
        return answer.status() + " " + answer.header("3scale-rejection-reason") + " " + text;
    }

    /// What the reference parser refuses in the query of a GET without a body is refused, in its words (4.3).
    private static void refusals(String method, String query, String[] lines, RawAnswer answer) {
        if (!method.equals("GET") || lines.length > 3 && !lines[3].isEmpty() || isOfTheWire(answer)) {
            return;
        }
        try {
            var form = ReferenceForm.query(query);
            same("not UTF-8: " + query, answer.text().contains("not_valid_data"), !form.isUtf8(Map.of()));
            require(answer.status() != 400 || !answer.text().contains("bad_request"), query, answer.text(), "parameters that can be read");
        } catch (ReferenceForm.Refused refused) {
            same("refused: " + query, answer.status(), 400);
            if (!refused.message().equals(ReferenceForm.TOO_DEEP)) {
                require(answer.text().contains(refused.message()), query, answer.text(), refused.message());
            }
        }
    }

    private static boolean isOfTheWire(RawAnswer answer) {
        return OF_THE_WIRE.contains(answer.status()) && answer.bodyLength() == 0;
    }

    private static void header(StringBuilder head, String name, String value) {
        var sendable = value.replaceAll("[\\x00-\\x08\\x0A-\\x1F\\x7F]", "").strip();
        if (!sendable.isEmpty()) {
            head.append(name).append(": ").append(sendable).append("\r\n");
        }
    }

    /// A query that a request line can carry: blanks and control characters are percent-encoded.
    private static String sendable(String text) {
        var query = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            query.append(c <= ' ' || c == 0x7F || c == '#' ? String.format(Locale.ROOT, "%%%02X", (int) c) : String.valueOf(c));
        }
        return query.length() > 8_000 ? query.substring(0, 8_000) : query.toString();
    }
}
