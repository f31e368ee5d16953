package io.tollkeeper.compat.fuzz;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/// Parameters read a second time, slowly, from the text of the specification's section 4 (and, where it is silent about
/// brackets that do not match, from the rules of the form parser that it describes). Names and values are bytes, kept
/// as Latin-1 text.
final class ReferenceForm {

    static final String TOO_LARGE = "total query size exceeds limit (4194304)";
    static final String BAD_ESCAPE = "Invalid query parameters: invalid %-encoding";
    static final String CONFLICT = "request contains syntax errors, should not be repeated without modification";
    static final String TOO_DEEP = "any message about depth";

    /// What a name leads to.
    sealed interface Value {
        /// A name without `=`.
        record Bare() implements Value {}

        record Text(String latin1) implements Value {}

        record Fields(Map<String, Value> all) implements Value {}

        record Items(List<Value> all) implements Value {}
    }

    /// Why it cannot be read; the message is the caller's answer.
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message, null, false, false);
        }

        String message() {
            var message = getMessage();
            return message == null ? "" : message;
        }
    }

    private final Value.Fields root = new Value.Fields(new LinkedHashMap<>());

    Map<String, Value> fields() {
        return root.all();
    }

    static ReferenceForm query(String latin1) throws Refused {
        var form = new ReferenceForm();
        if (latin1.length() > 4_194_304) {
            throw new Refused(TOO_LARGE);
        }
        long parameters = latin1.chars().filter(c -> c == '&').count() + 1;
        if (parameters > 4096) {
            throw new Refused("total number of query parameters (" + parameters + ") exceeds limit (4096)");
        }
        for (var pair : latin1.split("& *")) {
            int equals = pair.indexOf('=');
            var name = decoded(equals < 0 ? pair : pair.substring(0, equals));
            form.put(name, equals < 0 ? new Value.Bare() : new Value.Text(decoded(pair.substring(equals + 1))));
        }
        return form;
    }

    /// The body of a form; a NUL at its end does not count.
    static ReferenceForm body(byte[] body) throws Refused {
        var text = new String(body, StandardCharsets.ISO_8859_1);
        return query(text.endsWith("\0") ? text.substring(0, text.length() - 1) : text);
    }

    /// Fields that were read otherwise (multipart).
    static ReferenceForm fields(List<Map.Entry<String, String>> fields) throws Refused {
        var form = new ReferenceForm();
        for (var field : fields) {
            form.put(field.getKey(), new Value.Text(field.getValue()));
        }
        return form;
    }

    private static String decoded(String text) throws Refused {
        var plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%') {
                var digits = text.substring(i + 1, Math.min(text.length(), i + 3));
                if (!digits.matches("[0-9a-fA-F]{2}")) {
                    throw new Refused(BAD_ESCAPE);
                }
                c = (char) Integer.parseInt(digits, 16);
                i += 2;
            }
            plain.append(text.charAt(i) == '+' && c == '+' ? ' ' : c);
        }
        return plain.toString();
    }

    private void put(String name, Value value) throws Refused {
        if (!name.isEmpty()) {
            int bracket = name.indexOf('[', 1);
            var key = bracket < 0 ? name : name.substring(0, bracket);
            put(root, name, key, bracket < 0 ? "" : name.substring(bracket), value, 0);
        }
    }

    /// Puts a value under a name that begins inside a map: `[b][c]`, `[]`, or text that is no bracket.
    private static Value inside(Value.Fields map, String name, Value value, int depth) throws Refused {
        if (depth >= 32) {
            throw new Refused(TOO_DEEP);
        }
        String key = name;
        String rest = "";
        if (name.startsWith("[]")) {
            key = "[]";
            rest = name.substring(2);
            if (rest.isEmpty()) {
                return new Value.Items(new ArrayList<>(List.of(value)));
            }
        } else if (name.startsWith("[") && name.indexOf(']') > 0) {
            key = name.substring(1, name.indexOf(']'));
            rest = name.substring(name.indexOf(']') + 1);
        }
        put(map, name, key, rest, value, depth);
        return map;
    }

    private static void put(Value.Fields map, String name, String key, String rest, Value value, int depth) throws Refused {
        if (rest.isEmpty()) {
            map.all().put(key, value);
        } else if (rest.equals("[")) {
            map.all().put(name, value);
        } else if (rest.startsWith("[]")) {
            if (!(absent(map.all().get(key)) instanceof Value.Items || absent(map.all().get(key)) == null)) {
                throw new Refused(CONFLICT);
            }
            var items = absent(map.all().get(key)) instanceof Value.Items there ? there : new Value.Items(new ArrayList<>());
            map.all().put(key, items);
            append(items.all(), rest.substring(2), value, depth);
        } else {
            var there = absent(map.all().get(key));
            if (there != null && !(there instanceof Value.Fields)) {
                throw new Refused(CONFLICT);
            }
            var inner = there instanceof Value.Fields fields ? fields : new Value.Fields(new LinkedHashMap<>());
            map.all().put(key, inner);
            map.all().put(key, inside(inner, rest, value, depth + 1));
        }
    }

    private static void append(List<Value> items, String rest, Value value, int depth) throws Refused {
        if (rest.isEmpty()) {
            items.add(value);
            return;
        }
        boolean plainField = rest.matches("(?s)\\[[^\\[\\]]+\\]");
        var field = plainField ? rest.substring(1, rest.length() - 1) : rest;
        if (!items.isEmpty() && items.getLast() instanceof Value.Fields last && !leads(last, field)) {
            inside(last, field, value, depth + 1);
        } else {
            items.add(inside(new Value.Fields(new LinkedHashMap<>()), field, value, depth + 1));
        }
    }

    /// Whether a map of a list already has the field, so that a new map has to begin.
    private static boolean leads(Value.Fields map, String field) {
        if (field.contains("[]")) {
            return false;
        }
        Value at = map;
        for (var part : field.split("[\\[\\]]+")) {
            if (part.isEmpty()) {
                continue;
            }
            if (!(at instanceof Value.Fields(var all)) || !all.containsKey(part)) {
                return false;
            }
            at = all.get(part);
        }
        return true;
    }

    private static @Nullable Value absent(@Nullable Value value) {
        return value instanceof Value.Bare ? null : value;
    }

    // ---- what it says ----------------------------------------------------------------------------------------------

    /// All names and values are UTF-8; those of `without` are not looked at.
    boolean isUtf8(Map<String, Value> without) {
        return root.all().entrySet().stream()
                .allMatch(field -> without.containsKey(field.getKey()) || isUtf8(field.getKey()) && isUtf8(field.getValue()));
    }

    private static boolean isUtf8(Value value) {
        return switch (value) {
            case Value.Bare _ -> true;
            case Value.Text(var text) -> isUtf8(text);
            case Value.Fields(var all) ->
                all.entrySet().stream().allMatch(field -> isUtf8(field.getKey()) && isUtf8(field.getValue()));
            case Value.Items(var all) -> all.stream().allMatch(ReferenceForm::isUtf8);
        };
    }

    static boolean isUtf8(String latin1) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(latin1.getBytes(StandardCharsets.ISO_8859_1)));
            return true;
        } catch (CharacterCodingException invalid) {
            return false;
        }
    }

    /// Bytes read as UTF-8, as people see them.
    static String text(String latin1) {
        return new String(latin1.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return rendered(root);
    }

    private static String rendered(Value value) {
        return switch (value) {
            case Value.Bare _ -> "null";
            case Value.Text(var text) -> text(text);
            case Value.Fields(var all) -> "{" + String.join(",", all.entrySet().stream()
                    .map(field -> text(field.getKey()) + "=" + rendered(field.getValue())).toList()) + "}";
            case Value.Items(var all) -> "[" + String.join(",", all.stream().map(ReferenceForm::rendered).toList()) + "]";
        };
    }
}
