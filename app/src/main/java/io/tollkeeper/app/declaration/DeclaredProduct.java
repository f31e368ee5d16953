package io.tollkeeper.app.declaration;

import java.util.List;
import java.util.Set;

import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.proxy.ProxyConfig;
import org.jspecify.annotations.Nullable;

/// One product as a file declares it: the gateway's part, and the meter's. Immutable.
///
/// @param backendVersion `1`, `2` or `oauth`, as the meter stores it
/// @param metrics        unnumbered; the id of a metric is its name
/// @param original       how a 3scale document says it, null for products of `tollkeeper.yaml`
public record DeclaredProduct(
        ProxyConfig proxy,
        @Nullable String backendVersion,
        List<Metric> metrics,
        List<String> plans,
        List<UsageLimit> limits,
        List<DeclaredApplication> applications,
        Set<String> serviceTokens,
        @Nullable ServiceText original) {

    public DeclaredProduct {
        metrics = List.copyOf(metrics);
        plans = List.copyOf(plans);
        limits = List.copyOf(limits);
        applications = List.copyOf(applications);
        serviceTokens = Set.copyOf(serviceTokens);
    }

    /// A product of a 3scale document, which tells the gateway's part only.
    static DeclaredProduct ofDocument(ProxyConfig proxy, @Nullable String backendVersion, ServiceText original) {
        return new DeclaredProduct(proxy, backendVersion, List.of(), List.of(), List.of(), List.of(), Set.of(), original);
    }

    DeclaredProduct with(ProxyConfig same) {
        return new DeclaredProduct(same, backendVersion, metrics, plans, limits, applications, serviceTokens, original);
    }

    public String id() {
        return proxy.productId();
    }

    /// Who may call, and with what.
    ///
    /// @param keys application keys, for products with `kind: app-id`
    public record DeclaredApplication(
            String id, String state, String plan, Set<String> userKeys, Set<String> keys, List<String> referrerFilters) {
        public DeclaredApplication {
            userKeys = Set.copyOf(userKeys);
            keys = Set.copyOf(keys);
            referrerFilters = List.copyOf(referrerFilters);
        }
    }
}
