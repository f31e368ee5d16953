package io.tollkeeper.app.settings;

import java.util.List;
import java.util.Map;

import io.tollkeeper.app.settings.ThreescaleVariables.WithoutEffect;

/// Variables of 3scale's gateway that have no counterpart here, with the reason (gateway specification, section 3). Those
/// that have one are aliases of settings ([Setting#alias]). Pure values.
final class GatewayVariables {
    private static final String LUA = "it names program text of the original (Lua), which cannot run here";
    private static final String CONTENT_CACHING = "the policy content_caching is not part of this version: products that have it are refused";
    private static final String REDIS = "no policy of this version uses Redis: products with rate_limit are refused";

    /// Variables that say several settings at once, with who reads them.
    static final Map<String, String> READ_ELSEWHERE = Map.of(
            "OPENTELEMETRY", "switches on what `OPENTELEMETRY_CONFIG` says",
            "OPENTELEMETRY_CONFIG", "names a file that is read into `tracing`");

    /// The first that covers a variable counts.
    static final List<WithoutEffect> WITHOUT_EFFECT = List.of(
            new WithoutEffect("APICAST_ENVIRONMENT", LUA + "; set gateway.portal.environment, gateway.configuration-loader and gateway.configuration-cache instead"),
            new WithoutEffect("APICAST_CONFIGURATION_TIMEOUT", "a portal is not probed first: gateway.portal.timeout bounds each of its answers"),
            new WithoutEffect("APICAST_SERVICE_CACHE_SIZE", "any number of products is kept"),
            new WithoutEffect("APICAST_REPORTING_THREADS", "reports never delay a client, whatever their number"),
            new WithoutEffect("APICAST_POLICY_LOAD_PATH", LUA + "; products that name a policy of these folders are refused"),
            new WithoutEffect("APICAST_BUILTIN_POLICY_LOAD_PATH", LUA),
            new WithoutEffect("APICAST_VALIDATE_POLICY_CONFIGS", "the configuration of a policy is always checked, and a product with a bad one is refused"),
            new WithoutEffect("APICAST_MODULE", LUA + "; what it did to requests does not happen"),
            new WithoutEffect("APICAST_CUSTOM_CONFIG", LUA + "; what it did to requests does not happen"),
            new WithoutEffect("APICAST_OIDC_LOG_LEVEL", "failures of token providers are told as warnings, and in tollkeeper status"),
            new WithoutEffect("APICAST_ACCESS_LOG_BUFFER", "the access log is always written in batches"),
            new WithoutEffect("APICAST_HTTPS_SESSION_REUSE", "it has none in the original either; sessions are resumed"),
            new WithoutEffect("APICAST_PROXY_HTTPS_SESSION_REUSE", "connections to upstreams are kept, new ones shake hands anew"),
            new WithoutEffect("APICAST_UPSTREAM_RETRY_CASES", "the policy retry is not part of this version: products that have it are refused"),
            new WithoutEffect("APICAST_CACHE_STATUS_CODES", CONTENT_CACHING),
            new WithoutEffect("APICAST_CACHE_MAX_TIME", CONTENT_CACHING),
            new WithoutEffect("APICAST_LUA_SOCKET_KEEPALIVE_REQUESTS", "a connection is given up by its age (upstream.max-age), not by its number of requests"),
            new WithoutEffect("NGINX_METRICS_LOG_LEVEL", "metrics do not count log lines; they count refusals by reason"),
            new WithoutEffect("NGINX_METRICS_MAX_LOGS", "metrics do not count log lines; they count refusals by reason"),
            new WithoutEffect("REDIS_HOST", REDIS),
            new WithoutEffect("REDIS_PORT", REDIS),
            new WithoutEffect("REDIS_URL", REDIS),
            new WithoutEffect("APICAST_DIR", "it is an internal of the original"),
            new WithoutEffect("APICAST_OPENRESTY_BINARY", "it is an internal of the original"),
            new WithoutEffect("APICAST_LOADED_ENVIRONMENTS", "it is an internal of the original"),
            new WithoutEffect("APICAST_*", "Tollkeeper knows no such variable (docs/settings.md lists 3scale's)"),
            new WithoutEffect("THREESCALE_*", "Tollkeeper knows no such variable (docs/settings.md lists 3scale's)"));

    private GatewayVariables() {}
}
