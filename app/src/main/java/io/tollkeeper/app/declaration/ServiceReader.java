package io.tollkeeper.app.declaration;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.tollkeeper.app.document.Findings;
import io.tollkeeper.app.document.JsonObject;
import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.proxy.BackendEndpoint;
import io.tollkeeper.core.proxy.CredentialsLocation;
import io.tollkeeper.core.proxy.ErrorAnswer;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.ForwardedHeaders;
import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.proxy.MappingRule.QueryCondition;
import io.tollkeeper.core.proxy.OpenIdSettings;
import io.tollkeeper.core.proxy.PolicySpec;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.proxy.UpstreamPath;
import io.tollkeeper.core.verdict.Nearest;
import org.jspecify.annotations.Nullable;

/// Reads one service object of a 3scale document (gateway specification, sections 2.4 and 2.5). What the original skips
/// with a log line is a doubt here; what would let calls pass that ought not to is a mistake, for which the service is
/// not served in this form. Pure functions.
final class ServiceReader {
    private static final String BUILTIN = "builtin";
    private static final String PREFIX = "apicast.policy.";
    private static final Map<String, CredentialsLocation> LOCATIONS = Map.of(
            "query", CredentialsLocation.QUERY,
            "headers", CredentialsLocation.HEADERS,
            "authorization", CredentialsLocation.AUTHORIZATION);
    private static final List<String> LOCATION_NAMES = List.of("authorization", "headers", "query");

    private final JsonObject service;
    private final JsonObject proxy;
    private final Shared shared;

    private ServiceReader(JsonObject service, JsonObject proxy, Shared shared) {
        this.service = service;
        this.proxy = proxy;
        this.shared = shared;
    }

    /// Values that many products of a document have in common, each kept once. Belongs to one reading.
    static final class Shared {
        private final Map<Object, Object> values = new HashMap<>();

        @SuppressWarnings("unchecked") // the key is the value
        <T> T one(T value) {
            return (T) values.computeIfAbsent(value, same -> same);
        }
    }

    /// A service that was read, before it is known which provider its tokens come from.
    static final class Service {
        private final String id;
        private final List<String> hosts;
        private final @Nullable String backendVersion;
        private final ProxyConfig.Builder builder;
        private final @Nullable OpenIdSettings openId;
        private final JsonObject.Place place;

        private Service(
                String id, List<String> hosts, @Nullable String backendVersion, ProxyConfig.Builder builder, @Nullable OpenIdSettings openId, JsonObject.Place place) {
            this.id = id;
            this.hosts = hosts;
            this.backendVersion = backendVersion;
            this.builder = builder;
            this.openId = openId;
            this.place = place;
        }

        String id() {
            return id;
        }

        /// As written.
        List<String> hosts() {
            return hosts;
        }

        @Nullable String backendVersion() {
            return backendVersion;
        }

        /// Takes over what the document says of the token provider; means nothing to a service without tokens.
        void provider(@Nullable JsonObject element, Findings findings) {
            if (openId == null) {
                return;
            }
            var issuer = element == null ? null : element.text("issuer");
            if (element != null && issuer != null) {
                builder.openId(new OpenIdSettings(openId.issuerEndpoint(), openId.clientIdClaim(), openId.claimIsLiquid(), provider(element, issuer)));
            } else if (openId.issuerEndpoint() == null) {
                place.warn(findings, "proxy.oidc_issuer_endpoint",
                        "is missing, and oidc[] says nothing of this service: every token is refused");
            }
        }

        private static OpenIdSettings.Provider provider(JsonObject element, String issuer) {
            var config = element.object("config");
            var keys = new HashMap<String, Map<String, Object>>();
            var given = element.object("keys");
            if (given != null) {
                for (var name : given.names()) {
                    var key = given.object(name);
                    if (key != null) {
                        keys.put(name, key.plain());
                    }
                }
            }
            return new OpenIdSettings.Provider(issuer, config == null ? List.of() : config.texts("id_token_signing_alg_values_supported"), keys);
        }

        ProxyConfig config(List<Finding> problems) {
            return builder.problems(problems).build();
        }
    }

    static Service read(JsonObject service, Shared shared) {
        var proxy = service.object("proxy");
        return new ServiceReader(service, proxy == null ? service.nothing("proxy") : proxy, shared).read();
    }

    private Service read() {
        var id = service.text("id", "default");
        var version = service.text("backend_version");
        var location = proxy.text("credentials_location", "query");
        var mode = mode(version);
        if (!LOCATIONS.containsKey(location)) {
            proxy.warn("credentials_location", location + " is not known" + Nearest.hint(location, LOCATION_NAMES)
                    + ": every call is answered as one without credentials");
            mode = null;
        }
        var openId = mode == AuthenticationMode.OAUTH ? openId() : null;
        var written = proxy.texts("hosts");
        var builder = ProxyConfig.of(id)
                .systemName(service.text("system_name", ""))
                .mode(mode)
                .hosts(hosts(written))
                .apiBackend(upstream())
                .credentialsLocation(LOCATIONS.getOrDefault(location, CredentialsLocation.QUERY))
                .authUserKey(name("auth_user_key", "user_key"))
                .authAppId(name("auth_app_id", "app_id"))
                .authAppKey(name("auth_app_key", "app_key"))
                .authMissing(error("auth_missing", ErrorAnswer.AUTH_MISSING))
                .authFailed(error("auth_failed", ErrorAnswer.AUTH_FAILED))
                .limitsExceeded(error("limits_exceeded", ErrorAnswer.LIMITS_EXCEEDED))
                .noMatch(error("no_match", ErrorAnswer.NO_MATCH))
                .secretToken(proxy.text("secret_token"))
                .hostnameRewrite(emptyIsAbsent(proxy.text("hostname_rewrite")))
                .forwarded(ForwardedHeaders.PASS)
                .upstreamPath(UpstreamPath.NORMALISE_BEHIND_BASE_PATH)
                .backendAuthenticationType(sharedText(emptyIsAbsent(service.text("backend_authentication_type"))))
                .backendAuthenticationValue(sharedText(emptyIsAbsent(service.text("backend_authentication_value"))))
                .backend(backend())
                .openId(openId)
                .policies(policies())
                .rules(rules());
        return new Service(id, written, version, builder, openId, service.place());
    }

    // ---- who may call

    private @Nullable AuthenticationMode mode(@Nullable String version) {
        return switch (version) {
            case "1" -> AuthenticationMode.USER_KEY;
            case "2" -> AuthenticationMode.APP_ID;
            case "oauth" -> AuthenticationMode.OAUTH;
            case null, default -> {
                service.warn("backend_version", (version == null ? "is missing" : version + " is not known")
                        + " (expected: 1, 2 or oauth): every call is answered as one without credentials");
                yield null;
            }
        };
    }

    /// Null for native OAuth 2, which the original lost: such calls are answered 501.
    private @Nullable OpenIdSettings openId() {
        var method = proxy.text("authentication_method", "oauth");
        if (!method.equals("oidc")) {
            proxy.warn("authentication_method", method
                    + ": native OAuth 2 is not offered, every call is answered 501 (expected: oidc, with backend_version oauth)");
            return null;
        }
        boolean liquid = switch (proxy.text("jwt_claim_with_client_id_type", "plain")) {
            case "plain" -> false;
            case "liquid" -> {
                proxy.complain("jwt_claim_with_client_id_type",
                        "liquid: templates are not built yet, and without one the wrong application would be counted (expected: plain)");
                yield true;
            }
            case String other -> {
                proxy.unknown("jwt_claim_with_client_id_type", other, List.of("liquid", "plain"));
                yield false;
            }
        };
        var claim = proxy.text("jwt_claim_with_client_id", OpenIdSettings.USUAL_CLAIM);
        return new OpenIdSettings(emptyIsAbsent(proxy.text("oidc_issuer_endpoint")), claim.isEmpty() ? OpenIdSettings.USUAL_CLAIM : claim, liquid, null);
    }

    private String name(String field, String usual) {
        return shared.one(proxy.text(field, usual).toLowerCase(Locale.ROOT));
    }

    // ---- where calls come from and go to

    private List<String> hosts(List<String> written) {
        if (!proxy.has("hosts")) {
            return List.of("localhost");
        }
        var hosts = new LinkedHashSet<String>();
        for (var host : written) {
            var wrong = Spelling.host(host);
            if (wrong != null) {
                proxy.warn("hosts", wrong + ": no request matches it");
            }
            hosts.add(host.toLowerCase(Locale.ROOT));
        }
        return List.copyOf(hosts);
    }

    private @Nullable String upstream() {
        var url = emptyIsAbsent(proxy.text("api_backend"));
        var wrong = url == null ? null : Spelling.url(url);
        if (wrong != null) {
            proxy.warn("api_backend", wrong + ": calls are counted and answered 404");
            return null;
        }
        return url;
    }

    private @Nullable BackendEndpoint backend() {
        if (!proxy.has("backend")) {
            return null;
        }
        if (proxy.isText("backend")) {
            return endpoint(proxy, "backend", null);
        }
        var backend = proxy.object("backend");
        return backend == null ? null : endpoint(backend, "endpoint", emptyIsAbsent(backend.text("host")));
    }

    private @Nullable BackendEndpoint endpoint(JsonObject from, String field, @Nullable String host) {
        var url = emptyIsAbsent(from.text(field));
        var wrong = url == null ? null : Spelling.url(url);
        if (wrong != null) {
            from.complain(field, wrong);
            return null;
        }
        return url == null ? null : shared.one(new BackendEndpoint(url, host));
    }

    private ErrorAnswer error(String kind, ErrorAnswer usual) {
        return shared.one(new ErrorAnswer(
                (int) proxy.number("error_status_" + kind, usual.status(), 200, 599),
                proxy.text("error_headers_" + kind, usual.contentType()),
                proxy.text("error_" + kind, usual.body())));
    }

    // ---- policies

    private List<PolicySpec> policies() {
        if (!proxy.has("policy_chain")) {
            return List.of(PolicySpec.APICAST);
        }
        var chain = new ArrayList<PolicySpec>();
        for (var element : proxy.objects("policy_chain")) {
            var name = element.text("name", "");
            boolean prefixed = name.startsWith(PREFIX);
            var version = prefixed ? BUILTIN : element.text("version", BUILTIN);
            if (name.isEmpty()) {
                element.complain("name", "is missing (expected: the name of a policy, e.g. apicast)");
            } else if (!version.equals(BUILTIN)) {
                element.complain("version", version + ": there is no such version of policy " + name + " (expected: " + BUILTIN + ")");
            }
            var configuration = element.object("configuration");
            chain.add(new PolicySpec(
                    prefixed ? name.substring(PREFIX.length()) : name, configuration == null ? Map.of() : configuration.plain()));
        }
        if (chain.isEmpty()) {
            proxy.warn("policy_chain", "is empty: EVERY CALL IS ANSWERED 200 WITHOUT A CHECK and reaches no upstream"
                    + " (expected: null for the usual chain, or a list with apicast in it)");
        }
        return shared.one(List.copyOf(chain));
    }

    // ---- mapping rules

    private List<MappingRule> rules() {
        var given = proxy.objects("proxy_rules");
        var rules = new ArrayList<MappingRule>(given.size());
        for (var rule : given) {
            var metric = emptyIsAbsent(rule.text("metric_system_name"));
            var pattern = rule.text("pattern");
            var method = rule.text("http_method");
            if (metric == null || pattern == null || method == null) {
                rule.warn(metric == null ? "metric_system_name" : pattern == null ? "pattern" : "http_method",
                        "is missing: this rule is left out");
                continue;
            }
            if (!Spelling.METHODS.contains(method) && !method.equals(method.toUpperCase(Locale.ROOT))) {
                rule.warn("http_method", method + " matches no request" + Nearest.hint(method, Spelling.METHODS.stream().sorted().toList()));
            }
            var live = Spelling.liveCharacter(pattern);
            if (live != null) {
                rule.warn("pattern", pattern + ": " + live);
            }
            rules.add(new MappingRule(shared.one(method), pattern, conditions(rule), shared.one(metric),
                    rule.number("delta", 0, Integer.MIN_VALUE, Integer.MAX_VALUE), rule.truth("last", false)));
        }
        return rules;
    }

    private static List<QueryCondition> conditions(JsonObject rule) {
        var parameters = rule.object("querystring_parameters");
        return parameters == null ? List.of()
                : parameters.names().stream().map(name -> new QueryCondition(name, parameters.text(name, ""))).toList();
    }

    private @Nullable String sharedText(@Nullable String text) {
        return text == null ? null : shared.one(text);
    }

    private static @Nullable String emptyIsAbsent(@Nullable String text) {
        return text == null || text.isEmpty() ? null : text;
    }
}
