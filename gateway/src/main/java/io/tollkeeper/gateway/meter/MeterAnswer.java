package io.tollkeeper.gateway.meter;

import java.nio.charset.StandardCharsets;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;
import org.jspecify.annotations.Nullable;

/// What a remote meter said, or that it said nothing. Part of a [MeterCall] and reused with it; on its loop, valid while
/// it is told.
final class MeterAnswer {

    /// From this status on, an answer decides nothing (gateway specification, section 6.2).
    private static final int NO_DECISION = 499;

    private static final HeaderName REJECTION = HeaderName.of("3scale-rejection-reason");
    private static final HeaderName RESET = HeaderName.of("3scale-limit-reset");
    private static final HeaderName REMAINING = HeaderName.of("3scale-limit-remaining");
    private static final HeaderName MAX_VALUE = HeaderName.of("3scale-limit-max-value");
    private static final HeaderName OURS = HeaderName.of("Tollkeeper-Meter");
    private static final HeaderName CODE = HeaderName.of("Tollkeeper-Meter-Code");
    private static final String CODE_MARK = "code=\"";

    private int status;
    private boolean ours;
    private @Nullable String code;
    private @Nullable String limitMax;
    private @Nullable String limitRemaining;
    private @Nullable String limitReset;
    private @Nullable Reason failure;
    private String evidence = "";

    void clear() {
        status = 0;
        ours = false;
        code = null;
        limitMax = null;
        limitRemaining = null;
        limitReset = null;
        failure = null;
        evidence = "";
    }

    void head(int newStatus, Headers headers) {
        status = newStatus;
        ours = headers.has(OURS);
        if (newStatus == 200) {
            limitRemaining = ours ? headers.get(REMAINING) : null;
            return;
        }
        code = headers.get(REJECTION);
        if (code == null) {
            code = headers.get(CODE);
        }
        limitMax = headers.get(MAX_VALUE);
        limitRemaining = headers.get(REMAINING);
        limitReset = headers.get(RESET);
    }

    /// Whether the body may tell more than the head did.
    boolean wantsBody() {
        return status != 200 && code == null;
    }

    /// Looks for the code of an error document.
    void body(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int start = text.indexOf(CODE_MARK);
        int end = start < 0 ? -1 : text.indexOf('"', start + CODE_MARK.length());
        if (end > 0 && end - start < 80) {
            code = text.substring(start + CODE_MARK.length(), end);
        }
    }

    /// There was no answer.
    void failed(Reason reason, String proof) {
        failure = Failures.ofMeter(reason);
        evidence = proof;
    }

    /// 0: none.
    int status() {
        return status;
    }

    boolean isGood() {
        return status == 200;
    }

    /// Whether this is no decision: none, or a server error.
    boolean isFailure() {
        return status == 0 || status >= NO_DECISION;
    }

    /// Why there is no decision.
    Reason failure() {
        return failure != null ? failure : Reason.METER_STATUS;
    }

    /// Whether this meter is one of ours.
    boolean isOurs() {
        return ours;
    }

    /// 3scale's word for the refusal, null if it was not told.
    @Nullable String code() {
        return code;
    }

    boolean isLimitsExceeded() {
        return "limits_exceeded".equals(code);
    }

    @Nullable String limitMax() {
        return limitMax;
    }

    @Nullable String limitRemaining() {
        return limitRemaining;
    }

    /// As sent: seconds, or -1 for never.
    @Nullable String limitReset() {
        return limitReset;
    }

    /// What the meter said, for operators.
    String describe(MeterEndpoint endpoint) {
        if (status == 0) {
            // most evidence of failed calls begins with whom they were for
            return evidence.startsWith(endpoint.description())
                    ? "asked service management at " + evidence
                    : "asked service management at " + endpoint.description() + ": " + evidence;
        }
        StringBuilder text = new StringBuilder(120)
                .append("service management at ")
                .append(endpoint.description())
                .append(" answered ")
                .append(status);
        if (code != null) {
            text.append(' ').append(code);
        }
        if (limitMax != null) {
            text.append(", limit ").append(limitMax);
        }
        if (limitRemaining != null) {
            text.append(", remaining ").append(limitRemaining);
        }
        if (limitReset != null && !limitReset.equals("-1")) {
            text.append(", starts anew in ").append(limitReset).append(" s");
        }
        return text.toString();
    }
}
