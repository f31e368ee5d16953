package io.tollkeeper.compat.recorded;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import io.tollkeeper.compat.program.MeterInProcess;
import io.tollkeeper.compat.program.MovableClock;
import io.tollkeeper.compat.program.Wire;
import io.tollkeeper.compat.program.WireAnswer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Plays one recorded case against a meter with an empty store. Blocks.
final class Replay {

    private static final Pattern COUNTER = Pattern.compile("(\\w+?)([+-]\\d+)?");
    private static final List<String> OF_APPLICATIONS = List.of("state", "plan_id", "plan_name", "redirect_url");

    private final JsonNode recorded;
    private final Wire wire;
    private final MovableClock clock;

    Replay(JsonNode recorded, int port, MovableClock clock) {
        this.recorded = recorded;
        this.wire = new Wire(port, clock);
        this.clock = clock;
    }

    /// A difference and the number of its step.
    record Found(int step, String text) {}

    List<Found> run() throws IOException {
        setUp(recorded.path("setup"));
        var found = new ArrayList<Found>();
        int number = 0;
        for (var step : recorded.path("steps")) {
            int current = ++number;
            var texts = switch (step.path("op").stringValue()) {
                case "http" -> exchange(step);
                case "counters" -> counters(step);
                case "wait_next_minute" -> nextMinute();
                default -> List.<String>of();
            };
            texts.forEach(text -> found.add(new Found(current, text)));
        }
        return found;
    }

    private List<String> nextMinute() {
        var now = clock.instant();
        clock.move(Duration.between(now, now.truncatedTo(ChronoUnit.MINUTES).plus(1, ChronoUnit.MINUTES)));
        return List.of();
    }

    // ---- what has to exist -----------------------------------------------------------------------------------------

    private void setUp(JsonNode setup) throws IOException {
        for (var service : setup.path("services")) {
            put("PUT", "/services/" + id(service, "id"), wrapped("service", service));
        }
        for (var token : setup.path("service_tokens")) {
            var pair = Comparison.JSON.createObjectNode();
            pair.set(token.path("token").stringValue(), wrapped("service_id", token.path("service_id")));
            put("POST", "/service_tokens/", wrapped("service_tokens", pair));
        }
        for (var metric : setup.path("metrics")) {
            put("PUT", "/services/" + id(metric, "service_id") + "/metrics/" + id(metric, "id"),
                    wrapped("metric", only(metric, List.of("name", "parent_id"))));
        }
        for (var limit : setup.path("limits")) {
            var period = limit.path("period").stringValue();
            put("PUT", "/services/" + id(limit, "service_id") + "/plans/" + id(limit, "plan_id") + "/usagelimits/"
                    + id(limit, "metric_id") + "/" + period, wrapped("usagelimit", wrapped(period, limit.path("value"))));
        }
        for (var application : setup.path("applications")) {
            var path = "/services/" + id(application, "service_id") + "/applications/" + id(application, "id");
            put("PUT", path, wrapped("application", only(application, OF_APPLICATIONS)));
            for (var key : application.path("keys")) {
                put("POST", path + "/keys/", wrapped("application_key", wrapped("value", key)));
            }
            for (var filter : application.path("referrer_filters")) {
                put("POST", path + "/referrer_filters", wrapped("referrer_filter", filter));
            }
            for (var key : application.path("user_keys")) {
                put("PUT", path + "/key/" + quoted(key.asString()), null);
            }
        }
    }

    private void put(String method, String path, @Nullable JsonNode json) throws IOException {
        var answer = wire.internal(method, path, json == null ? null : json.toString());
        if (answer.status() != 200 && answer.status() != 201) {
            throw new AssertionError(method + " /internal" + path + ": " + answer.status() + " " + answer.body());
        }
    }

    private static String id(JsonNode of, String name) {
        return quoted(of.path(name).asString());
    }

    private static String quoted(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static ObjectNode wrapped(String name, JsonNode value) {
        return Comparison.JSON.createObjectNode().set(name, value);
    }

    private static ObjectNode only(JsonNode of, List<String> names) {
        var some = Comparison.JSON.createObjectNode();
        names.stream().filter(of::has).forEach(name -> some.set(name, of.get(name)));
        return some;
    }

    // ---- steps -----------------------------------------------------------------------------------------------------

    private List<String> exchange(JsonNode step) throws IOException {
        var now = clock.instant();
        var target = step.has("target_template") ? Moments.filled(step.path("target_template").stringValue(), now)
                : step.path("path").stringValue() + (step.has("query") ? "?" + step.path("query").stringValue() : "");
        var headers = new LinkedHashMap<String, String>();
        step.path("headers").forEachEntry((name, value) -> headers.put(name,
                value.stringValue().equals("Basic <credentials>") ? MeterInProcess.authorization() : value.stringValue()));
        var answer = wire.call(step.path("method").stringValue(), target, body(step, now), headers);
        var recordedAt = Instant.ofEpochMilli((long) (step.path("sent_at").asDouble() * 1000));
        var found = Comparison.differences(step.path("response"), recordedAt, answer);
        return !found.isEmpty() && step.has("response_other_server")
                && Comparison.differences(step.path("response_other_server"), recordedAt, answer).isEmpty() ? List.of() : found;
    }

    private static byte @Nullable [] body(JsonNode step, Instant now) {
        if (step.has("body_base64")) {
            return Base64.getDecoder().decode(step.path("body_base64").stringValue());
        }
        if (step.has("body_parts")) {
            var text = new StringBuilder();
            for (var part : step.path("body_parts")) {
                int times = part.path(1).intValue();
                for (int i = 0; i < times; i++) {
                    text.append(part.path(0).stringValue().replace("{i}", Integer.toString(i)));
                }
            }
            return text.toString().getBytes(StandardCharsets.UTF_8);
        }
        if (step.has("body_template")) {
            return Moments.filled(step.path("body_template").stringValue(), now).getBytes(StandardCharsets.UTF_8);
        }
        return step.path("body").isString() ? step.path("body").stringValue().getBytes(StandardCharsets.UTF_8) : null;
    }

    private List<String> counters(JsonNode step) throws IOException {
        var found = new ArrayList<String>();
        for (var row : step.path("rows")) {
            for (var value : row.path("values").properties()) {
                counter(row, value.getKey(), value.getValue().longValue(), found);
            }
        }
        if (step.path("rows").isEmpty()) { // nothing was counted: every counter is zero
            for (var application : recorded.path("setup").path("applications")) {
                for (var metric : recorded.path("setup").path("metrics")) {
                    if (metric.path("service_id").equals(application.path("service_id"))) {
                        var row = Comparison.JSON.createObjectNode();
                        row.set("service_id", application.path("service_id"));
                        row.set("app_id", application.path("id"));
                        row.set("metric", metric.path("name"));
                        counter(row, "eternity", 0, found);
                    }
                }
            }
        }
        return found;
    }

    private void counter(JsonNode row, String key, long wanted, List<String> found) throws IOException {
        var parts = COUNTER.matcher(key);
        if (!parts.matches()) {
            throw new AssertionError("counter " + key);
        }
        int offset = parts.group(2) == null ? 0 : Integer.parseInt(parts.group(2));
        var query = new LinkedHashMap<String, String>();
        query.put("period", parts.group(1));
        query.put("at", clock.instant().truncatedTo(ChronoUnit.SECONDS).plus(Moments.step(parts.group(1)).multipliedBy(offset)).toString());
        for (var name : List.of("metric", "response_code", "app_id")) {
            if (row.has(name)) {
                query.put(name, row.path(name).asString());
            }
        }
        var answer = wire.internal("GET", "/services/" + id(row, "service_id") + "/counters?" + encoded(query), null);
        var got = answer.status() == 200 ? valueOf(answer) : answer.status() + " " + answer.body();
        if (!got.equals(Long.toString(wanted))) {
            found.add("counter " + query + ": expected " + wanted + ", got " + got);
        }
    }

    private static String valueOf(WireAnswer answer) {
        return Comparison.JSON.readTree(answer.body()).path("counter").path("value").asString();
    }

    private static String encoded(Map<String, String> query) {
        return String.join("&", query.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8)).toList());
    }
}
