package io.tollkeeper.app.declaration;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import io.tollkeeper.app.declaration.DeclaredProduct.DeclaredApplication;
import io.tollkeeper.app.document.Document;
import io.tollkeeper.app.document.Findings;
import io.tollkeeper.app.document.Node;
import io.tollkeeper.app.document.Section;
import io.tollkeeper.app.settings.Settings;
import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.catalog.Identifier;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.proxy.CredentialsLocation;
import io.tollkeeper.core.proxy.ErrorAnswer;
import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.proxy.OpenIdSettings;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.verdict.Nearest;
import io.tollkeeper.gateway.rules.MappingRules;
import io.tollkeeper.http.Headers;
import io.tollkeeper.http.fetch.FetchUrl;
import org.jspecify.annotations.Nullable;

/// Reads the `products` of a `tollkeeper.yaml`. Pure computation; belongs to one reading of one file.
///
/// ```yaml
/// products:
///   orders:
///     hosts: [api.example.com]
///     upstream: http://10.0.0.7:8080
///     credentials: {kind: user-key, location: query}
///     methods: [get_orders]
///     rules:
///       - {method: GET, pattern: /orders, metric: get_orders}
///     plans:
///       basic:
///         limits:
///           - {metric: hits, period: minute, max: 100}
///     applications:
///       alice: {plan: basic, user-key: a1b2c3}
/// ```
final class ProductsReader {
    private static final String HITS = "hits";
    private static final Map<String, AuthenticationMode> KINDS =
            Map.of("user-key", AuthenticationMode.USER_KEY, "app-id", AuthenticationMode.APP_ID, "openid", AuthenticationMode.OAUTH);
    private static final Map<String, CredentialsLocation> LOCATIONS = Map.of(
            "query", CredentialsLocation.QUERY,
            "headers", CredentialsLocation.HEADERS,
            "authorization", CredentialsLocation.AUTHORIZATION);
    private static final Map<String, Period> PERIODS = periods();

    private final Settings.Upstream upstream;
    private final Map<String, String> hostOwners = new HashMap<>();
    private final Set<String> tokens = new HashSet<>();

    private ProductsReader(Settings.Upstream upstream) {
        this.upstream = upstream;
    }

    static Declared read(Document document, Settings.Upstream upstream, Findings findings) {
        var root = document.root();
        if (root == null) {
            return Declared.NOTHING;
        }
        var reader = new ProductsReader(upstream);
        var products = new ArrayList<DeclaredProduct>();
        var top = Section.of(document.source(), root instanceof Node.Fields ? root : new Node.Nothing(1), "", findings);
        top.named("products").forEach((id, section) -> products.add(reader.product(id, section)));
        return new Declared(products, true);
    }

    private DeclaredProduct product(String id, Section section) {
        identifier(id, section);
        var metrics = metrics(section);
        var names = metrics.stream().map(Metric::name).collect(Collectors.toCollection(LinkedHashSet::new));
        var credentials = section.section("credentials");
        var mode = credentials.word("kind", KINDS, AuthenticationMode.USER_KEY);
        var errors = section.section("errors");
        var proxy = ProxyConfig.of(id)
                .systemName(section.text("name", id))
                .mode(mode)
                .openId(mode == AuthenticationMode.OAUTH ? openId(credentials) : null)
                .hosts(hosts(id, section))
                .apiBackend(upstream(section))
                .credentialsLocation(credentials.word("location", LOCATIONS,
                        mode == AuthenticationMode.OAUTH ? CredentialsLocation.AUTHORIZATION : CredentialsLocation.QUERY))
                .authUserKey(credentials.text("user-key", "user_key").toLowerCase(Locale.ROOT))
                .authAppId(credentials.text("app-id", "app_id").toLowerCase(Locale.ROOT))
                .authAppKey(credentials.text("app-key", "app_key").toLowerCase(Locale.ROOT))
                .authMissing(error(errors.section("credentials-missing"), ErrorAnswer.AUTH_MISSING))
                .authFailed(error(errors.section("credentials-refused"), ErrorAnswer.AUTH_FAILED))
                .limitsExceeded(error(errors.section("limits-exceeded"), ErrorAnswer.LIMITS_EXCEEDED))
                .noMatch(error(errors.section("no-rule"), ErrorAnswer.NO_MATCH))
                .secretToken(headerValue(section, "secret-token"))
                .hostnameRewrite(headerValue(section, "host-header"))
                .forwarded(upstream.forwarded())
                .upstreamPath(upstream.path())
                .rules(rules(section, names))
                .build();
        credentials.done();
        errors.done();
        var limits = new ArrayList<UsageLimit>();
        var plans = plans(section, names, limits);
        var applications = applications(section, mode, plans);
        var serviceTokens = serviceTokens(section);
        section.done();
        return new DeclaredProduct(
                proxy, version(mode), metrics, List.copyOf(plans), limits, applications, serviceTokens, null);
    }

    private static void identifier(String id, Section section) {
        if (id.isBlank() || id.length() > 255 || !id.equals(Identifier.normal(id)) || id.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            section.complain("\"" + id + "\" cannot be an id (expected: up to 255 printable ASCII characters without blanks)");
        }
    }

    private List<String> hosts(String id, Section section) {
        var hosts = new ArrayList<String>();
        var items = section.texts("hosts");
        if (items.isEmpty()) {
            section.complain("hosts is missing (expected: hosts: [api.example.com], the names by which this product is called)");
        }
        for (var item : items) {
            var host = item.text().toLowerCase(Locale.ROOT);
            var wrong = Spelling.host(item.text());
            if (wrong != null) {
                section.complain(item, wrong);
                continue;
            }
            var owner = hostOwners.putIfAbsent(host, id);
            if (owner == null) {
                hosts.add(host);
            } else {
                section.complain(item, host + (owner.equals(id) ? " is listed twice" : " belongs to product " + owner + " already"));
            }
        }
        return hosts;
    }

    private static @Nullable String upstream(Section section) {
        var url = section.required("upstream", "http://10.0.0.7:8080");
        var wrong = url == null ? null : Spelling.url(url);
        if (wrong != null) {
            section.complain("upstream", wrong);
        }
        return wrong == null ? url : null;
    }

    private static ErrorAnswer error(Section section, ErrorAnswer usual) {
        var contentType = headerValue(section, "content-type");
        var answer = new ErrorAnswer(
                (int) section.number("status", usual.status(), 200, 599),
                contentType == null ? usual.contentType() : contentType,
                section.text("body", usual.body()));
        section.done();
        return answer;
    }

    private static @Nullable String headerValue(Section section, String key) {
        var text = section.text(key);
        if (text != null && (text.isEmpty() || !Headers.isValidValue(text))) {
            section.complain(key, "cannot stand in a header (expected: printable characters, not empty)");
        }
        return text;
    }

    /// `hits` is always there, and every method counts as a hit too.
    private static List<Metric> metrics(Section section) {
        var metrics = new ArrayList<Metric>();
        metrics.add(new Metric(Metric.UNNUMBERED, HITS, HITS, null));
        var seen = new HashSet<String>();
        for (var item : section.texts("metrics")) {
            if (metricName(section, item, seen) && !item.text().equals(HITS)) {
                metrics.add(new Metric(Metric.UNNUMBERED, item.text(), item.text(), null));
            }
        }
        seen.add(HITS);
        for (var item : section.texts("methods")) {
            if (metricName(section, item, seen)) {
                metrics.add(new Metric(Metric.UNNUMBERED, item.text(), item.text(), HITS));
            }
        }
        return metrics;
    }

    private static boolean metricName(Section section, Section.Item item, Set<String> seen) {
        var name = item.text();
        if (name.isBlank() || name.length() > 255 || name.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            section.complain(item, "\"" + name + "\" cannot be a name (expected: up to 255 printable ASCII characters without blanks)");
            return false;
        }
        if (!seen.add(name)) {
            section.complain(item, name + " is declared already");
            return false;
        }
        return true;
    }

    private static List<MappingRule> rules(Section section, Set<String> metrics) {
        var rules = new ArrayList<MappingRule>();
        for (var rule : section.sections("rules")) {
            var method = rule.required("method", "GET");
            var pattern = rule.required("pattern", "/orders/{id}");
            var metric = rule.text("metric", HITS);
            long delta = rule.number("delta", 1, 0, Integer.MAX_VALUE);
            boolean last = rule.truth("last", false);
            rule.done();
            if (method != null && !Spelling.METHODS.contains(method)) {
                rule.complain("method", method + " is not a method" + Nearest.hint(method, Spelling.METHODS.stream().sorted().toList()));
            }
            var wrong = pattern == null ? null : Spelling.pattern(pattern);
            if (wrong != null) {
                rule.complain("pattern", wrong);
            } else if (pattern != null && MappingRules.matchesNothing(pattern)) {
                rule.warn("pattern", pattern + " can match no path (expected: characters as they stand in a URL)");
            }
            if (!metrics.contains(metric)) {
                rule.complain("metric", metric + " is neither a metric nor a method of this product" + Nearest.hint(metric, metrics));
            }
            if (method != null && pattern != null) {
                rules.add(new MappingRule(method, pattern, Spelling.conditions(pattern), metric, delta, last));
            }
        }
        if (rules.isEmpty() && !section.has("rules")) {
            section.complain("rules is missing (expected: at least one, e.g. - {method: ANY, pattern: /, metric: hits}; what matches no rule is refused)");
        }
        return rules;
    }

    private static Set<String> plans(Section section, Set<String> metrics, List<UsageLimit> limits) {
        var plans = new LinkedHashSet<String>();
        section.named("plans").forEach((id, plan) -> {
            identifier(id, plan);
            plans.add(id);
            var seen = new HashSet<String>();
            for (var limit : plan.sections("limits")) {
                var metric = limit.required("metric", HITS);
                var period = limit.required("period", "minute") == null ? null : limit.<@Nullable Period>word("period", PERIODS, null);
                var max = limit.required("max", "100") == null ? -1 : limit.number("max", -1, 0, Long.MAX_VALUE);
                limit.done();
                if (metric != null && !metrics.contains(metric)) {
                    limit.complain("metric", metric + " is neither a metric nor a method of this product" + Nearest.hint(metric, metrics));
                } else if (metric != null && period != null && max >= 0) {
                    if (!seen.add(metric + " " + period)) {
                        limit.complain("a second limit on " + metric + " per " + period.wireName() + " (one of them must go)");
                    }
                    limits.add(new UsageLimit(id, metric, period, max));
                }
            }
            plan.done();
        });
        return plans;
    }

    /// 3scale's `backend_version`.
    private static String version(AuthenticationMode mode) {
        return switch (mode) {
            case USER_KEY -> "1";
            case APP_ID -> "2";
            case OAUTH -> "oauth";
        };
    }

    /// `{kind: openid, issuer: https://sso.example/realms/shop, client-id-claim: azp}`
    private static OpenIdSettings openId(Section credentials) {
        var issuer = credentials.required("issuer", "https://sso.example/realms/shop");
        var claim = credentials.text("client-id-claim", OpenIdSettings.USUAL_CLAIM);
        if (issuer != null && FetchUrl.parse(issuer) == null) {
            credentials.complain("issuer", "is no http URL (expected: where .well-known/openid-configuration is found, e.g. https://sso.example/realms/shop)");
        }
        return new OpenIdSettings(issuer, claim, false, null);
    }

    private static List<DeclaredApplication> applications(Section section, AuthenticationMode mode, Set<String> plans) {
        var applications = new ArrayList<DeclaredApplication>();
        var keyOwners = new HashMap<String, String>();
        section.named("applications").forEach((id, application) -> {
            identifier(id, application);
            var plan = application.required("plan", plans.isEmpty() ? "basic" : plans.iterator().next());
            if (plan != null && !plans.contains(plan)) {
                application.complain("plan", plan + " is not a plan of this product" + Nearest.hint(plan, plans));
            }
            var state = application.word("state", Map.of("active", "active", "suspended", "suspended"), "active");
            var userKeys = userKeys(application, id, keyOwners);
            var keys = application.texts("app-keys").stream().map(Section.Item::text).collect(Collectors.toCollection(LinkedHashSet::new));
            if (mode == AuthenticationMode.USER_KEY && userKeys.isEmpty() && !application.has("user-key") && !application.has("user-keys")) {
                application.complain("user-key is missing: nobody could call as this application (expected: user-key: its secret)");
            }
            if (mode != AuthenticationMode.USER_KEY && !userKeys.isEmpty()) {
                application.complain(application.has("user-key") ? "user-key" : "user-keys", mode == AuthenticationMode.APP_ID
                        ? "the product's credentials are of kind app-id: applications are known by their id and app-keys"
                        : "the product's credentials are of kind openid: applications are known by their id, which tokens name");
            }
            var filters = application.texts("referrer-filters").stream().map(Section.Item::text).toList();
            application.done();
            applications.add(new DeclaredApplication(id, state, plan == null ? "" : plan, userKeys, keys, filters));
        });
        return applications;
    }

    private static Set<String> userKeys(Section application, String id, Map<String, String> keyOwners) {
        var keys = new LinkedHashSet<String>();
        var items = new ArrayList<>(application.texts("user-key"));
        items.addAll(application.texts("user-keys"));
        for (var item : items) {
            var key = item.text();
            if (key.isEmpty() || key.length() > 256 || key.chars().anyMatch(c -> c <= ' ' || c > '~')) {
                application.complain(item, "cannot be a key (expected: up to 256 printable ASCII characters without blanks)");
                continue;
            }
            var owner = keyOwners.putIfAbsent(key, id);
            if (owner != null) {
                application.complain(item, "this key belongs to application " + owner + " already");
            }
            keys.add(key);
        }
        return keys;
    }

    private Set<String> serviceTokens(Section section) {
        var own = new LinkedHashSet<String>();
        for (var item : section.texts("service-tokens")) {
            if (item.text().isBlank()) {
                section.complain(item, "is empty (expected: a secret)");
            } else if (tokens.add(item.text())) {
                own.add(item.text());
            } else {
                section.complain(item, "this token is used already (expected: one of its own for every product)");
            }
        }
        return own;
    }

    private static Map<String, Period> periods() {
        var periods = new LinkedHashMap<String, Period>();
        for (var period : Period.values()) {
            periods.put(period.wireName(), period);
        }
        return periods;
    }
}
