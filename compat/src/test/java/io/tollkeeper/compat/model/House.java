package io.tollkeeper.compat.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import org.jspecify.annotations.Nullable;

/// What exists: products with metrics, limits and applications. Filled by the test, read by the model.
final class House {

    record Metric(int id, String name, @Nullable String parent) {}

    record Limit(Metric metric, String period, long max) {}

    record App(
            String id, String state, @Nullable String plan, @Nullable String redirectUrl, Set<String> keys, Set<String> filters,
            Set<String> userKeys) {}

    /// A product (on the wire: a service).
    static final class Service {
        final String id;
        final String providerKey;
        final String mode;
        final boolean active;
        final boolean filtersRequired;
        final List<String> tokens = new ArrayList<>();
        final Map<String, Metric> metrics = new LinkedHashMap<>();
        final List<Limit> limits = new ArrayList<>();
        final Map<String, App> apps = new LinkedHashMap<>();

        Service(String id, String providerKey, String mode, boolean active, boolean filtersRequired) {
            this.id = id;
            this.providerKey = providerKey;
            this.mode = mode;
            this.active = active;
            this.filtersRequired = filtersRequired;
        }

        boolean isUserKey() {
            return mode.equals("1");
        }

        boolean isOauth() {
            return mode.equals("oauth");
        }

        @Nullable App byUserKey(String key) {
            return apps.values().stream().filter(app -> app.userKeys().contains(key)).findFirst().orElse(null);
        }

        /// Nearest first.
        List<String> ancestors(String metric) {
            var ancestors = new ArrayList<String>();
            var at = metrics.get(metric);
            while (at != null && at.parent() != null) {
                ancestors.add(at.parent());
                at = metrics.get(at.parent());
            }
            return ancestors;
        }

        List<String> children(String metric) {
            return metrics.values().stream().filter(child -> metric.equals(child.parent())).map(Metric::name).toList();
        }

        boolean isBelow(String metric, String ancestor) {
            return ancestors(metric).contains(ancestor);
        }
    }

    final Map<String, Service> services = new LinkedHashMap<>();

    /// The first product saved under a provider key.
    @Nullable Service defaultOf(String providerKey) {
        return services.values().stream().filter(service -> service.providerKey.equals(providerKey)).findFirst().orElse(null);
    }

    static Set<String> sorted(String... texts) {
        return new TreeSet<>(List.of(texts));
    }
}
