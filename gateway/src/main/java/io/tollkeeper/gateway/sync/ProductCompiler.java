package io.tollkeeper.gateway.sync;

import java.util.List;

import io.tollkeeper.core.proxy.ErrorAnswer;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.gateway.credentials.CredentialsReader;
import io.tollkeeper.gateway.exchange.Service;
import io.tollkeeper.gateway.jwt.Issuers;
import io.tollkeeper.gateway.jwt.OpenId;
import io.tollkeeper.gateway.meter.Meter;
import io.tollkeeper.gateway.metrics.ProductMetricsRegistry;
import io.tollkeeper.gateway.policy.BuiltinPolicies;
import io.tollkeeper.gateway.policy.PolicyChain;
import io.tollkeeper.gateway.policy.ProductParts;
import io.tollkeeper.gateway.route.Route;
import io.tollkeeper.gateway.rules.MappingRules;
import io.tollkeeper.gateway.upstream.Forwarder;
import io.tollkeeper.gateway.upstream.UpstreamSettings;
import io.tollkeeper.gateway.upstream.UpstreamTarget;
import io.tollkeeper.http.Headers;
import org.jspecify.annotations.Nullable;

/// Compiles one product. Pure but for the accounts it opens with the meter; any thread. What it complains about as an
/// error is not taken over.
public final class ProductCompiler {

    private final Meter meter;
    private final Forwarder forwarder;
    private final UpstreamSettings upstreams;
    private final Issuers issuers;
    private final ProductMetricsRegistry counted;

    public ProductCompiler(Meter meter, Forwarder forwarder, UpstreamSettings upstreams, Issuers issuers, ProductMetricsRegistry counted) {
        this.meter = meter;
        this.forwarder = forwarder;
        this.upstreams = upstreams;
        this.issuers = issuers;
        this.counted = counted;
    }

    /// The running form, or none if there are errors among what is added to `findings`.
    @Nullable Route compile(ProxyConfig config, List<Finding> findings) {
        int before = findings.size();
        findings.addAll(config.problems());
        String backend = config.apiBackend();
        UpstreamTarget target = null;
        if (backend != null && !backend.isEmpty()) {
            switch (UpstreamTarget.read(backend, config, upstreams)) {
                case UpstreamTarget.Read.Good good -> target = good.target();
                case UpstreamTarget.Read.Bad bad -> error(findings, config, "api_backend", bad.message());
            }
        }
        answer(findings, config, "error_auth_missing", config.authMissing());
        answer(findings, config, "error_auth_failed", config.authFailed());
        answer(findings, config, "error_limits_exceeded", config.limitsExceeded());
        answer(findings, config, "error_no_match", config.noMatch());
        String token = config.secretToken();
        if (token != null && !Headers.isValidValue(token)) {
            error(findings, config, "secret_token", "has characters that cannot stand in a header");
        }
        for (int i = 0; i < config.rules().size(); i++) {
            rule(findings, config, i, config.rules().get(i));
        }
        String problem = meter.problem(config);
        if (problem != null) {
            error(findings, config, "backend.endpoint", problem);
        }
        OpenId openId = issuers.of(config, new Issuers.Complaints() {
            @Override
            public void error(String key, String message) {
                ProductCompiler.error(findings, config, key, message);
            }

            @Override
            public void warning(String key, String message) {
                ProductCompiler.warning(findings, config, key, message);
            }
        });
        if (hasErrors(findings, before)) {
            return null;
        }
        MappingRules rules = MappingRules.compile(config.rules());
        ProductParts parts = new ProductParts(
                config,
                new CredentialsReader(config),
                rules,
                openId,
                meter.account(config, rules.metrics()),
                forwarder,
                upstreams,
                target);
        PolicyChain chain = BuiltinPolicies.chain(config.policies(), parts, source(config), findings);
        return hasErrors(findings, before)
                ? null
                : new Route(
                        new Service(config, rules.metrics(), BuiltinPolicies.answerToFailure(config.policies()),
                                counted.of(config.productId(), config.systemName())), chain,
                        openId, target == null ? null : target.upstream());
    }

    private static boolean hasErrors(List<Finding> findings, int from) {
        return findings.subList(from, findings.size()).stream().anyMatch(Finding::isError);
    }

    private static String source(ProxyConfig config) {
        return "product " + config.productId();
    }

    private static void rule(List<Finding> findings, ProxyConfig config, int i, MappingRule rule) {
        String key = "rules[" + (i + 1) + "]";
        if (rule.metric().isBlank()) {
            error(findings, config, key, rule.method() + " " + rule.pattern() + " counts no metric (expected: the system name of one)");
        }
        if (MappingRules.matchesNothing(rule.pattern())) {
            warning(findings, config, key, rule.method() + " " + rule.pattern() + " can match no path"
                    + (rule.pattern().startsWith("/")
                            ? " (expected: blanks and characters beyond ASCII as in a URL, e.g. %20)"
                            : " (expected: a leading /)"));
        }
    }

    private static void answer(List<Finding> findings, ProxyConfig config, String key, ErrorAnswer answer) {
        if (answer.status() < 200 || answer.status() > 599) {
            error(findings, config, key, "status " + answer.status() + " cannot be answered (expected: 200 to 599)");
        }
        if (!Headers.isValidValue(answer.contentType())) {
            error(findings, config, key, "its content type has characters that cannot stand in a header");
        }
    }

    private static void error(List<Finding> findings, ProxyConfig config, String key, String message) {
        findings.add(finding(Finding.Severity.ERROR, config, key, message));
    }

    static void warning(List<Finding> findings, ProxyConfig config, String key, String message) {
        findings.add(finding(Finding.Severity.WARNING, config, key, message));
    }

    private static Finding finding(Finding.Severity severity, ProxyConfig config, String key, String message) {
        return new Finding(severity, source(config), 0, 0, key, message, null);
    }
}
