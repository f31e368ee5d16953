package io.tollkeeper.gateway.policy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.core.proxy.ErrorAnswer;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.Finding.Severity;
import io.tollkeeper.core.proxy.PolicySpec;
import io.tollkeeper.core.verdict.Nearest;
import org.jspecify.annotations.Nullable;

/// The policies of this version by their name in a chain, and the chain made of them. A policy that is not known or
/// cannot be made is an error of its product: leaving it out could leave an API unprotected (gateway specification,
/// section 0, row 4). Pure; any thread.
public final class BuiltinPolicies {

    private static final Map<String, PolicyFactory> BY_NAME = Map.ofEntries(
            entry("3scale_batcher", (fields, _) -> BatcherPolicy.create(fields)),
            entry("3scale_referrer", (_, _) -> new ReferrerPolicy()),
            entry("apicast", (_, parts) -> new ApicastPolicy(parts)),
            entry("caching", (fields, _) -> CachingPolicy.create(fields)),
            entry("grpc", (_, _) -> new GrpcPolicy()),
            entry(OnFailedPolicy.NAME, (fields, _) -> OnFailedPolicy.create(fields)),
            entry("request_unbuffered", (_, _) -> new RequestUnbufferedPolicy()),
            entry("upstream_connection", UpstreamConnectionPolicy::read),
            entry("upstream_mtls", UpstreamMtlsPolicy::read),
            entry("websocket", (_, _) -> new WebSocketPolicy()));

    private static Map.Entry<String, PolicyFactory> entry(String name, PolicyFactory factory) {
        return Map.entry(name, factory);
    }

    /// Policies of the original that come with a later version.
    private static final Set<String> LATER = Set.of(
            "camel", "clear_context", "conditional", "content_caching", "cors", "custom_metrics", "default_credentials",
            "echo", "fapi", "find_service", "headers", "http_proxy", "ip_check", "jwt_claim_check", "jwt_parser",
            "keycloak_role_check", "liquid_context_debug", "load_configuration", "local_chain", "logging",
            "maintenance_mode", "management", "nginx_filters", "nginx_metrics", "oauth_mtls", "payload_limits",
            "phase_logger", "rate_limit", "rate_limit_headers", "retry", "rewrite_url_captures", "routing", "soap",
            "standalone", "statuscode_overwrite", "tls", "tls_validation", "token_introspection", "upstream",
            "url_rewriting");

    private BuiltinPolicies() {}

    /// Names that a chain may have.
    public static List<String> names() {
        return BY_NAME.keySet().stream().sorted().toList();
    }

    /// What a chain with `on_failed` answers when it cannot be made or one of its policies fails, none without.
    public static @Nullable ErrorAnswer answerToFailure(List<PolicySpec> specs) {
        return OnFailedPolicy.answer(specs);
    }

    /// The chain of a product; what is wrong goes to `findings`, and then the chain is not to be served.
    ///
    /// @param file what findings name as their source
    public static PolicyChain chain(List<PolicySpec> specs, ProductParts parts, String file, List<Finding> findings) {
        List<Policy> policies = new ArrayList<>(specs.size());
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < specs.size(); i++) {
            PolicySpec spec = specs.get(i);
            String path = "policy_chain[" + (i + 1) + "]";
            PolicyFactory factory = BY_NAME.get(spec.name());
            if (factory == null) {
                findings.add(new Finding(Severity.ERROR, file, 0, 0, path + ".name", unknown(spec.name()), null));
                continue;
            }
            if (spec.name().equals("apicast") && !seen.add(spec.name())) {
                findings.add(new Finding(Severity.ERROR, file, 0, 0, path + ".name",
                        "apicast is in the chain twice: every call would be counted twice (expected: once)", null));
            }
            @Nullable Policy policy =
                    factory.create(new PolicyFields(file, path + ".configuration", spec.configuration(), findings), parts);
            if (policy != null) {
                policies.add(policy);
            }
        }
        return new PolicyChain(policies);
    }

    private static String unknown(String name) {
        List<String> known = BY_NAME.keySet().stream().sorted().toList();
        return LATER.contains(name)
                ? "policy " + name + " is not built yet, and without it the product would not be what it is configured"
                        + " to be (expected: " + String.join(", ", known) + ")"
                : name + " is no policy" + Nearest.hint(name, known);
    }
}
