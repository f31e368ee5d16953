package io.tollkeeper.gateway.policy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.Finding.Severity;
import io.tollkeeper.core.proxy.PolicySpec;
import org.jspecify.annotations.Nullable;

/// The policies of this version by their name in a chain, and the chain made of them. A policy that is not known or
/// cannot be made is an error of its product: leaving it out could leave an API unprotected (gateway specification,
/// section 0, row 4). Pure; any thread.
public final class BuiltinPolicies {

    private static final Map<String, PolicyFactory> BY_NAME = Map.ofEntries(
            entry("3scale_referrer", (_, _) -> new ReferrerPolicy()),
            entry("apicast", (_, parts) -> new ApicastPolicy(parts)),
            entry("caching", (fields, _) -> CachingPolicy.create(fields)),
            entry("request_unbuffered", (_, _) -> new RequestUnbufferedPolicy()),
            entry("upstream_connection", UpstreamConnectionPolicy::read),
            entry("websocket", (_, _) -> new WebSocketPolicy()));

    private static Map.Entry<String, PolicyFactory> entry(String name, PolicyFactory factory) {
        return Map.entry(name, factory);
    }

    private BuiltinPolicies() {}

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
                findings.add(new Finding(Severity.ERROR, file, 0, 0, path + ".name", spec.name()
                        + " is not a policy of this version (expected: one of "
                        + String.join(", ", BY_NAME.keySet().stream().sorted().toList()) + ")", null));
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
}
