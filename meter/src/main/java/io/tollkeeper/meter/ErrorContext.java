package io.tollkeeper.meter;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

import io.tollkeeper.core.authorize.ReportOutcome;
import io.tollkeeper.core.flight.Redaction;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;
import io.tollkeeper.http.Request;
import io.tollkeeper.meter.params.MediaType;
import io.tollkeeper.meter.params.Options;
import io.tollkeeper.meter.params.Params;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// The `context_info` of an integration error (specification, section 17): how the call looked, without its secrets.
/// Pure function.
///
/// The names are the original's, and for calls no others, for portals compare. Beyond it: values under names of
/// credentials are shortened; a voided report, of which the original tells nothing, has all of them too, `request_id` to
/// find its flight record, and under `transactions` everything that is wrong with it.
final class ErrorContext {

    private static final HeaderName USER_AGENT = HeaderName.of("user-agent");
    private static final HeaderName FORWARDED_PROTO = HeaderName.of("x-forwarded-proto");
    private static final Set<String> SECRETS =
            Set.of("provider_key", "service_token", "app_key", "user_key", "access_token");

    /// Longest text of a caller that is kept.
    private static final int LONGEST = 4_096;

    /// Longest list of bad transactions; those beyond are counted.
    private static final int LONGEST_LIST = 512 * 1024;

    private ErrorContext() {}

    /// The context as JSON. `form` is the request's body if it was read as parameters; `faults` are those of a voided
    /// report.
    static String of(Request request, byte[] form, String requestId, List<ReportOutcome.Fault> faults) {
        Headers headers = request.headers();
        String type = headers.get(HeaderName.CONTENT_TYPE);
        ObjectNode context = JsonNodeFactory.instance
                .objectNode()
                .put("url", cut(url(request)))
                .put("method", request.method())
                .put("form_vars", form(form, type))
                .put("user_agent", cut(headers.get(USER_AGENT)))
                .put("ip", request.peer().address())
                .put("content_type", cut(type))
                .put("content_length", headers.get(HeaderName.CONTENT_LENGTH));
        context.set("extensions", extensions(headers.get(Options.HEADER)));
        if (!faults.isEmpty()) {
            context.put("request_id", requestId);
            list(faults, context);
        }
        return context.toString();
    }

    private static void list(List<ReportOutcome.Fault> faults, ObjectNode into) {
        ArrayNode transactions = into.putArray("transactions");
        List<ReportOutcome.Fault> ascending = new ArrayList<>(faults);
        ascending.sort(Comparator.comparingInt(ReportOutcome.Fault::index));
        int room = LONGEST_LIST;
        for (ReportOutcome.Fault fault : ascending) {
            room -= 64 + Math.min(fault.message().length(), LONGEST);
            if (room < 0) {
                into.put("more_transactions", faults.size() - transactions.size());
                return;
            }
            transactions.addObject()
                    .put("index", fault.index())
                    .put("code", fault.reason().meterCode())
                    .put("message", cut(fault.message()));
        }
    }

    private static String url(Request request) {
        String host = request.headers().get(HeaderName.HOST);
        String scheme = "https".equals(request.headers().get(FORWARDED_PROTO)) ? "https" : "http";
        String query = request.query();
        // Targets are kept byte by byte; what is not escaped in them is UTF-8.
        return utf8(scheme + "://" + (host == null ? request.host() : host) + request.path())
                + (query == null ? "" : "?" + withoutSecrets(utf8(query)));
    }

    private static String utf8(String latin1) {
        return new String(latin1.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    private static @Nullable String form(byte[] form, @Nullable String type) {
        if (form.length == 0 || MediaType.of(type).boundary() != null) {
            return null;
        }
        String text = new String(form, 0, Math.min(form.length, LONGEST), StandardCharsets.UTF_8);
        return withoutSecrets(text) + (form.length > LONGEST ? "…" : "");
    }

    /// A query or form in which the values of credentials are shortened, however their names are written.
    static String withoutSecrets(String pairs) {
        StringBuilder shown = new StringBuilder(pairs.length());
        int from = 0;
        while (from <= pairs.length()) {
            int end = pairs.indexOf('&', from);
            end = end < 0 ? pairs.length() : end;
            int equals = pairs.indexOf('=', from);
            if (equals >= from && equals + 1 < end && isSecret(pairs.substring(from, equals))) {
                shown.append(pairs, from, equals + 1).append(Redaction.shortened(pairs.substring(equals + 1, end)));
            } else {
                shown.append(pairs, from, end);
            }
            if (end < pairs.length()) {
                shown.append('&');
            }
            from = end + 1;
        }
        return shown.toString();
    }

    /// A name such as `user_key`, ` app%5Fkey`, `transactions[0][user_key]`, `user_key[]`.
    private static boolean isSecret(String name) {
        String plain = Route.decoded(name);
        for (String secret : SECRETS) {
            if (plain.contains(secret)) {
                return true;
            }
        }
        return false;
    }

    /// The options as the caller sent them; none if they cannot be read.
    private static ObjectNode extensions(@Nullable String header) {
        ObjectNode extensions = JsonNodeFactory.instance.objectNode();
        Params params = new Params();
        if (header != null && header.length() <= LONGEST && params.query(header)) {
            for (int at = params.firstOfQuery(); at != Params.NONE; at = params.next(at)) {
                put(extensions, params, at);
            }
        }
        return extensions;
    }

    private static void put(ObjectNode into, Params params, int node) {
        if (params.isMap(node)) {
            ObjectNode inner = into.putObject(params.key(node));
            for (int at = params.first(node); at != Params.NONE; at = params.next(at)) {
                put(inner, params, at);
            }
        } else if (params.isList(node)) {
            ArrayNode inner = into.putArray(params.key(node));
            for (int at = params.first(node); at != Params.NONE; at = params.next(at)) {
                inner.add(params.text(at));
            }
        } else {
            into.put(params.key(node), params.text(node));
        }
    }

    private static @Nullable String cut(@Nullable String text) {
        if (text == null || text.length() <= LONGEST) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST;
        return text.substring(0, end) + "…";
    }

    /// A message, which may quote what a caller sent, of bounded length.
    static String message(String message) {
        String cut = cut(message);
        return cut == null ? "" : cut;
    }
}
