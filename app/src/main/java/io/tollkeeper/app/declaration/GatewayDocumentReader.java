package io.tollkeeper.app.declaration;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.app.document.Document;
import io.tollkeeper.app.document.Findings;
import io.tollkeeper.app.document.Node;
import io.tollkeeper.app.document.Section;
import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.proxy.CredentialsLocation;
import io.tollkeeper.core.proxy.ErrorAnswer;
import io.tollkeeper.core.proxy.ForwardedHeaders;
import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.proxy.MappingRule.QueryCondition;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.proxy.UpstreamPath;
import io.tollkeeper.core.verdict.Nearest;
import org.jspecify.annotations.Nullable;

/// Reads 3scale's gateway document (JSON): `services[]` with their `proxy`, null meaning absent everywhere. Fields that
/// the gateway does not use are ignored, as the original does. Pure computation; belongs to one reading of one file.
///
/// What the original skips with a log line (a second service of one id, a host taken twice, a URL that is none) is a
/// warning here. What would let calls pass that ought not to (a policy or a login method that does not exist here) is
/// an error: the document is refused as a whole.
final class GatewayDocumentReader {
    private static final Map<String, CredentialsLocation> LOCATIONS = Map.of(
            "query", CredentialsLocation.QUERY,
            "headers", CredentialsLocation.HEADERS,
            "authorization", CredentialsLocation.AUTHORIZATION);

    private final Map<String, String> hostOwners = new HashMap<>();

    private GatewayDocumentReader() {}

    /// Whether the document is one of these: an object with `services`, or an empty object.
    static boolean recognises(Document document, String text) {
        return text.stripLeading().startsWith("{") && (document.fields().isEmpty()
                || document.fields().stream().anyMatch(field -> field.key().equals("services")));
    }

    static Declared read(Document document, Findings findings) {
        if (document.root() == null) {
            return Declared.NOTHING;
        }
        var reader = new GatewayDocumentReader();
        var products = new ArrayList<DeclaredProduct>();
        var seen = new HashMap<String, Integer>();
        for (var service : Section.of(document.source(), document.root(), "", findings).sections("services")) {
            var id = service.text("id", "default");
            var first = seen.putIfAbsent(id, service.line());
            if (first == null) {
                products.add(reader.service(id, service));
            } else {
                service.warn("id", id + " is the id of the service on line " + first + ": this one is left out");
            }
        }
        return new Declared(products, false);
    }

    private DeclaredProduct service(String id, Section service) {
        var proxy = service.section("proxy");
        var version = service.text("backend_version");
        var mode = mode(service, proxy, version);
        policies(proxy);
        meterEndpoint(proxy);
        var location = proxy.text("credentials_location", "query");
        if (!LOCATIONS.containsKey(location)) {
            proxy.warn("credentials_location", location + " is not known" + Nearest.hint(location, LOCATIONS.keySet().stream().sorted().toList())
                    + ": every call is answered as one without credentials");
            mode = null;
        }
        var config = ProxyConfig.of(id)
                .systemName(service.text("system_name", ""))
                .mode(mode)
                .hosts(hosts(id, proxy))
                .apiBackend(upstream(proxy))
                .credentialsLocation(LOCATIONS.getOrDefault(location, CredentialsLocation.QUERY))
                .authUserKey(proxy.text("auth_user_key", "user_key").toLowerCase(Locale.ROOT))
                .authAppId(proxy.text("auth_app_id", "app_id").toLowerCase(Locale.ROOT))
                .authAppKey(proxy.text("auth_app_key", "app_key").toLowerCase(Locale.ROOT))
                .authMissing(error(proxy, "auth_missing", ErrorAnswer.AUTH_MISSING))
                .authFailed(error(proxy, "auth_failed", ErrorAnswer.AUTH_FAILED))
                .limitsExceeded(error(proxy, "limits_exceeded", ErrorAnswer.LIMITS_EXCEEDED))
                .noMatch(error(proxy, "no_match", ErrorAnswer.NO_MATCH))
                .secretToken(proxy.text("secret_token"))
                .hostnameRewrite(emptyIsAbsent(proxy.text("hostname_rewrite")))
                .forwarded(ForwardedHeaders.PASS)
                .upstreamPath(UpstreamPath.NORMALISE_BEHIND_BASE_PATH)
                .backendAuthenticationType(service.text("backend_authentication_type"))
                .backendAuthenticationValue(service.text("backend_authentication_value"))
                .rules(rules(proxy))
                .build();
        return new DeclaredProduct(config, version, List.of(), List.of(), List.of(), List.of(), Set.of());
    }

    private static @Nullable AuthenticationMode mode(Section service, Section proxy, @Nullable String version) {
        var method = proxy.text("authentication_method");
        if ("oauth".equals(version) || "oidc".equals(method) || "oauth".equals(method)) {
            service.complain("backend_version", "OAuth and OpenID Connect are not built yet (expected: 1 or 2)");
            return null;
        }
        if ("1".equals(version)) {
            return AuthenticationMode.USER_KEY;
        }
        if ("2".equals(version)) {
            return AuthenticationMode.APP_ID;
        }
        service.warn("backend_version", (version == null ? "is missing" : version + " is not known")
                + " (expected: 1 or 2): every call is answered as one without credentials");
        return null;
    }

    /// A policy that is left out may have been the one that protects the API; so none is.
    private static void policies(Section proxy) {
        for (var policy : proxy.sections("policy_chain")) {
            var name = policy.text("name", "");
            if (!name.equals("apicast") && !name.equals("apicast.policy.apicast")) {
                policy.complain("name", name + " is not a policy of this version (expected: apicast)");
            }
        }
        if (proxy.has("policy_chain") && proxy.sections("policy_chain").isEmpty()) {
            proxy.complain("policy_chain", "is empty: every call would pass without a check (expected: null, or apicast in it)");
        }
    }

    private static void meterEndpoint(Section proxy) {
        var backend = proxy.has("backend") ? proxy.section("backend").text("endpoint") : null;
        if (backend != null) {
            proxy.warn("backend", backend + " is not asked: this version counts in its own process");
        }
    }

    private List<String> hosts(String id, Section proxy) {
        var items = proxy.texts("hosts");
        if (!proxy.has("hosts")) {
            return hostOwners.putIfAbsent("localhost", id) == null ? List.of("localhost") : List.of();
        }
        var hosts = new ArrayList<String>();
        for (var item : items) {
            var host = item.text().toLowerCase(Locale.ROOT);
            var owner = hostOwners.putIfAbsent(host, id);
            if (owner == null) {
                hosts.add(host);
            } else if (!owner.equals(id)) {
                proxy.warn(item, host + " belongs to service " + owner + " already: left out here");
            }
        }
        return hosts;
    }

    private static @Nullable String upstream(Section proxy) {
        var url = emptyIsAbsent(proxy.text("api_backend"));
        var wrong = url == null ? null : Spelling.url(url);
        if (wrong != null) {
            proxy.warn("api_backend", wrong + ": calls are counted and answered 404");
            return null;
        }
        return url;
    }

    private static ErrorAnswer error(Section proxy, String kind, ErrorAnswer usual) {
        return new ErrorAnswer(
                (int) proxy.number("error_status_" + kind, usual.status(), 200, 599),
                proxy.text("error_headers_" + kind, usual.contentType()),
                proxy.text("error_" + kind, usual.body()));
    }

    private static List<MappingRule> rules(Section proxy) {
        var rules = new ArrayList<MappingRule>();
        for (var rule : proxy.sections("proxy_rules")) {
            var metric = emptyIsAbsent(rule.text("metric_system_name"));
            var pattern = rule.text("pattern");
            var method = rule.text("http_method");
            if (metric == null || pattern == null || method == null) {
                rule.warn(metric == null ? "metric_system_name" : pattern == null ? "pattern" : "http_method",
                        "is missing: this rule is left out");
                continue;
            }
            if (!Spelling.METHODS.contains(method)) {
                rule.warn("http_method", method + " matches no request" + Nearest.hint(method, Spelling.METHODS.stream().sorted().toList()));
            }
            rules.add(new MappingRule(
                    method, pattern, conditions(rule), metric, rule.number("delta", 0, Integer.MIN_VALUE, Integer.MAX_VALUE), rule.truth("last", false)));
        }
        return rules;
    }

    private static List<QueryCondition> conditions(Section rule) {
        var parameters = rule.section("querystring_parameters");
        return parameters.keys().stream().map(name -> new QueryCondition(name, parameters.text(name, ""))).toList();
    }

    private static @Nullable String emptyIsAbsent(@Nullable String text) {
        return text == null || text.isEmpty() ? null : text;
    }
}
