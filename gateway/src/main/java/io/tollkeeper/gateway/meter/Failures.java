package io.tollkeeper.gateway.meter;

import java.util.HashMap;
import java.util.Map;

import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// What answers and failures of a remote meter are called. Pure functions.
final class Failures {

    private static final Map<String, Reason> BY_CODE = new HashMap<>();

    static {
        for (Reason reason : Reason.values()) {
            String code = reason.meterCode();
            if (code != null) {
                BY_CODE.putIfAbsent(code, reason);
            }
        }
    }

    private Failures() {}

    /// The reason of a call of a meter that failed as calls of upstreams do.
    static Reason ofMeter(Reason reason) {
        return switch (reason) {
            case UPSTREAM_REFUSED -> Reason.METER_REFUSED;
            case UPSTREAM_UNROUTABLE -> Reason.METER_UNROUTABLE;
            case UPSTREAM_CONNECT_TIMEOUT,
                    UPSTREAM_FIRST_BYTE_TIMEOUT,
                    UPSTREAM_IDLE_TIMEOUT,
                    UPSTREAM_TOTAL_TIMEOUT,
                    UPSTREAM_SEND_TIMEOUT -> Reason.METER_TIMEOUT;
            case DNS_NXDOMAIN, DNS_SERVFAIL, DNS_TIMEOUT, DNS_EMPTY -> Reason.METER_DNS;
            case UPSTREAM_TLS_EXPIRED,
                    UPSTREAM_TLS_NAME,
                    UPSTREAM_TLS_CHAIN,
                    UPSTREAM_TLS_PROTOCOL,
                    UPSTREAM_TLS_ALERT,
                    UPSTREAM_TLS_SETTINGS -> Reason.METER_TLS;
            case UPSTREAM_PROTOCOL, UPSTREAM_HEADERS_TOO_LARGE -> Reason.METER_PROTOCOL;
            case UPSTREAM_STALE_REUSE, UPSTREAM_RESET_EARLY, UPSTREAM_RESET_LATE, UPSTREAM_TRUNCATED -> Reason.METER_CLOSED;
            case UPSTREAM_POOL_EXHAUSTED -> Reason.METER_BUSY;
            case DRAINING, INTERNAL -> reason;
            default -> Reason.METER_CLOSED;
        };
    }

    /// The reason of a refusal.
    ///
    /// @param code       3scale's word, null if it was not told
    /// @param tokenKnown whether the meter has known this product's token before
    static Reason ofRefusal(int status, @Nullable String code, @Nullable AuthenticationMode mode, boolean tokenKnown) {
        Reason told = code == null ? null : BY_CODE.get(code);
        if (told != null) {
            return switch (told) {
                case CALLER_CREDENTIALS_REQUIRED,
                        SERVICE_ID_MISSING,
                        SERVICE_ID_INVALID,
                        SERVICE_TOKEN_INVALID,
                        PROVIDER_KEY_INVALID,
                        PROVIDER_KEY_INVALID_OR_SERVICE_MISSING -> Reason.METER_TOKEN;
                default -> told.status() == 0 ? Reason.METER_DENIED : told;
            };
        }
        return switch (status) {
            // With no_body, documents of errors are not sent; what is left is the status.
            case 403 -> mode != AuthenticationMode.USER_KEY
                    ? Reason.METER_TOKEN // an unknown application is 404, a wrong key 409
                    : tokenKnown ? Reason.USER_KEY_INVALID : Reason.METER_DENIED;
            case 404 -> Reason.APPLICATION_NOT_FOUND;
            case 409, 422 -> Reason.METER_DENIED;
            default -> Reason.METER_STATUS;
        };
    }

    /// Whether the meter's answer shows that it knows the product's token.
    static boolean showsKnownToken(int status) {
        return status == 200 || status == 404 || status == 409;
    }
}
