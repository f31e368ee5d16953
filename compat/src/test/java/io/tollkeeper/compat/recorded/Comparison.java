package io.tollkeeper.compat.recorded;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.tollkeeper.compat.model.CalendarPeriod;
import io.tollkeeper.compat.program.WireAnswer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/// Compares an answer with the recorded one, by the rules of the recordings' own runner (`run.py`): status, body and some
/// headers; right moments, generated keys, the order of sets, secrets in stored addresses and free texts do not count.
/// Pure functions.
final class Comparison {

    static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private static final Pattern COMPARED = Pattern.compile("content-type|3scale-.*|access-control-.*|www-authenticate");
    private static final Pattern NESTED = Pattern.compile(
            "(<error code=\"bad_request\">)[^<]*(nest|depth|level|deep)[^<]*", Pattern.CASE_INSENSITIVE);
    private static final Pattern KEYS = Pattern.compile("(<app_keys[^>]*>)(.*?)(</app_keys>)");
    private static final Pattern KEY = Pattern.compile("<key [^>]*/>");
    private static final Pattern SECRET = Pattern.compile("((?:provider_key|service_token|app_key|user_key)=)[^&\"\\s]*");
    private static final Pattern GENERATED = Pattern.compile("[0-9a-f]{32}");
    private static final Pattern MOMENT = Pattern.compile("\\d{4}-\\d\\d-\\d\\d \\d\\d:");
    private static final Set<String> SETS = Set.of("alert_limits", "application_keys", "referrer_filters");
    private static final Set<String> UNCOMPARED = Set.of("timestamp", "period_start", "period_end", "backend");
    private static final List<String> PERIODS = List.of("minute", "hour", "day", "week", "month", "year");

    private Comparison() {}

    /// The differences, each beginning with the field in which it lies; none if the answer will do.
    static List<String> differences(JsonNode expected, Instant recordedAt, WireAnswer came) {
        int status = expected.path("status").asInt();
        if (status != came.status()) {
            return List.of("status: expected " + status + ", got " + came.status() + " " + shortened(came.body(), 160));
        }
        var found = new ArrayList<String>();
        var body = expected.path("body").stringValue("");
        var want = normal(body, recordedAt);
        if (!want.equals(trimmed(want, normal(came.body(), came.at())))) {
            found.add("body: expected '" + shortened(body, 700) + "', got '" + shortened(came.body(), 700) + "'");
        }
        expected.path("headers").forEachEntry((name, value) -> {
            var got = came.headers().get(name);
            if (COMPARED.matcher(name).matches() && !Objects.equals(value.asString(), got)
                    && !isNear(name, value.asString(), got, came.at())) {
                found.add("header " + name + ": expected '" + value.asString() + "', got '" + got + "'");
            }
        });
        came.headers().forEach((name, value) -> {
            if (name.startsWith("3scale-") && !expected.path("headers").has(name)) {
                found.add("unexpected header " + name + ": '" + value + "'");
            }
        });
        return found;
    }

    /// A reset depends on the moment: the right one for any period will do.
    private static boolean isNear(String name, String wanted, @Nullable String got, Instant at) {
        if (!name.equals("3scale-limit-reset") || wanted.equals("-1") || got == null || !got.matches("\\d+")) {
            return false;
        }
        return PERIODS.stream().anyMatch(period -> {
            double left = CalendarPeriod.end(period, at).toInstant().toEpochMilli() / 1000.0 - at.toEpochMilli() / 1000.0;
            return Math.abs(left - Double.parseDouble(got)) <= 2;
        });
    }

    /// What of a body counts: JSON if it is JSON, else text.
    private static JsonNode normal(String body, Instant at) {
        var text = NESTED.matcher(Moments.masked(body, at)).replaceAll("$1*");
        text = KEYS.matcher(text).replaceAll(found -> Matcher.quoteReplacement(
                found.group(1) + sorted(KEY.matcher(found.group(2)).results().map(MatchResult::group).toList()) + found.group(3)));
        try {
            var value = JSON.readTree(text);
            return value.isMissingNode() ? StringNode.valueOf(text) : plain(value, "");
        } catch (JacksonException notJson) {
            return StringNode.valueOf(text);
        }
    }

    private static String sorted(List<String> keys) {
        return String.join("", keys.stream().sorted().toList());
    }

    private static JsonNode plain(JsonNode value, String name) {
        if (value.isObject()) {
            var plain = JSON.createObjectNode();
            value.forEachEntry((key, inner) -> plain.set(key, plain(inner, key)));
            return plain;
        }
        if (value.isArray()) {
            var items = new ArrayList<JsonNode>();
            value.forEach(item -> items.add(plain(item, name)));
            if (SETS.contains(name)) {
                items.sort(Comparator.comparing(JsonNode::toString));
            }
            return JSON.createArrayNode().addAll(items);
        }
        if (name.equals("url") && value.isString()) {
            return StringNode.valueOf(SECRET.matcher(value.stringValue()).replaceAll("$1*"));
        }
        if (UNCOMPARED.contains(name) || value.isString()
                && (GENERATED.matcher(value.stringValue()).matches() || MOMENT.matcher(value.stringValue()).lookingAt())) {
            return StringNode.valueOf("*");
        }
        return value.isNumber() ? JSON.getNodeFactory().numberNode(new BigDecimal(value.asString()).stripTrailingZeros()) : value;
    }

    /// A recorded empty `context_info` may have become richer.
    private static JsonNode trimmed(JsonNode expected, JsonNode came) {
        if (expected instanceof ObjectNode && came instanceof ObjectNode) {
            var trimmed = JSON.createObjectNode();
            came.forEachEntry((key, value) -> {
                var wanted = expected.get(key);
                trimmed.set(key, wanted == null ? value
                        : key.equals("context_info") && wanted.isObject() && wanted.isEmpty() ? wanted
                        : trimmed(wanted, value));
            });
            return trimmed;
        }
        if (expected instanceof ArrayNode && came instanceof ArrayNode && expected.size() == came.size()) {
            var trimmed = JSON.createArrayNode();
            for (int i = 0; i < came.size(); i++) {
                trimmed.add(trimmed(expected.get(i), came.get(i)));
            }
            return trimmed;
        }
        return came;
    }

    private static String shortened(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length) + "…";
    }
}
