package io.tollkeeper.app.declaration;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import io.tollkeeper.app.declaration.DeclaredProduct.DeclaredApplication;
import io.tollkeeper.app.declaration.Ownership.Owned;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.ProductSettings;
import io.tollkeeper.core.catalog.ServiceToken;
import io.tollkeeper.core.catalog.UsageLimit;

/// The changes that turn the stored catalogue into what a file declares. Computing them reads the store: blocks.
///
/// Two lists, because the gateway swaps its routes between them: what a new route needs is there before it, what an
/// old route still needs goes after it.
///
/// @param before saves
/// @param after  removals
/// @param then   what the file owns once both are done
public record Reconciliation(List<CatalogChange> before, List<CatalogChange> after, Ownership then) {

    /// @param stored the catalogue in memory
    /// @param store  asked for applications, which are not in memory
    /// @param owned  what earlier files declared
    public static Reconciliation of(Declared declared, Catalog.Snapshot stored, CatalogStore store, Ownership owned) {
        var before = new ArrayList<CatalogChange>();
        var after = new ArrayList<CatalogChange>();
        var then = new HashMap<String, Owned>();
        var products = declared.complete() ? declared.products() : List.<DeclaredProduct>of();
        for (var product : products) {
            new OfProduct(product, stored, store, before, after).plan(owned);
            then.put(product.id(), new Owned(
                    product.applications().stream().map(DeclaredApplication::id).collect(Collectors.toSet()), product.serviceTokens()));
        }
        defaultProduct(products, stored, owned, before);
        owned.products().forEach((id, was) -> removals(id, was, then.get(id), owned.providerKey(), products, stored, after));
        return new Reconciliation(before, after, new Ownership(owned.providerKey(), then));
    }

    private static void defaultProduct(
            List<DeclaredProduct> products, Catalog.Snapshot stored, Ownership owned, List<CatalogChange> before) {
        var current = stored.defaultProductId(owned.providerKey());
        boolean stays = products.stream().anyMatch(product -> product.id().equals(current));
        if (!stays && !products.isEmpty()) {
            before.add(new CatalogChange.DefaultProductSet(owned.providerKey(), products.getFirst().id()));
        }
    }

    private static void removals(
            String id, Owned was, @org.jspecify.annotations.Nullable Owned is, String providerKey,
            List<DeclaredProduct> products, Catalog.Snapshot stored, List<CatalogChange> after) {
        for (var application : was.applications()) {
            if (is == null || !is.applications().contains(application)) {
                after.add(new CatalogChange.ApplicationDeleted(id, application));
            }
        }
        for (var token : was.tokens()) {
            if (is == null || !is.tokens().contains(token)) {
                after.add(new CatalogChange.TokenDeleted(new ServiceToken(token, id)));
            }
        }
        if (is == null && stored.product(id) != null) {
            after.add(new CatalogChange.ProductDeleted(id));
            if (products.isEmpty() && id.equals(stored.defaultProductId(providerKey))) {
                after.add(new CatalogChange.DefaultProductRemoved(providerKey, id));
            }
        }
    }

    /// The changes of one product.
    private static final class OfProduct {
        private final DeclaredProduct product;
        private final Catalog.Snapshot stored;
        private final CatalogStore store;
        private final List<CatalogChange> before;
        private final List<CatalogChange> after;

        OfProduct(DeclaredProduct product, Catalog.Snapshot stored, CatalogStore store, List<CatalogChange> before, List<CatalogChange> after) {
            this.product = product;
            this.stored = stored;
            this.store = store;
            this.before = before;
            this.after = after;
        }

        void plan(Ownership owned) {
            settings(owned);
            var ids = metrics();
            limits(ids);
            for (var token : product.serviceTokens()) {
                if (!stored.hasToken(token, product.id())) {
                    before.add(new CatalogChange.TokenSaved(new ServiceToken(token, product.id())));
                }
            }
            var declaredKeys = product.applications().stream().flatMap(application -> application.userKeys().stream()).collect(Collectors.toSet());
            product.applications().forEach(application -> application(application, declaredKeys));
        }

        private void settings(Ownership owned) {
            var is = stored.product(product.id());
            var wanted = new ProductSettings(is == null ? ProductSettings.UNNUMBERED : is.number(), product.id(),
                    is == null ? owned.providerKey() : is.settings().providerKey(), product.backendVersion(), true, false);
            if (is == null || !is.settings().equals(wanted)) {
                before.add(new CatalogChange.ProductSaved(wanted));
            }
        }

        /// A metric that is stored under the declared name keeps its id and number, and with them its counts.
        /// Answers the ids by name.
        private Map<String, String> metrics() {
            var is = new LinkedHashMap<String, Metric>();
            stored.parts(product.id()).metrics().forEach(metric -> is.put(metric.name(), metric));
            var ids = new HashMap<String, String>();
            product.metrics().forEach(metric -> ids.put(metric.name(), is.containsKey(metric.name()) ? is.get(metric.name()).id() : metric.id()));
            for (var metric : product.metrics()) {
                var parent = metric.parentId() == null ? null : ids.get(metric.parentId());
                var same = is.remove(metric.name());
                var wanted = new Metric(same == null ? Metric.UNNUMBERED : same.number(), ids.getOrDefault(metric.name(), metric.id()), metric.name(), parent);
                if (!wanted.equals(same)) {
                    before.add(new CatalogChange.MetricSaved(product.id(), wanted));
                }
            }
            is.values().forEach(gone -> after.add(new CatalogChange.MetricDeleted(product.id(), gone.id())));
            return ids;
        }

        private void limits(Map<String, String> metricIds) {
            record Place(String plan, String metric, io.tollkeeper.core.usage.Period period) {}
            var is = new LinkedHashMap<Place, UsageLimit>();
            stored.parts(product.id()).limits().forEach(limit -> is.put(new Place(limit.planId(), limit.metricId(), limit.period()), limit));
            for (var limit : product.limits()) {
                var wanted = new UsageLimit(limit.planId(), metricIds.getOrDefault(limit.metricId(), limit.metricId()), limit.period(), limit.max());
                if (!wanted.equals(is.remove(new Place(wanted.planId(), wanted.metricId(), wanted.period())))) {
                    before.add(new CatalogChange.LimitSaved(product.id(), wanted));
                }
            }
            is.values().forEach(gone -> after.add(new CatalogChange.LimitDeleted(product.id(), gone.planId(), gone.metricId(), gone.period())));
        }

        private void application(DeclaredApplication application, Set<String> declaredKeys) {
            var is = store.application(product.id(), application.id());
            var wanted = new Application(is == null ? Application.UNNUMBERED : is.number(), product.id(), application.id(),
                    application.state(), application.plan(), application.plan(), is == null ? null : is.redirectUrl(),
                    application.keys(), application.referrerFilters());
            if (is == null || !is.equals(wanted.withKeys(is.keys()).withReferrerFilters(is.referrerFilters()))) {
                before.add(new CatalogChange.ApplicationSaved(wanted));
            }
            if (is != null) {
                difference(application.keys(), is.keys(),
                        key -> new CatalogChange.ApplicationKeyAdded(product.id(), application.id(), key),
                        key -> new CatalogChange.ApplicationKeyRemoved(product.id(), application.id(), key));
                difference(Set.copyOf(application.referrerFilters()), Set.copyOf(is.referrerFilters()),
                        filter -> new CatalogChange.ReferrerFilterAdded(product.id(), application.id(), filter),
                        filter -> new CatalogChange.ReferrerFilterRemoved(product.id(), application.id(), filter));
            }
            // A key that moved to another application is saved there; deleting it here afterwards would delete it there.
            var keys = store.userKeys(product.id(), application.id()).stream()
                    .filter(key -> application.userKeys().contains(key) || !declaredKeys.contains(key)).collect(Collectors.toSet());
            difference(application.userKeys(), keys,
                    key -> new CatalogChange.UserKeySaved(product.id(), key, application.id()),
                    key -> new CatalogChange.UserKeyDeleted(product.id(), key));
        }

        private void difference(
                Set<String> wanted, Set<String> is,
                java.util.function.Function<String, CatalogChange> add, java.util.function.Function<String, CatalogChange> remove) {
            wanted.stream().filter(value -> !is.contains(value)).sorted().map(add).forEach(before::add);
            is.stream().filter(value -> !wanted.contains(value)).sorted().map(remove).forEach(after::add);
        }
    }
}
