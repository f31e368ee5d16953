package io.tollkeeper.compat.gateway;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Compares what happened with what was recorded, by the rules of the recordings' own runner (`run.py`): every recorded
/// header must be there and equal, headers of ours that are part of the design may be there besides, default pages are
/// compared by status, the order of query parameters does not count. Each difference begins with the field in which it
/// lies. Belongs to one case.
final class Differences {

    private static final JsonMapper JSON = JsonMapper.shared();
    private static final Set<String> IGNORED_ANSWER = Set.of("content-length", "transfer-encoding", "date", "server", "connection", "keep-alive");
    private static final String EXTRA = "x-request-id|tollkeeper-.*|proxy-status|via|server-timing|ratelimit.*|retry-after|traceparent|vary|allow|x-content-type-options";
    private static final Pattern EXTRA_ANSWER = Pattern.compile(EXTRA);
    private static final Pattern EXTRA_DEBUG = Pattern.compile(EXTRA + "|x-3scale-.*");
    private static final Set<String> MAY_BE_MISSING = Set.of("proxy-connection", "upgrade");
    private static final Set<String> IGNORED_UPSTREAM = Set.of("connection", "content-length", "transfer-encoding");
    private static final Pattern EXTRA_UPSTREAM = Pattern.compile("x-forwarded-.*|forwarded|via|x-request-id|traceparent|tracestate|x-real-ip");
    private static final Pattern METRIC = Pattern.compile("^(apicast_status|threescale_backend_calls|upstream_status)\\{(.*)\\} (\\S+)$", Pattern.MULTILINE);
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"((?:[^\"\\\\]|\\\\.)*)\"");
    private static final Pattern DEFAULT_PAGE = Pattern.compile("<center>(nginx|openresty)");

    private final Surroundings around;
    private final List<String> found = new ArrayList<>();

    Differences(Surroundings around) {
        this.around = around;
    }

    List<String> found() {
        return found;
    }

    void add(String difference) {
        found.add(difference);
    }

    // ---- answers

    /// @param debug whether the request had the right debug value
    void answer(JsonNode expected, Came came, boolean debug) {
        int status = expected.path("status").asInt(0);
        if (status != came.status()) {
            add("status: expected " + status + ", got " + came.status());
            return;
        }
        if (came.framing() != null) {
            add("framing: " + came.framing());
        }
        var body = expected.path("body").stringValue("");
        boolean page = DEFAULT_PAGE.matcher(body).find();
        boolean metrics = body.startsWith("# HELP");
        if (metrics) {
            var missing = samples(body);
            missing.removeAll(samples(came.body()));
            if (!missing.isEmpty()) {
                add("metrics lack " + missing);
            }
        } else if (!page && !content(around.fill(body)).equals(content(came.body()))) {
            add("body: expected '" + body + "', got '" + came.body() + "'");
        }
        var want = new TreeMap<>(lists(expected.path("headers")));
        var got = new TreeMap<>(came.headers());
        if (page || metrics) {
            want.remove("content-type");
            got.remove("content-type");
        }
        headers("answer", want, got, IGNORED_ANSWER, debug ? EXTRA_DEBUG : EXTRA_ANSWER);
    }

    private static Set<String> samples(String page) {
        var samples = new HashSet<String>();
        var metric = METRIC.matcher(page);
        while (metric.find()) {
            var labels = LABEL.matcher(metric.group(2)).results().map(label -> label.group()).sorted().toList();
            samples.add(metric.group(1) + labels + " " + Double.parseDouble(metric.group(3)));
        }
        return samples;
    }

    /// An upstream's JSON with the parameters of its target sorted, other JSON as its value, else the text.
    private Object content(String body) {
        try {
            var value = JSON.readTree(body);
            if (value.isObject() && value.has("upstream")) {
                return List.of(value.path("upstream"), value.path("method"), target(value.path("uri").stringValue("")));
            }
            return value.isMissingNode() ? body : value;
        } catch (JacksonException _) {
            return body;
        }
    }

    /// Path, and the parts of the query in order.
    private List<Object> target(String target) {
        var filled = around.fill(target);
        int mark = filled.indexOf('?');
        var parts = (mark < 0 ? "" : filled.substring(mark + 1)).split("&", -1);
        Arrays.sort(parts);
        return List.of(mark < 0 ? filled : filled.substring(0, mark), List.of(parts));
    }

    // ---- headers

    private Map<String, List<String>> lists(JsonNode headers) {
        var lists = new TreeMap<String, List<String>>();
        headers.properties().forEach(one -> {
            var values = one.getValue().isArray() ? one.getValue().valueStream().toList() : List.of(one.getValue());
            values.forEach(value -> Received.add(lists, one.getKey(), around.fill(value.stringValue())));
        });
        return lists;
    }

    private void headers(
            String where, Map<String, List<String>> expected, Map<String, List<String>> actual, Set<String> ignored, Pattern extra) {
        expected.forEach((name, values) -> {
            if (ignored.contains(name) || where.equals("upstream") && MAY_BE_MISSING.contains(name) && !actual.containsKey(name)) {
                return;
            }
            var got = actual.get(name);
            boolean same = name.startsWith("3scale-options") ? got != null && options(values).equals(options(got))
                    : got != null && String.join(",", values).equals(String.join(",", got));
            if (!same) {
                add(where + " header " + name + ": expected " + values + ", got " + got);
            }
        });
        actual.forEach((name, values) -> {
            if (!expected.containsKey(name) && !ignored.contains(name) && !extra.matcher(name).matches()) {
                add(where + " has an unexpected header " + name + ": " + values);
            }
        });
    }

    private static Set<String> options(List<String> values) {
        return Set.copyOf(new HashSet<>(Arrays.asList(String.join("&", values).split("&", -1))));
    }

    // ---- what others received

    void upstream(JsonNode expected, List<Received> calls) {
        var call = calls.isEmpty() ? null : calls.getFirst();
        if (!expected.isObject() || call == null) {
            if (expected.isObject() != (call != null)) {
                add(call == null ? "upstream was not reached" : "upstream was reached");
            }
            return;
        }
        if (!expected.path("upstream").stringValue().equals(call.who())) {
            add("upstream upstream: expected " + expected.path("upstream") + ", got " + call.who());
        }
        if (!expected.path("method").stringValue().equals(call.method())) {
            add("upstream method: expected " + expected.path("method") + ", got " + call.method());
        }
        if (!target(expected.path("path").stringValue()).equals(target(call.target()))) {
            add("upstream path: expected " + expected.path("path") + ", got " + call.target());
        }
        if (!around.fill(expected.path("body").stringValue("")).equals(call.body())) {
            add("upstream body: expected " + expected.path("body") + ", got " + call.body());
        }
        headers("upstream", lists(expected.path("headers")), call.headers(), IGNORED_UPSTREAM, EXTRA_UPSTREAM);
        if (call.headers().containsKey("content-length") && call.headers().containsKey("transfer-encoding")) {
            add("upstream got Content-Length together with Transfer-Encoding");
        }
    }

    void backend(JsonNode expected, List<Received> calls) {
        var want = expected.valueStream().map(this::call).sorted().toList();
        var got = calls.stream().map(Differences::call).sorted().toList();
        if (!want.equals(got)) {
            add("service management saw " + got + ", expected " + want);
            return;
        }
        expected.forEach(call -> {
            var same = calls.stream().filter(one -> call(one).equals(call(call))).findFirst().orElseThrow();
            headers("service management", chosen(lists(call.path("headers"))), chosen(same.headers()), Set.of(), EXTRA_UPSTREAM);
        });
    }

    private static Map<String, List<String>> chosen(Map<String, List<String>> headers) {
        var chosen = new TreeMap<>(headers);
        chosen.keySet().retainAll(Set.of("host", "3scale-options"));
        return chosen;
    }

    private static String call(Received call) {
        return call.method() + " " + call.path() + " " + sorted(Received.pairs(call.query())) + " " + sorted(Received.pairs(call.body()));
    }

    private String call(JsonNode call) {
        return call.path("method").stringValue() + " " + call.path("path").stringValue() + " " + sorted(pairs(call.path("query"))) + " "
                + sorted(pairs(call.path("form")));
    }

    private List<List<String>> pairs(JsonNode values) {
        var pairs = new ArrayList<List<String>>();
        values.properties().forEach(one -> {
            var all = one.getValue().isArray() ? one.getValue().valueStream().toList() : List.of(one.getValue());
            all.forEach(value -> pairs.add(List.of(one.getKey(), around.fill(value.asString()))));
        });
        if (values.isArray()) {
            values.forEach(one -> pairs.add(List.of(one.path(0).asString(), around.fill(one.path(1).asString()))));
        }
        return pairs;
    }

    private static List<String> sorted(List<List<String>> pairs) {
        return pairs.stream().map(pair -> pair.getFirst() + "=" + pair.getLast()).sorted().toList();
    }

    /// @param once whether asking twice for the same thing is as good as asking once
    void portal(String when, JsonNode expected, List<Received> calls, boolean once) {
        var want = expected.valueStream().map(call -> portalCall(call.path("method").stringValue(), call.path("path").stringValue(),
                lists(call.path("headers")))).sorted().toList();
        var got = calls.stream().map(call -> portalCall(call.method(), call.target(), call.headers())).sorted().toList();
        if (once ? !Set.copyOf(want).equals(Set.copyOf(got)) : !want.equals(got)) {
            add("portal " + when + " saw " + got + ", expected " + want);
        }
    }

    private String portalCall(String method, String target, Map<String, List<String>> headers) {
        return method.toUpperCase(Locale.ROOT) + " " + target(target) + " " + headers.get("authorization");
    }
}
