package io.tollkeeper.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/// One case of `smuggling.corpus`, whose head explains the form.
///
/// @param group    class of hardening.md, with its number
/// @param send     what the client writes; null with HTTP/2
/// @param fields   of an HTTP/2 request, names and values in turn
/// @param data     its body
/// @param trailers names and values in turn
/// @param answers  what the upstream writes, one per request
/// @param client   what the client is to see
/// @param upstream what the upstream is to receive
/// @param perhaps  what the upstream may receive before the refusal, or not
/// @param wholeOnly not to be sent in pieces
/// @param gets     what the client is to receive of the last answer
record SmugglingCase(
        String group, String title, @Nullable String send, List<String> fields, String data, List<String> trailers,
        List<String> answers, String client, List<String> upstream, @Nullable String perhaps,
        boolean wholeOnly, @Nullable String gets) {

    private static final String SMUGGLED = "GET /smuggled?k=1 HTTP/1.1\r\nHost: api.test\r\n\r\n";
    private static final Pattern REPEATED = Pattern.compile("\\{(.*?)\\*([0-9]+)}");

    boolean isHttp2() {
        return send == null;
    }

    /// Neither answered with success nor passed on.
    boolean isRefused() {
        return upstream.isEmpty();
    }

    static List<SmugglingCase> all() throws IOException {
        List<SmugglingCase> cases = new ArrayList<>();
        String group = "";
        Draft draft = null;
        try (InputStream in = Objects.requireNonNull(SmugglingCase.class.getResourceAsStream("smuggling.corpus"))) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
                if (line.isBlank() || line.startsWith("#")) {
                    continue;
                }
                if (line.startsWith("  ")) {
                    Objects.requireNonNull(draft, line).take(line.substring(2, 11).strip(), line.substring(11));
                    continue;
                }
                if (draft != null) {
                    cases.add(draft.made());
                    draft = null;
                }
                if (line.startsWith("== ")) {
                    group = line.substring(3);
                } else {
                    draft = new Draft(group, line);
                }
            }
        }
        cases.add(Objects.requireNonNull(draft).made());
        return cases;
    }

    private static final class Draft {
        private final String group;
        private final String title;
        private @Nullable String send;
        private List<String> fields = List.of();
        private String data = "";
        private List<String> trailers = List.of();
        private final List<String> answers = new ArrayList<>();
        private String client = "";
        private final List<String> upstream = new ArrayList<>();
        private @Nullable String perhaps;
        private boolean wholeOnly;
        private @Nullable String gets;

        Draft(String group, String title) {
            this.group = group;
            this.title = title;
        }

        void take(String key, String text) {
            switch (key) {
                case "send" -> send = bytes(text);
                case "h2" -> fields = pairs(text);
                case "data" -> data = bytes(text);
                case "trailers" -> trailers = pairs(text);
                case "answer" -> answers.add(bytes(text));
                case "client" -> client = text;
                case "upstream" -> upstream.add(bytes(text));
                case "perhaps" -> perhaps = bytes(text);
                case "whole" -> wholeOnly = true;
                case "gets" -> gets = bytes(text);
                default -> throw new IllegalArgumentException(title + ": " + key);
            }
        }

        SmugglingCase made() {
            return new SmugglingCase(group, title, send, fields, data, trailers, answers, client, upstream, perhaps, wholeOnly, gets);
        }
    }

    private static List<String> pairs(String text) {
        List<String> pairs = new ArrayList<>();
        for (String field : text.split("\\|", -1)) {
            int equals = field.indexOf('=');
            pairs.add(bytes(field.substring(0, equals)));
            pairs.add(bytes(field.substring(equals + 1)));
        }
        return pairs;
    }

    /// The bytes that a line of the corpus stands for, as ISO-8859-1.
    private static String bytes(String line) {
        String text = REPEATED.matcher(line).replaceAll(
                found -> java.util.regex.Matcher.quoteReplacement(found.group(1).repeat(Integer.parseInt(found.group(2)))));
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '|') {
                out.append("\r\n");
            } else if (c != '\\') {
                out.append(c);
            } else {
                char escape = text.charAt(++i);
                switch (escape) {
                    case 'n' -> out.append('\n');
                    case 'r' -> out.append('\r');
                    case 't' -> out.append('\t');
                    case '0' -> out.append('\0');
                    case 'x' -> {
                        out.append((char) Integer.parseInt(text.substring(i + 1, i + 3), 16));
                        i += 2;
                    }
                    default -> out.append(escape);
                }
            }
        }
        return out.toString().replace("$smuggled", SMUGGLED);
    }

    /// As the corpus writes it.
    static String shown(String bytes) {
        StringBuilder out = new StringBuilder();
        for (char c : bytes.replace(SMUGGLED, "$smuggled").replace("\r\n", "|").toCharArray()) {
            out.append(c == '\n' ? "\\n" : c == '\r' ? "\\r" : c < ' ' || c > '~' ? "\\x%02x".formatted((int) c) : String.valueOf(c));
        }
        return out.toString();
    }

    @Override
    public String toString() {
        return group.substring(0, group.indexOf(' ')) + " " + title;
    }
}
