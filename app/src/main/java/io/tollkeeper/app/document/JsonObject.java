package io.tollkeeper.app.document;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import io.tollkeeper.core.verdict.Nearest;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// One object of a JSON document, with the place of every value: what [Section] is for files of ours, but typed, for
/// documents of megabytes that are read object by object. A null of the document is absent. Every read says what it
/// expects, every surprise becomes a finding. Belongs to one thread.
public final class JsonObject {

    /// Deeper documents are refused: nothing that is read here is.
    private static final int DEEPEST = 64;

    private final String source;
    private final @Nullable JsonObject parent;
    /// How the parent names this one, e.g. `proxy` or `proxy_rules[3]`; paths are put together only for findings.
    private final String step;
    private final Findings findings;
    private final long place;
    private String[] names = new String[8];
    /// Text, Long, Double, Boolean, JsonObject, or a List of these.
    private @Nullable Object[] values = new @Nullable Object[8];
    private long[] places = new long[8];
    private int size;

    private JsonObject(String source, @Nullable JsonObject parent, String step, Findings findings, long place) {
        this.source = source;
        this.parent = parent;
        this.step = step;
        this.findings = findings;
        this.place = place;
    }

    /// Reads the object at whose `{` the parser stands; afterwards it stands at its `}`.
    ///
    /// @param path of the object in its document
    public static JsonObject read(JsonParser parser, String source, String path, Findings findings) {
        var object = new JsonObject(source, null, path, findings, placeOf(parser));
        object.fill(parser, 1);
        return object;
    }

    private void fill(JsonParser parser, int depth) {
        if (depth > DEEPEST) {
            findings.add(source, line(place), column(place), path(), "is nested deeper than " + DEEPEST + " levels");
            parser.skipChildren();
            return;
        }
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            var name = parser.currentName();
            long at = placeOf(parser);
            parser.nextToken();
            var value = value(parser, name, depth);
            int known = indexOf(name);
            if (known >= 0) {
                findings.add(source, line(at), column(at), full(name), "written a second time (first on line " + line(places[known]) + ")");
            } else if (value != null) {
                put(name, value, at);
            }
        }
    }

    private @Nullable Object value(JsonParser parser, String name, int depth) {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                var object = new JsonObject(source, this, name, findings, placeOf(parser));
                object.fill(parser, depth + 1);
                yield object;
            }
            case START_ARRAY -> list(parser, name, depth);
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT -> switch (parser.getNumberType()) {
                case INT, LONG -> (Object) parser.getLongValue();
                default -> (Object) parser.getDoubleValue();
            };
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> null;
        };
    }

    private List<Object> list(JsonParser parser, String name, int depth) {
        if (depth >= DEEPEST) {
            findings.add(source, line(placeOf(parser)), column(placeOf(parser)), full(name), "is nested deeper than " + DEEPEST + " levels");
            parser.skipChildren();
            return List.of();
        }
        var items = new ArrayList<Object>();
        for (int number = 1; parser.nextToken() != JsonToken.END_ARRAY; number++) {
            var item = value(parser, name + "[" + number + "]", depth + 1);
            if (item != null) {
                items.add(item);
            }
        }
        return items;
    }

    private void put(String name, Object value, long at) {
        if (size == names.length) {
            names = Arrays.copyOf(names, size * 2);
            values = Arrays.copyOf(values, size * 2);
            places = Arrays.copyOf(places, size * 2);
        }
        names[size] = name;
        values[size] = value;
        places[size++] = at;
    }

    private int indexOf(String name) {
        for (int i = 0; i < size; i++) {
            if (names[i].equals(name)) {
                return i;
            }
        }
        return -1;
    }

    // ---- reading

    public boolean has(String name) {
        return indexOf(name) >= 0;
    }

    /// The names that have a value, in their order.
    public List<String> names() {
        return List.of(Arrays.copyOf(names, size));
    }

    /// A text; a number or a truth value counts as written.
    public @Nullable String text(String name) {
        return switch (value(name)) {
            case null -> null;
            case String text -> text;
            case Long number -> number.toString();
            case Double number -> number.toString();
            case Boolean truth -> truth.toString();
            default -> {
                wrong(name, "a text");
                yield null;
            }
        };
    }

    public String text(String name, String absent) {
        var text = text(name);
        return text == null ? absent : text;
    }

    /// A whole number within bounds; one in a text counts too.
    public long number(String name, long absent, long least, long most) {
        var value = value(name);
        if (value == null) {
            return absent;
        }
        long number = switch (value) {
            case Long whole -> whole;
            case Double fraction when fraction == Math.rint(fraction) && Math.abs(fraction) < 1e15 -> fraction.longValue();
            case String text when text.matches("-?[0-9]{1,18}") -> Long.parseLong(text);
            default -> Long.MIN_VALUE;
        };
        if (number < least || number > most) {
            complain(name, said(value) + " (expected: a whole number from " + least + " to " + most + ")");
            return absent;
        }
        return number;
    }

    public boolean truth(String name, boolean absent) {
        return switch (value(name)) {
            case null -> absent;
            case Boolean truth -> truth;
            case String text when text.equals("true") || text.equals("false") -> text.equals("true");
            case Object other -> {
                complain(name, said(other) + " (expected: true or false)");
                yield absent;
            }
        };
    }

    /// Whether the value is a text and nothing else.
    public boolean isText(String name) {
        return value(name) instanceof String;
    }

    /// An object below this one that is not there: all its values are absent.
    public JsonObject nothing(String name) {
        return new JsonObject(source, this, name, findings, placeOf(name));
    }

    /// An object below this one, null if absent.
    public @Nullable JsonObject object(String name) {
        var value = value(name);
        if (value == null || value instanceof JsonObject) {
            return (JsonObject) value;
        }
        wrong(name, "an object");
        return null;
    }

    /// The objects of a list, none if absent.
    public List<JsonObject> objects(String name) {
        return list(name, item -> item instanceof JsonObject object ? object : null, "a list of objects");
    }

    /// The texts of a list, none if absent; a single one is a list of one.
    public List<String> texts(String name) {
        return value(name) instanceof String text ? List.of(text)
                : list(name, item -> item instanceof JsonObject || item instanceof List<?> ? null : item.toString(), "a list of texts");
    }

    private <T> List<T> list(String name, Function<Object, @Nullable T> as, String expected) {
        var value = value(name);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof List<?> items)) {
            wrong(name, expected);
            return List.of();
        }
        var wanted = new ArrayList<T>(items.size());
        for (var item : items) {
            T one = as.apply(item);
            if (one == null) {
                complain(name, "holds " + said(item) + " (expected: " + expected + ")");
            } else {
                wanted.add(one);
            }
        }
        return wanted;
    }

    /// The whole object as immutable maps, lists and scalars.
    public Map<String, Object> plain() {
        if (size == 0) {
            return Map.of();
        }
        var map = new LinkedHashMap<String, Object>();
        for (int i = 0; i < size; i++) {
            var value = values[i];
            if (value != null) {
                map.put(names[i], plain(value));
            }
        }
        return Collections.unmodifiableMap(map);
    }

    private static Object plain(Object value) {
        return switch (value) {
            case JsonObject object -> object.plain();
            case List<?> list -> list.stream().map(JsonObject::plain).toList();
            default -> value;
        };
    }

    private @Nullable Object value(String name) {
        int at = indexOf(name);
        return at < 0 ? null : values[at];
    }

    // ---- findings

    /// Adds a mistake of a value, at its place if it is there.
    public void complain(String name, String message) {
        long at = placeOf(name);
        findings.add(source, line(at), column(at), full(name), message);
    }

    /// Adds a doubt about a value.
    public void warn(String name, String message) {
        long at = placeOf(name);
        findings.warn(source, line(at), column(at), full(name), message);
    }

    /// Adds a mistake of a value that is none of a few words.
    public void unknown(String name, String given, List<String> words) {
        complain(name, given + " is not known" + Nearest.hint(given, words));
    }

    /// Where the object stands, to be kept when the object is not.
    public record Place(String source, int line, int column, String path) {

        /// Adds a doubt about a value of the object.
        public void warn(Findings findings, String name, String message) {
            findings.warn(source, line, column, path + "." + name, message);
        }
    }

    public Place place() {
        return new Place(source, line(place), column(place), path());
    }

    private void wrong(String name, String expected) {
        complain(name, "is " + said(value(name)) + " (expected: " + expected + ")");
    }

    private static String said(@Nullable Object value) {
        return switch (value) {
            case null -> "nothing";
            case JsonObject _ -> "an object";
            case List<?> _ -> "a list";
            case String text -> "\"" + (text.length() > 60 ? text.substring(0, 60) + "…" : text) + "\"";
            case Object scalar -> scalar.toString();
        };
    }

    private String full(String name) {
        var path = path();
        return path.isEmpty() ? name : path + "." + name;
    }

    private String path() {
        return parent == null ? step : parent.full(step);
    }

    private long placeOf(String name) {
        int at = indexOf(name);
        return at < 0 ? place : places[at];
    }

    private static long placeOf(JsonParser parser) {
        var at = parser.currentTokenLocation();
        return (long) at.getLineNr() << 32 | at.getColumnNr();
    }

    private static int line(long place) {
        return (int) (place >> 32);
    }

    private static int column(long place) {
        return (int) place;
    }
}
