package io.tollkeeper.meter;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Exchanges with the meter as a file: what is sent, and below `->` what comes back.
///
/// ```
/// == setup                                    lines of the Internal API: METHOD PATH JSON
/// PUT /services/1 {"service":{…}}
/// == a sentence that names the step
/// GET /transactions/authorize.xml?…           method and target
/// 3scale-options: no_body=1                   headers
/// (empty line, body)
/// -> 200                                      status
/// 3scale-limit-remaining: 3                   headers that come back; `!name` must not
/// (empty line)
/// <?xml?><status>…</status>                   the body, lines joined; `*` is any body; `<?xml?>` is the declaration
/// ```
///
/// Lines that begin with `#` are comments. `{internal}` in a header stands for the right Authorization value.
record CaseFile(String name, List<String> setup, List<Step> steps) {

    private static final String DECLARATION = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

    /// One exchange. Headers that must not come back have a value of null.
    record Step(
            String name, String method, String target, List<String> headers, String body,
            int status, List<String> wanted, String wantedBody) {

        String request() {
            var text = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: meter.test\r\n");
            for (var header : headers) {
                text.append(header).append("\r\n");
            }
            if (!body.isEmpty() || method.equals("POST") || method.equals("PUT")) {
                text.append("Content-Length: ").append(body.length()).append("\r\n");
            }
            return text.append("\r\n").append(body).toString();
        }
    }

    static CaseFile read(Path file) throws IOException {
        var setup = new ArrayList<String>();
        var steps = new ArrayList<Step>();
        var name = "";
        var lines = new ArrayList<String>();
        for (var line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
            if (line.startsWith("== ")) {
                take(name, lines, setup, steps);
                name = line.substring(3);
                lines.clear();
            } else if (!line.startsWith("#")) {
                lines.add(line);
            }
        }
        take(name, lines, setup, steps);
        return new CaseFile(file.getFileName().toString(), setup, steps);
    }

    private static void take(String name, List<String> lines, List<String> setup, List<Step> steps) {
        if (name.equals("setup")) {
            lines.stream().filter(line -> !line.isBlank()).forEach(setup::add);
        } else if (!name.isEmpty()) {
            steps.add(step(name, lines));
        }
    }

    private static Step step(String name, List<String> lines) {
        var arrow = 0;
        while (arrow < lines.size() && !lines.get(arrow).startsWith("-> ")) {
            arrow++;
        }
        if (arrow == lines.size()) {
            throw new AssertionError("step \"" + name + "\" has no answer (expected: a line -> STATUS)");
        }
        var sent = lines.subList(0, arrow);
        var came = lines.subList(arrow + 1, lines.size());
        var start = sent.getFirst().split(" ", 2);
        return new Step(
                name, start[0], start[1],
                headers(sent.subList(1, sent.size())), body(sent.subList(1, sent.size())),
                Integer.parseInt(lines.get(arrow).substring(3).strip()),
                headers(came), body(came).replace("<?xml?>", DECLARATION));
    }

    private static List<String> headers(List<String> lines) {
        var end = lines.indexOf("");
        return lines.subList(0, end < 0 ? lines.size() : end).stream()
                .map(line -> line.replace("{internal}", RunningMeter.authorization())
                        .replace("{internal-lower}", RunningMeter.authorization().replace("Basic", "bAsIC")))
                .toList();
    }

    private static String body(List<String> lines) {
        var start = lines.indexOf("");
        return start < 0 ? "" : lines.subList(start + 1, lines.size()).stream()
                .map(String::strip)
                .reduce("", String::concat);
    }
}
