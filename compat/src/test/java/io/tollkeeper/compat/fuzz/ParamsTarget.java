package io.tollkeeper.compat.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tollkeeper.compat.fuzz.ReferenceForm.Value;
import io.tollkeeper.meter.params.MediaType;
import io.tollkeeper.meter.params.Multipart;
import io.tollkeeper.meter.params.ParamName;
import io.tollkeeper.meter.params.Params;
import org.jspecify.annotations.Nullable;

import static io.tollkeeper.compat.fuzz.FuzzTarget.require;
import static io.tollkeeper.compat.fuzz.FuzzTarget.same;

/// Query strings and forms are read as the slow reference reads them: same tree, same order, same refusals.
final class ParamsTarget {

    private ParamsTarget() {}

    /// The input is a query string.
    static FuzzTarget query() {
        var params = new Params();
        return input -> {
            var text = new String(input, StandardCharsets.ISO_8859_1);
            params.clear();
            boolean read = params.query(text);
            var fault = params.fault();
            var expected = compared(read, fault, () -> ReferenceForm.query(text));
            if (expected != null) {
                sameTree(params, expected.fields(), Map.of());
                same("the tree", params.toString(), expected.toString());
                same("valid UTF-8", params.isUtf8(), expected.isUtf8(Map.of()));
            }
        };
    }

    /// The input is a query string, a line feed, and the urlencoded body of a form.
    static FuzzTarget form() {
        var params = new Params();
        return input -> {
            int cut = 0;
            while (cut < input.length && input[cut] != '\n') {
                cut++;
            }
            var text = new String(input, 0, cut, StandardCharsets.ISO_8859_1);
            var body = java.util.Arrays.copyOfRange(input, Math.min(cut + 1, input.length), input.length);
            params.clear();
            boolean read = params.query(text);
            var query = compared(read, params.fault(), () -> ReferenceForm.query(text));
            if (query == null) {
                return;
            }
            boolean readBody = params.form(body);
            var form = compared(readBody, params.fault(), () -> ReferenceForm.body(body));
            if (form != null) {
                sameTree(params, query.fields(), form.fields());
                same("valid UTF-8", params.isUtf8(), form.isUtf8(Map.of()) && query.isUtf8(form.fields()));
            }
        };
    }

    /// The input is fields, `name` `=` `content` separated by `&`, put into a multipart body; and then it is a body itself.
    static FuzzTarget multipart() {
        var params = new Params();
        return input -> {
            var text = new String(input, StandardCharsets.ISO_8859_1);
            wellFormed(text, params);
            asItIs(input, text, params);
        };
    }

    private static void wellFormed(String text, Params params) {
        var fields = new ArrayList<Map.Entry<String, String>>();
        var body = new StringBuilder("preamble\r\n");
        for (var pair : text.split("&")) {
            int equals = pair.indexOf('=');
            var name = (equals < 0 ? pair : pair.substring(0, equals)).replaceAll("[\"\r\n\0\\\\]", "");
            var content = equals < 0 ? "" : pair.substring(equals + 1);
            if (fields.size() < 4000) {
                fields.add(Map.entry(name, content));
                body.append("--bOuNdArY\r\nContent-Disposition: form-data; name=\"").append(name).append("\"\r\n\r\n")
                        .append(content).append("\r\n");
            }
        }
        if (text.contains("--bOuNdArY")) {
            return;
        }
        var bytes = body.append("--bOuNdArY--\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        params.clear();
        require(params.query(""), "an empty query", false, true);
        var fault = Multipart.read(bytes, "bOuNdArY", params);
        var expected = compared(fault == null, fault, () -> ReferenceForm.fields(fields));
        if (expected != null) {
            sameTree(params, Map.of(), expected.fields());
            same("valid UTF-8", params.isUtf8(), expected.isUtf8(Map.of()));
        }
    }

    private static void asItIs(byte[] input, String text, Params params) {
        int line = Math.max(0, text.indexOf('\n'));
        var type = MediaType.of(text.substring(0, line));
        var word = text.substring(0, line).split("[;,]", 2)[0].replaceAll("^[\\s\0]+|[\\s\0]+\\z", "");
        same("media type", type.name(), word.toLowerCase(java.util.Locale.ROOT));
        var boundary = type.boundary() == null ? "b" : type.boundary();
        params.clear();
        var fault = Multipart.read(input, boundary, params);
        var first = params.toString();
        params.clear();
        same("read once more", String.valueOf(Multipart.read(input, boundary, params)), String.valueOf(fault));
        same("read once more", params.toString(), first);
        require(fault == null || !fault.isBlank(), "a message", "" + fault, "one");
    }

    /// Reads by the reference what was read by the product; none if both refuse, for the same reason.
    private static @Nullable ReferenceForm compared(boolean read, @Nullable String fault, Reading reading) {
        try {
            var expected = reading.read();
            require(read, "read", "refused: " + fault, expected);
            require(fault == null, "no fault", "" + fault, "none");
            return expected;
        } catch (ReferenceForm.Refused refused) {
            require(!read, "refused", "read", refused.message());
            if (!refused.message().equals(ReferenceForm.TOO_DEEP)) {
                same("refusal", String.valueOf(fault), refused.message());
            }
            return null;
        }
    }

    private interface Reading {
        ReferenceForm read() throws ReferenceForm.Refused;
    }

    /// Looks up every top-level name, and walks what is below.
    private static void sameTree(Params params, Map<String, Value> query, Map<String, Value> form) {
        var all = new LinkedHashMap<>(query);
        all.putAll(form);
        all.forEach((name, value) -> {
            if (ReferenceForm.isUtf8(name)) {
                var known = ParamName.of(ReferenceForm.text(name));
                sameValue(name, params, params.find(known), value);
                var inQuery = query.get(name);
                if (inQuery == null) {
                    same(name + " in the query", params.findInQuery(known), Params.NONE);
                } else {
                    sameValue(name + " in the query", params, params.findInQuery(known), inQuery);
                }
            }
        });
        same("a name that nobody sent", params.find(ParamName.of("\u0001 nobody sent this")), Params.NONE);
    }

    private static void sameValue(String path, Params params, int node, Value expected) {
        switch (expected) {
            case Value.Bare _ -> require(node >= 0 && !params.isGiven(node), path, node, "a bare name");
            case Value.Text(var latin1) -> {
                require(params.isText(node), path, "no text", latin1);
                same(path, String.valueOf(params.text(node)), ReferenceForm.text(latin1));
            }
            case Value.Fields(var all) -> {
                require(params.isMap(node), path, "no map", all.keySet());
                walk(path, params, node, List.copyOf(all.values()), List.copyOf(all.keySet()));
            }
            case Value.Items(var all) -> {
                require(params.isGiven(node) && !params.isMap(node) && !params.isText(node), path, "no list", all.size());
                walk(path, params, node, all, List.of());
            }
        }
    }

    private static void walk(String path, Params params, int node, List<Value> values, List<String> keys) {
        int at = params.first(node);
        for (int i = 0; i < values.size(); i++) {
            require(at != Params.NONE, path, "only " + i, values.size());
            if (!keys.isEmpty()) {
                same(path, params.key(at), ReferenceForm.text(keys.get(i)));
                if (ReferenceForm.isUtf8(keys.get(i))) {
                    same(path + " by name", params.find(node, ParamName.of(ReferenceForm.text(keys.get(i)))), at);
                }
            }
            sameValue(path + "/" + i, params, at, values.get(i));
            at = params.next(at);
        }
        same(path + " ends", at, Params.NONE);
    }
}
