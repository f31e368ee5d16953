package io.tollkeeper.core.proxy;

import java.util.List;

import io.tollkeeper.core.catalog.AuthenticationMode;
import org.jspecify.annotations.Nullable;

/// One product as the gateway needs it: plain values, checked by whoever made them, compiled by the gateway.
///
/// `hosts` are lower case without port. `apiBackend` is the upstream's base URL; without it a call is authorized,
/// counted and answered 404. `mode` is none if `backend_version` is missing or unknown: every request then gets the
/// auth-missing answer. Names of credentials are lower case.
public record ProxyConfig(
        String productId,
        String systemName,
        @Nullable AuthenticationMode mode,
        List<String> hosts,
        @Nullable String apiBackend,
        CredentialsLocation credentialsLocation,
        String authUserKey,
        String authAppId,
        String authAppKey,
        ErrorAnswer authMissing,
        ErrorAnswer authFailed,
        ErrorAnswer limitsExceeded,
        ErrorAnswer noMatch,
        @Nullable String secretToken,
        @Nullable String hostnameRewrite,
        ForwardedHeaders forwarded,
        UpstreamPath upstreamPath,
        @Nullable String backendAuthenticationType,
        @Nullable String backendAuthenticationValue,
        List<MappingRule> rules) {

    public ProxyConfig {
        hosts = List.copyOf(hosts);
        rules = List.copyOf(rules);
    }

    /// All defaults of 3scale's document, to be changed one by one.
    public static ProxyConfig ofDefaults(String productId) {
        return new ProxyConfig(
                productId,
                "",
                null,
                List.of("localhost"),
                null,
                CredentialsLocation.QUERY,
                "user_key",
                "app_id",
                "app_key",
                ErrorAnswer.AUTH_MISSING,
                ErrorAnswer.AUTH_FAILED,
                ErrorAnswer.LIMITS_EXCEEDED,
                ErrorAnswer.NO_MATCH,
                null,
                null,
                ForwardedHeaders.PASS,
                UpstreamPath.NORMALISE_BEHIND_BASE_PATH,
                null,
                null,
                List.of());
    }

    @Override
    public String toString() {
        return "ProxyConfig[" + productId + ", hosts " + hosts + ", " + rules.size() + " rules]";
    }
}
