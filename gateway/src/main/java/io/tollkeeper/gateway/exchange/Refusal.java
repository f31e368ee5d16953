package io.tollkeeper.gateway.exchange;

import java.nio.charset.StandardCharsets;

import io.tollkeeper.core.flight.StatusWriter;
import io.tollkeeper.core.proxy.ErrorAnswer;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.http.Body;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;
import io.tollkeeper.http.Request;
import io.tollkeeper.http.Response;
import org.jspecify.annotations.Nullable;

/// Writes the answer to a refused request. On the exchange's loop.
///
/// Status, text and content type are those that the product configures for this kind of refusal, else those of the
/// reason. Whoever accepts `application/problem+json` gets that (RFC 9457). `X-Request-Id` finds the flight record;
/// `Proxy-Status` (RFC 9209) says who failed, and no more: no addresses, no host names. Clients of gRPC get `grpc-status`
/// instead of a body.
final class Refusal {

    private static final HeaderName ALLOW = HeaderName.of("Allow");
    private static final HeaderName LIMIT = HeaderName.of("RateLimit-Limit");
    private static final HeaderName REMAINING = HeaderName.of("RateLimit-Remaining");
    private static final HeaderName RESET = HeaderName.of("RateLimit-Reset");
    private static final HeaderName GRPC_STATUS = HeaderName.of("grpc-status");
    private static final HeaderName GRPC_MESSAGE = HeaderName.of("grpc-message");
    private static final String GRPC = "application/grpc";
    private static final String PROBLEM = "application/problem+json";
    private static final String PLAIN = "text/plain; charset=utf-8";
    private static final String[] PROXY_STATUS = new String[Reason.values().length];
    private static final byte[] NOTHING = {};

    static {
        for (Reason reason : Reason.values()) {
            PROXY_STATUS[reason.ordinal()] =
                    reason.proxyError() == null ? Identity.NAME : Identity.NAME + "; error=" + reason.proxyError();
        }
    }

    private Refusal() {}

    static void send(Exchange exchange, @Nullable Service service, Reason reason) {
        Request request = exchange.request();
        Response response = exchange.response();
        ErrorAnswer configured = configured(exchange, service, reason);
        int status = configured != null ? configured.status() : reason.status() == 0 ? 500 : reason.status();
        Headers headers = response.headers();
        headers.clear();
        response.status(status);
        headers.set(HeaderName.SERVER, Identity.NAME);
        headers.set(HeaderName.X_REQUEST_ID, exchange.id());
        headers.set(HeaderName.PROXY_STATUS, PROXY_STATUS[reason.ordinal()]);
        if (reason == Reason.LIMIT) {
            rateLimit(exchange, headers);
        } else if (status == 503) {
            headers.set(HeaderName.RETRY_AFTER, "1");
        } else if (reason == Reason.METHOD_NOT_ALLOWED) {
            headers.set(ALLOW, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
        }
        if (isGrpc(request.headers())) {
            sendGrpc(exchange, reason, status, configured);
            return;
        }
        byte[] body;
        if (wantsProblem(request.headers())) {
            headers.set(HeaderName.CONTENT_TYPE, PROBLEM);
            body = problem(exchange, reason, status, configured).getBytes(StandardCharsets.UTF_8);
        } else if (configured != null) {
            if (!configured.contentType().isEmpty()) {
                headers.set(HeaderName.CONTENT_TYPE, configured.contentType());
            }
            body = configured.body().getBytes(StandardCharsets.UTF_8);
        } else if (reason == Reason.NO_HOST || reason == Reason.NO_UPSTREAM) {
            headers.set(HeaderName.CONTENT_TYPE, "text/plain");
            body = NOTHING;
        } else {
            headers.set(HeaderName.CONTENT_TYPE, PLAIN);
            body = (reason.sentence() + "\n").getBytes(StandardCharsets.UTF_8);
        }
        exchange.beforeHead(StatusWriter.GATEWAY);
        response.send(body);
    }

    private static boolean isGrpc(Headers headers) {
        int at = headers.find(HeaderName.CONTENT_TYPE, 0);
        if (at < 0 || headers.valueLength(at) < GRPC.length()) {
            return false;
        }
        String type = headers.value(at);
        return type.regionMatches(true, 0, GRPC, 0, GRPC.length())
                && (type.length() == GRPC.length() || type.charAt(GRPC.length()) == '+' || type.charAt(GRPC.length()) == ';');
    }

    /// A client of gRPC understands an answer that is nothing but trailers: it is told in its own words, and the HTTP
    /// status stays the one that everybody else would get (docs/decisions/0015).
    private static void sendGrpc(Exchange exchange, Reason reason, int status, @Nullable ErrorAnswer configured) {
        Response response = exchange.response();
        Headers headers = response.headers();
        headers.set(HeaderName.CONTENT_TYPE, GRPC);
        headers.set(GRPC_STATUS, grpcStatus(exchange, reason, status));
        headers.set(GRPC_MESSAGE, grpcMessage(
                configured == null || configured.body().isBlank() ? reason.sentence() : configured.body().strip()));
        exchange.beforeHead(StatusWriter.GATEWAY);
        if (exchange.request().majorVersion() == 1) {
            response.send();
        } else {
            Body.none().pipeTo(response.stream(-1));
        }
    }

    /// As clients read a bare HTTP status (gRPC, "HTTP to gRPC Status Code Mapping"), but for limits: calling again at
    /// once is of no use.
    private static String grpcStatus(Exchange exchange, Reason reason, int status) {
        if (reason == Reason.LIMIT && exchange.record().limitMax() != 0) {
            return "8"; // RESOURCE_EXHAUSTED
        }
        return switch (status) {
            case 400 -> "13"; // INTERNAL
            case 401 -> "16"; // UNAUTHENTICATED
            case 403 -> "7"; // PERMISSION_DENIED
            case 404 -> "12"; // UNIMPLEMENTED
            case 429, 502, 503, 504 -> "14"; // UNAVAILABLE
            default -> "2"; // UNKNOWN
        };
    }

    /// Percent-encodes what is not visible ASCII (gRPC over HTTP/2, "Status-Message").
    private static String grpcMessage(String text) {
        StringBuilder encoded = new StringBuilder(text.length());
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (b >= ' ' && b <= '~' && b != '%') {
                encoded.append((char) b);
            } else {
                encoded.append('%').append(Character.toUpperCase(Character.forDigit(b >> 4 & 15, 16)))
                        .append(Character.toUpperCase(Character.forDigit(b & 15, 16)));
            }
        }
        return encoded.toString();
    }

    private static @Nullable ErrorAnswer configured(Exchange exchange, @Nullable Service service, Reason reason) {
        if (service == null) {
            return null;
        }
        // A limit of zero is a metric that this plan does not have: not too much, but not allowed.
        return reason == Reason.LIMIT && exchange.record().limitMax() == 0
                        || isOutage(reason) && exchange.meterOptions().outageIsAuthFailed()
                ? service.authFailed()
                : service.answerTo(reason);
    }

    /// A remote meter did not decide.
    private static boolean isOutage(Reason reason) {
        return switch (reason) {
            case METER_TIMEOUT,
                    METER_REFUSED,
                    METER_UNROUTABLE,
                    METER_DNS,
                    METER_TLS,
                    METER_CLOSED,
                    METER_PROTOCOL,
                    METER_STATUS,
                    METER_BUSY -> true;
            default -> false;
        };
    }

    /// What a remote meter said, as it said it: `Retry-After` is its reset to the letter (specification, trap 15).
    private static void answeredLimit(MeterOptions answered, Headers headers) {
        addIfValid(headers, LIMIT, answered.limitMax());
        addIfValid(headers, REMAINING, answered.limitRemaining());
        addIfValid(headers, RESET, answered.limitReset());
        addIfValid(headers, HeaderName.RETRY_AFTER, answered.limitReset());
    }

    private static void addIfValid(Headers headers, HeaderName name, @Nullable String value) {
        if (value != null && Headers.isValidValue(value)) {
            headers.set(name, value);
        }
    }

    private static void rateLimit(Exchange exchange, Headers headers) {
        if (exchange.record().limitMax() != 0) {
            answeredLimit(exchange.meterOptions(), headers);
        }
        Period period = exchange.record().limitPeriod();
        if (period == null || exchange.record().limitMax() == 0) {
            return;
        }
        headers.set(LIMIT, Long.toString(exchange.record().limitMax()));
        headers.set(REMAINING, Long.toString(
                Math.max(0, exchange.record().limitMax() - exchange.record().limitValue())));
        if (period != Period.ETERNITY) {
            long seconds = Math.max(1, exchange.record().limitEnds() - exchange.record().receivedMillis() / 1000);
            String wait = Long.toString(seconds);
            headers.set(RESET, wait);
            headers.set(HeaderName.RETRY_AFTER, wait);
        }
    }

    /// Whether `Accept` names problem details, and not only to exclude them.
    private static boolean wantsProblem(Headers headers) {
        for (int i = headers.find(HeaderName.ACCEPT, 0); i >= 0; i = headers.find(HeaderName.ACCEPT, i + 1)) {
            String value = headers.value(i);
            for (int at = 0; at + PROBLEM.length() <= value.length(); at++) {
                if (value.regionMatches(true, at, PROBLEM, 0, PROBLEM.length())) {
                    int end = value.indexOf(',', at);
                    String parameters = value.substring(at + PROBLEM.length(), end < 0 ? value.length() : end);
                    return !parameters.replace(" ", "").matches("(?i).*;q=0(\\.0*)?");
                }
            }
        }
        return false;
    }

    private static String problem(Exchange exchange, Reason reason, int status, @Nullable ErrorAnswer configured) {
        StringBuilder json = new StringBuilder(320).append('{');
        member(json, "type", "urn:tollkeeper:reason:" + reason.code());
        member(json, "title", reason.sentence());
        json.append(",\"status\":").append(status);
        member(json, "detail", configured == null || configured.body().isBlank() ? reason.sentence() : configured.body());
        member(json, "instance", "urn:tollkeeper:request:" + exchange.id());
        member(json, "code", reason.code());
        return json.append("}\n").toString();
    }

    private static void member(StringBuilder json, String name, String value) {
        json.append(json.length() == 1 ? "\"" : ",\"").append(name).append("\":\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ') {
                json.append("\\u00").append(Character.forDigit(c >> 4, 16)).append(Character.forDigit(c & 15, 16));
            } else {
                json.append(c);
            }
        }
        json.append('"');
    }
}
