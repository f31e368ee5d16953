package io.tollkeeper.core.proxy;

import java.util.List;

import io.tollkeeper.core.catalog.AuthenticationMode;
import org.jspecify.annotations.Nullable;

/// One product as the gateway needs it: plain values, checked by whoever made them, compiled by the gateway.
///
/// `hosts` are lower case without port. `apiBackend` is the upstream's base URL; without it a call is authorized,
/// counted and answered 404. `mode` is none if `backend_version` is missing or unknown: every request then gets the
/// auth-missing answer. Names of credentials are lower case. `backend` is where a remote meter is asked, `openId` how
/// tokens are checked. `problems` holds the errors for which this configuration must not be served: the product's last
/// good one serves on, or, without one, the product is broken and the others are not.
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
        @Nullable BackendEndpoint backend,
        @Nullable OpenIdSettings openId,
        List<PolicySpec> policies,
        List<MappingRule> rules,
        List<Finding> problems) {

    public ProxyConfig {
        hosts = List.copyOf(hosts);
        policies = List.copyOf(policies);
        rules = List.copyOf(rules);
        problems = List.copyOf(problems);
    }

    /// All defaults of 3scale's document.
    public static ProxyConfig ofDefaults(String productId) {
        return of(productId).build();
    }

    /// A product to be described, beginning with all defaults of 3scale's document.
    public static Builder of(String productId) {
        return new Builder(productId);
    }

    /// A copy to be changed.
    public Builder toBuilder() {
        Builder builder = new Builder(productId);
        builder.systemName = systemName;
        builder.mode = mode;
        builder.hosts = hosts;
        builder.apiBackend = apiBackend;
        builder.credentialsLocation = credentialsLocation;
        builder.authUserKey = authUserKey;
        builder.authAppId = authAppId;
        builder.authAppKey = authAppKey;
        builder.authMissing = authMissing;
        builder.authFailed = authFailed;
        builder.limitsExceeded = limitsExceeded;
        builder.noMatch = noMatch;
        builder.secretToken = secretToken;
        builder.hostnameRewrite = hostnameRewrite;
        builder.forwarded = forwarded;
        builder.upstreamPath = upstreamPath;
        builder.backendAuthenticationType = backendAuthenticationType;
        builder.backendAuthenticationValue = backendAuthenticationValue;
        builder.backend = backend;
        builder.openId = openId;
        builder.policies = policies;
        builder.rules = rules;
        builder.problems = problems;
        return builder;
    }

    @Override
    public String toString() {
        return "ProxyConfig[" + productId + ", hosts " + hosts + ", " + rules.size() + " rules]";
    }

    /// Describes a product value by value. Not for several threads.
    public static final class Builder {

        private final String productId;
        private String systemName = "";
        private @Nullable AuthenticationMode mode;
        private List<String> hosts = List.of("localhost");
        private @Nullable String apiBackend;
        private CredentialsLocation credentialsLocation = CredentialsLocation.QUERY;
        private String authUserKey = "user_key";
        private String authAppId = "app_id";
        private String authAppKey = "app_key";
        private ErrorAnswer authMissing = ErrorAnswer.AUTH_MISSING;
        private ErrorAnswer authFailed = ErrorAnswer.AUTH_FAILED;
        private ErrorAnswer limitsExceeded = ErrorAnswer.LIMITS_EXCEEDED;
        private ErrorAnswer noMatch = ErrorAnswer.NO_MATCH;
        private @Nullable String secretToken;
        private @Nullable String hostnameRewrite;
        private ForwardedHeaders forwarded = ForwardedHeaders.PASS;
        private UpstreamPath upstreamPath = UpstreamPath.NORMALISE_BEHIND_BASE_PATH;
        private @Nullable String backendAuthenticationType;
        private @Nullable String backendAuthenticationValue;
        private @Nullable BackendEndpoint backend;
        private @Nullable OpenIdSettings openId;
        private List<PolicySpec> policies = List.of(PolicySpec.APICAST);
        private List<MappingRule> rules = List.of();
        private List<Finding> problems = List.of();

        private Builder(String productId) {
            this.productId = productId;
        }

        public Builder systemName(String value) {
            systemName = value;
            return this;
        }

        public Builder mode(@Nullable AuthenticationMode value) {
            mode = value;
            return this;
        }

        public Builder hosts(List<String> value) {
            hosts = value;
            return this;
        }

        public Builder apiBackend(@Nullable String value) {
            apiBackend = value;
            return this;
        }

        public Builder credentialsLocation(CredentialsLocation value) {
            credentialsLocation = value;
            return this;
        }

        public Builder authUserKey(String value) {
            authUserKey = value;
            return this;
        }

        public Builder authAppId(String value) {
            authAppId = value;
            return this;
        }

        public Builder authAppKey(String value) {
            authAppKey = value;
            return this;
        }

        public Builder authMissing(ErrorAnswer value) {
            authMissing = value;
            return this;
        }

        public Builder authFailed(ErrorAnswer value) {
            authFailed = value;
            return this;
        }

        public Builder limitsExceeded(ErrorAnswer value) {
            limitsExceeded = value;
            return this;
        }

        public Builder noMatch(ErrorAnswer value) {
            noMatch = value;
            return this;
        }

        public Builder secretToken(@Nullable String value) {
            secretToken = value;
            return this;
        }

        public Builder hostnameRewrite(@Nullable String value) {
            hostnameRewrite = value;
            return this;
        }

        public Builder forwarded(ForwardedHeaders value) {
            forwarded = value;
            return this;
        }

        public Builder upstreamPath(UpstreamPath value) {
            upstreamPath = value;
            return this;
        }

        public Builder backendAuthenticationType(@Nullable String value) {
            backendAuthenticationType = value;
            return this;
        }

        public Builder backendAuthenticationValue(@Nullable String value) {
            backendAuthenticationValue = value;
            return this;
        }

        public Builder backend(@Nullable BackendEndpoint value) {
            backend = value;
            return this;
        }

        public Builder openId(@Nullable OpenIdSettings value) {
            openId = value;
            return this;
        }

        public Builder policies(List<PolicySpec> value) {
            policies = value;
            return this;
        }

        public Builder rules(List<MappingRule> value) {
            rules = value;
            return this;
        }

        public Builder problems(List<Finding> value) {
            problems = value;
            return this;
        }

        public ProxyConfig build() {
            return new ProxyConfig(
                    productId,
                    systemName,
                    mode,
                    hosts,
                    apiBackend,
                    credentialsLocation,
                    authUserKey,
                    authAppId,
                    authAppKey,
                    authMissing,
                    authFailed,
                    limitsExceeded,
                    noMatch,
                    secretToken,
                    hostnameRewrite,
                    forwarded,
                    upstreamPath,
                    backendAuthenticationType,
                    backendAuthenticationValue,
                    backend,
                    openId,
                    policies,
                    rules,
                    problems);
        }
    }
}
