package io.tollkeeper.app.document;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLParser;

/// A configuration file as a tree with line numbers: YAML, or JSON when the first character is `{` or `[`.
/// Immutable; reading is pure computation.
///
/// @param source the name that findings carry
/// @param root   null when the text cannot be read at all (the findings say why)
public record Document(String source, @Nullable Node root) {

    // Jackson refuses a repeated key at the first one; we want to tell about all of them, so we look ourselves.
    private static final TokenStreamFactory YAML = YAMLFactory.builder()
            .loadSettings(LoadSettings.builder().setCodePointLimit(Integer.MAX_VALUE).setAllowDuplicateKeys(true).build())
            .disable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final TokenStreamFactory JSON = JsonFactory.builder()
            .disable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /// Reads the text; what is wrong with its form goes to `findings`.
    public static Document read(String source, String text, Findings findings) {
        boolean json = isJson(text);
        if (!json && tabsIn(source, text, findings)) {
            return new Document(source, null);
        }
        try (JsonParser parser = (json ? JSON : YAML).createParser(ObjectReadContext.empty(), text)) {
            var reader = new Reader(source, parser, findings);
            if (parser.nextToken() == null) {
                return new Document(source, new Node.Fields(1, List.of()));
            }
            Node root = reader.value("");
            if (parser.nextToken() != null) {
                findings.add(source, parser.currentTokenLocation().getLineNr(), "",
                        json ? "text after the end of the document" : "a second document (---): write everything into one");
            }
            return new Document(source, root);
        } catch (JacksonException e) {
            findings.add(source, lineOf(e), "", sentence(e, json));
            return new Document(source, null);
        }
    }

    /// The top-level keys; none when the document is a list, empty or unreadable.
    public List<Node.Field> fields() {
        return root instanceof Node.Fields top ? top.fields() : List.of();
    }

    static boolean isJson(String text) {
        var start = text.stripLeading();
        return start.startsWith("{") || start.startsWith("[");
    }

    /// YAML allows no tabs in indentation; every such line is told, for editors put them in by the dozen.
    private static boolean tabsIn(String source, String text, Findings findings) {
        boolean found = false;
        int line = 0;
        for (String content : (Iterable<String>) text.lines()::iterator) {
            line++;
            int indent = 0;
            while (indent < content.length() && content.charAt(indent) == ' ') {
                indent++;
            }
            if (indent < content.length() && content.charAt(indent) == '\t' && !content.isBlank()) {
                findings.add(source, line, "", "indented with a tab (YAML wants spaces)");
                found = true;
            }
        }
        return found;
    }

    private static int lineOf(JacksonException e) {
        if (e.getCause() instanceof MarkedYamlEngineException yaml) {
            Optional<Mark> mark = yaml.getProblemMark();
            if (mark.isPresent()) {
                return mark.get().getLine() + 1;
            }
        }
        return e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getLineNr());
    }

    private static String sentence(JacksonException e, boolean json) {
        String language = json ? "JSON" : "YAML";
        if (e.getCause() instanceof MarkedYamlEngineException yaml) {
            String problem = yaml.getProblem();
            if (problem.startsWith("mapping values are not allowed")) {
                return "not valid YAML: a second \": \" on a line, or a key indented deeper than the keys above it";
            }
            if (problem.startsWith("found character")) {
                return "not valid YAML: " + problem.replaceAll(" \\(Do not use .*", "") + " (put the value in quotes)";
            }
            String began = yaml.getContextMark().map(mark -> ", begun on line " + (mark.getLine() + 1)).orElse("");
            return "not valid YAML: " + (yaml.getContext() == null ? "" : yaml.getContext() + began + ": ") + problem;
        }
        return "not valid " + language + ": " + firstLine(e.getOriginalMessage());
    }

    private static String firstLine(@Nullable String message) {
        return message == null ? "cannot be read" : message.lines().findFirst().orElse("cannot be read");
    }

    /// Walks the parser's tokens once.
    private static final class Reader {
        private final String source;
        private final JsonParser parser;
        private final Findings findings;

        Reader(String source, JsonParser parser, Findings findings) {
            this.source = source;
            this.parser = parser;
            this.findings = findings;
        }

        Node value(String path) {
            int line = parser.currentTokenLocation().getLineNr();
            JsonToken token = parser.currentToken();
            if (token == JsonToken.START_OBJECT) {
                return fields(line, path);
            }
            if (token == JsonToken.START_ARRAY) {
                return items(line, path);
            }
            if (parser instanceof YAMLParser yaml && yaml.isCurrentAlias()) {
                findings.add(source, line, path, "*" + parser.getString() + ": aliases are not followed (write the value here)");
                return new Node.Nothing(line);
            }
            if (token == JsonToken.VALUE_NULL) {
                return new Node.Nothing(line);
            }
            String text = parser.getString();
            return parser instanceof YAMLParser && text.equals("~") ? new Node.Nothing(line) : new Node.Text(line, text);
        }

        private Node fields(int line, String path) {
            var fields = new ArrayList<Node.Field>();
            Map<String, Integer> lines = new HashMap<>();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String key = parser.currentName();
                int keyLine = parser.currentTokenLocation().getLineNr();
                parser.nextToken();
                String full = path.isEmpty() ? key : path + "." + key;
                Node value = value(full);
                Integer first = lines.putIfAbsent(key, keyLine);
                if (first == null) {
                    fields.add(new Node.Field(keyLine, key, value));
                } else {
                    findings.add(source, keyLine, full, "written a second time (first on line " + first + ")");
                }
            }
            return new Node.Fields(line, fields);
        }

        private Node items(int line, String path) {
            var items = new ArrayList<Node>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                items.add(value(path + "[" + (items.size() + 1) + "]"));
            }
            return new Node.Items(line, items);
        }
    }
}
