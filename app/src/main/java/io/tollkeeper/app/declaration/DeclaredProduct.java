package io.tollkeeper.app.declaration;

import java.util.List;
import java.util.Set;

import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.proxy.ProxyConfig;
import org.jspecify.annotations.Nullable;

/// One product as a file declares it: the gateway's part, and the meter's. Immutable.
///
/// @param backendVersion `1` or `2`, as the meter stores it
/// @param metrics        unnumbered; the id of a metric is its name
public record DeclaredProduct(
        ProxyConfig proxy,
        @Nullable String backendVersion,
        List<Metric> metrics,
        List<String> plans,
        List<UsageLimit> limits,
        List<DeclaredApplication> applications,
        Set<String> serviceTokens) {

    public DeclaredProduct {
        metrics = List.copyOf(metrics);
        plans = List.copyOf(plans);
        limits = List.copyOf(limits);
        applications = List.copyOf(applications);
        serviceTokens = Set.copyOf(serviceTokens);
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
