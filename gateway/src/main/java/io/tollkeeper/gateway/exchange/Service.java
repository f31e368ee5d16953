package io.tollkeeper.gateway.exchange;

import java.util.List;

import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.proxy.ErrorAnswer;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.gateway.metrics.ProductMetrics;
import org.jspecify.annotations.Nullable;

/// A product as an exchange sees it: its configuration, the metrics that its rules name, and its answers to refusals.
/// Immutable.
public final class Service {

    private final ProxyConfig config;
    private final List<String> metrics;
    private final boolean broken;
    private final @Nullable ErrorAnswer onFailure;
    private final @Nullable ProductMetrics counted;

    /// @param metrics   system names; positions are the slots of [RequestUsage]
    /// @param onFailure what is answered when one of its policies fails, null for the gateway's own answer
    /// @param counted   where its calls are counted, none if together with all others
    public Service(
            ProxyConfig config, List<String> metrics, @Nullable ErrorAnswer onFailure, @Nullable ProductMetrics counted) {
        this(config, metrics, false, onFailure, counted);
    }

    private Service(
            ProxyConfig config,
            List<String> metrics,
            boolean broken,
            @Nullable ErrorAnswer onFailure,
            @Nullable ProductMetrics counted) {
        this.config = config;
        this.metrics = List.copyOf(metrics);
        this.broken = broken;
        this.onFailure = onFailure;
        this.counted = counted;
    }

    /// A product whose configuration is refused and that has no earlier form to serve by.
    public static Service broken(ProxyConfig config, @Nullable ErrorAnswer onFailure) {
        return new Service(config, List.of(), true, onFailure, null);
    }

    public String id() {
        return config.productId();
    }

    public ProxyConfig config() {
        return config;
    }

    /// Where its calls are counted, none if together with all others.
    public @Nullable ProductMetrics counted() {
        return counted;
    }

    public boolean isBroken() {
        return broken;
    }

    public String metric(int slot) {
        return metrics.get(slot);
    }

    /// The argument whose value identifies the application, and the one that proves it.
    String identifierName() {
        return config.mode() == AuthenticationMode.OAUTH
                ? "access_token"
                : config.mode() == AuthenticationMode.APP_ID ? config.authAppId() : config.authUserKey();
    }

    String secretName() {
        return config.mode() == AuthenticationMode.APP_ID ? config.authAppKey() : config.authUserKey();
    }

    /// The answer that this product configures for a reason, none where the gateway's own is given.
    @Nullable ErrorAnswer answerTo(Reason reason) {
        return switch (reason) {
            case NO_CREDENTIALS -> config.authMissing();
            case NO_MAPPING_RULE -> config.noMatch();
            case LIMIT -> config.limitsExceeded();
            case USER_KEY_INVALID,
                    APPLICATION_NOT_FOUND,
                    APPLICATION_KEY_INVALID,
                    APPLICATION_NOT_ACTIVE,
                    SERVICE_NOT_ACTIVE,
                    REFERRER_NOT_ALLOWED,
                    REDIRECT_URL_INVALID,
                    REDIRECT_URI_INVALID,
                    OAUTH_NOT_ENABLED,
                    AUTHENTICATION_ERROR,
                    METER_TOKEN,
                    METER_DENIED,
                    TOKEN_MALFORMED,
                    TOKEN_ALGORITHM,
                    TOKEN_KEY_UNKNOWN,
                    TOKEN_KEY_ALGORITHM,
                    TOKEN_SIGNATURE,
                    TOKEN_ISSUER,
                    TOKEN_CLAIM,
                    TOKEN_EXPIRED,
                    TOKEN_NOT_YET_VALID,
                    TOKEN_SKEW,
                    TOKEN_TYPE,
                    TOKEN_CLIENT,
                    ISSUER_UNREACHABLE,
                    ISSUER_MISSING,
                    METRIC_INVALID,
                    USAGE_VALUE_INVALID -> config.authFailed();
            case PRODUCT_BROKEN, INTERNAL -> onFailure;
            default -> null;
        };
    }

    ErrorAnswer authFailed() {
        return config.authFailed();
    }
}
