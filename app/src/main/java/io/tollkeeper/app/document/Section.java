package io.tollkeeper.app.document;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.core.verdict.Nearest;
import org.jspecify.annotations.Nullable;

/// Reads one block of keys: every read says what it expects, every surprise becomes a finding with its place, and
/// [#done] tells the keys that nobody asked for. Belongs to one thread.
public final class Section {
    private final String source;
    private final int line;
    private final String path;
    private final Map<String, Node.Field> fields = new LinkedHashMap<>();
    private final Set<String> known = new LinkedHashSet<>();
    private final Findings findings;

    private Section(String source, Node node, String path, Findings findings) {
        this.source = source;
        this.line = node.line();
        this.path = path;
        this.findings = findings;
        if (node instanceof Node.Fields block) {
            block.fields().forEach(field -> fields.put(field.key(), field));
        } else if (!(node instanceof Node.Nothing)) {
            findings.add(source, line, path, "is " + node.kind() + " (expected: a block of keys)");
        }
    }

    /// Opens a block; anything else is a finding, and reads as an empty block.
    public static Section of(String source, Node node, String path, Findings findings) {
        return new Section(source, node, path, findings);
    }

    /// A value of a list, or a name of a block, with its place.
    public record Item(String text, int line, String path) {}

    /// The line on which the block starts.
    public int line() {
        return line;
    }

    public String path() {
        return path;
    }

    /// The keys of the block, in its order.
    public List<String> keys() {
        return List.copyOf(fields.keySet());
    }

    /// Whether the key is there and has a value.
    public boolean has(String key) {
        return value(key) != null;
    }

    /// A scalar as written; null when absent.
    public @Nullable String text(String key) {
        return switch (value(key)) {
            case null -> null;
            case Node.Text text -> text.value();
            case Node other -> wrong(key, other, "a text");
        };
    }

    public String text(String key, String absent) {
        var text = text(key);
        return text == null ? absent : text;
    }

    /// A scalar that must be there; its absence is a finding.
    public @Nullable String required(String key, String example) {
        var text = text(key);
        if (text == null && !has(key)) {
            findings.add(source, line, path, key + " is missing (expected: " + key + ": " + example + ")");
        }
        return text;
    }

    /// A whole number within bounds.
    public long number(String key, long absent, long least, long most) {
        var text = text(key);
        if (text == null) {
            return absent;
        }
        try {
            long number = Long.parseLong(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException _) {
            // told below, as what it is: not such a number
        }
        complain(key, text + " (expected: a whole number from " + least + " to " + most + ")");
        return absent;
    }

    public boolean truth(String key, boolean absent) {
        return word(key, Map.of("true", true, "false", false), absent);
    }

    /// One of a few words.
    public <T extends @Nullable Object> T word(String key, Map<String, ? extends T> words, T absent) {
        var text = text(key);
        if (text == null) {
            return absent;
        }
        if (!words.containsKey(text)) {
            complain(key, text + " is not known" + Nearest.hint(text, List.copyOf(words.keySet()).stream().sorted().toList()));
            return absent;
        }
        return words.get(text);
    }

    /// A list of scalars; a single scalar is a list of one.
    public List<Item> texts(String key) {
        var node = value(key);
        if (node == null) {
            return List.of();
        }
        var items = new ArrayList<Item>();
        var nodes = node instanceof Node.Items list ? list.items() : List.of(node);
        for (var item : nodes) {
            var at = node instanceof Node.Items ? full(key) + "[" + (items.size() + 1) + "]" : full(key);
            if (item instanceof Node.Text text) {
                items.add(new Item(text.value(), item.line(), at));
            } else {
                findings.add(source, item.line(), at, "is " + item.kind() + " (expected: a text)");
            }
        }
        return items;
    }

    /// A block below this one; an empty one when absent.
    public Section section(String key) {
        var node = value(key);
        return new Section(source, node == null ? new Node.Nothing(line) : node, full(key), findings);
    }

    /// The blocks of a list.
    public List<Section> sections(String key) {
        var node = value(key);
        var sections = new ArrayList<Section>();
        if (node instanceof Node.Items list) {
            for (var item : list.items()) {
                sections.add(new Section(source, item, full(key) + "[" + (sections.size() + 1) + "]", findings));
            }
        } else if (node != null) {
            wrong(key, node, "a list");
        }
        return sections;
    }

    /// The blocks of a block whose keys are names chosen by the writer.
    public Map<String, Section> named(String key) {
        var node = value(key);
        var sections = new LinkedHashMap<String, Section>();
        if (node instanceof Node.Fields block) {
            for (var field : block.fields()) {
                var value = field.value() instanceof Node.Nothing ? new Node.Nothing(field.line()) : field.value();
                var at = full(key) + "." + field.key();
                if (value instanceof Node.Fields inner) {
                    // The name's line is where a person looks for the block.
                    value = new Node.Fields(field.line(), inner.fields());
                }
                sections.put(field.key(), new Section(source, value, at, findings));
            }
        } else if (node != null) {
            wrong(key, node, "a block whose keys are the names");
        }
        return sections;
    }

    /// Adds a finding about a key of this block, at the key's line when it is there.
    public void complain(String key, String message) {
        findings.add(source, lineOf(key), full(key), message);
    }

    /// Adds a doubt about a key of this block.
    public void warn(String key, String message) {
        findings.warn(source, lineOf(key), full(key), message);
    }

    /// Adds a finding about the block itself.
    public void complain(String message) {
        findings.add(source, line, path, message);
    }

    /// Adds a finding about an item read from this block.
    public void complain(Item item, String message) {
        findings.add(source, item.line(), item.path(), message);
    }

    /// Adds a doubt about an item read from this block.
    public void warn(Item item, String message) {
        findings.warn(source, item.line(), item.path(), message);
    }

    /// Tells every key that was never asked for.
    public void done() {
        for (var field : fields.values()) {
            if (!known.contains(field.key())) {
                findings.add(source, field.line(), full(field.key()), "unknown key" + Nearest.hint(field.key(), known));
            }
        }
    }

    private int lineOf(String key) {
        var field = fields.get(key);
        return field == null ? line : field.line();
    }

    private String full(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private @Nullable Node value(String key) {
        known.add(key);
        var field = fields.get(key);
        return field == null || field.value() instanceof Node.Nothing ? null : field.value();
    }

    private @Nullable String wrong(String key, Node node, String expected) {
        complain(key, "is " + node.kind() + " (expected: " + expected + ")");
        return null;
    }
}
