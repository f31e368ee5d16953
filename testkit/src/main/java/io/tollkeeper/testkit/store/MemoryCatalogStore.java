package io.tollkeeper.testkit.store;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.CatalogCommit;
import io.tollkeeper.core.catalog.CatalogContent;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.KnownApplication;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.ProductSettings;
import io.tollkeeper.core.catalog.ServiceToken;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.event.AlertBins;
import org.jspecify.annotations.Nullable;

/// A catalogue that forgets everything when the test ends; passes the contract of real ones. Thread-safe.
public final class MemoryCatalogStore implements CatalogStore {

    private static final class OneProduct {
        final int number;
        @Nullable ProductSettings settings;
        final Map<String, Metric> metrics = new LinkedHashMap<>();
        final Set<String> deletedMetrics = new HashSet<>();
        final List<UsageLimit> limits = new ArrayList<>();
        int alertBins;
        final TreeMap<String, Application> applications = new TreeMap<>();
        final Map<String, Long> applicationNumbers = new HashMap<>();
        final TreeMap<String, String> userKeys = new TreeMap<>();

        OneProduct(int number) {
            this.number = number;
        }
    }

    private final Map<String, OneProduct> products = new LinkedHashMap<>();
    private final Set<ServiceToken> tokens = new HashSet<>();
    private final Map<String, String> defaults = new HashMap<>();
    private final Map<Long, Integer> productOfApplication = new HashMap<>();
    private long sequence;

    @Override
    public synchronized CatalogCommit apply(List<CatalogChange> changes) {
        var numbered = new ArrayList<CatalogChange>();
        for (var change : changes) {
            numbered.add(write(change));
        }
        sequence += changes.size();
        return new CatalogCommit(sequence, numbered);
    }

    private CatalogChange write(CatalogChange change) {
        switch (change) {
            case CatalogChange.ProductSaved(var settings) -> {
                var product = product(settings.id());
                product.settings = settings.numbered(product.number);
                return new CatalogChange.ProductSaved(settings.numbered(product.number));
            }
            case CatalogChange.ProductDeleted(var id) -> product(id).settings = null;
            case CatalogChange.DefaultProductSet(var key, var id) -> defaults.put(key, id);
            case CatalogChange.DefaultProductRemoved(var key, var id) -> defaults.remove(key, id);
            case CatalogChange.ProviderKeyChanged(var oldKey, var newKey, var id) -> {
                for (var product : products.values()) {
                    var old = product.settings;
                    if (old != null && old.providerKey().equals(oldKey)) {
                        product.settings = new ProductSettings(old.number(), old.id(), newKey, old.backendVersion(),
                                old.active(), old.referrerFiltersRequired());
                    }
                }
                defaults.remove(oldKey);
                defaults.put(newKey, id);
            }
            case CatalogChange.TokenSaved(var token) -> tokens.add(token);
            case CatalogChange.TokenDeleted(var token) -> tokens.remove(token);
            case CatalogChange.MetricSaved(var id, var metric) -> {
                return new CatalogChange.MetricSaved(id, save(product(id), metric));
            }
            case CatalogChange.MetricDeleted(var id, var metricId) -> product(id).deletedMetrics.add(metricId);
            case CatalogChange.LimitSaved(var id, var limit) -> {
                product(id).limits.removeIf(other -> isSame(other, limit));
                product(id).limits.add(limit);
            }
            case CatalogChange.LimitDeleted(var id, var plan, var metric, var period) ->
                product(id).limits.removeIf(other -> isSame(other, new UsageLimit(plan, metric, period, 0)));
            case CatalogChange.AlertLimitAdded(var id, var percent) ->
                product(id).alertBins |= AlertBins.mask(percent);
            case CatalogChange.AlertLimitRemoved(var id, var percent) ->
                product(id).alertBins &= ~AlertBins.mask(percent);
            case CatalogChange.ApplicationSaved(var application) -> {
                return new CatalogChange.ApplicationSaved(save(application));
            }
            case CatalogChange.ApplicationDeleted(var id, var application) -> {
                product(id).applications.remove(application);
                product(id).userKeys.values().removeIf(application::equals);
            }
            case CatalogChange.UserKeySaved(var id, var key, var application) ->
                product(id).userKeys.put(key, application);
            case CatalogChange.UserKeyDeleted(var id, var key) -> product(id).userKeys.remove(key);
            case CatalogChange.ApplicationKeyAdded(var id, var application, var key) ->
                product(id).applications.computeIfPresent(application, (_, before) -> {
                    var keys = new HashSet<>(before.keys());
                    keys.add(key);
                    return before.withKeys(keys);
                });
            case CatalogChange.ApplicationKeyRemoved(var id, var application, var key) ->
                product(id).applications.computeIfPresent(application, (_, before) -> {
                    var keys = new HashSet<>(before.keys());
                    keys.remove(key);
                    return before.withKeys(keys);
                });
            case CatalogChange.ReferrerFilterAdded(var id, var application, var filter) ->
                product(id).applications.computeIfPresent(application, (_, before) -> {
                    var filters = new ArrayList<>(before.referrerFilters());
                    filters.remove(filter);
                    filters.add(filter);
                    return before.withReferrerFilters(filters);
                });
            case CatalogChange.ReferrerFilterRemoved(var id, var application, var filter) ->
                product(id).applications.computeIfPresent(application, (_, before) -> {
                    var filters = new ArrayList<>(before.referrerFilters());
                    filters.remove(filter);
                    return before.withReferrerFilters(filters);
                });
        }
        return change;
    }

    private static boolean isSame(UsageLimit one, UsageLimit other) {
        return one.planId().equals(other.planId()) && one.metricId().equals(other.metricId())
                && one.period() == other.period();
    }

    private OneProduct product(String id) {
        return products.computeIfAbsent(id, _ -> new OneProduct(products.size() + 1));
    }

    private static Metric save(OneProduct product, Metric metric) {
        var before = product.metrics.get(metric.id());
        var saved = metric.numbered(before == null ? product.metrics.size() : before.number());
        product.metrics.put(metric.id(), saved);
        product.deletedMetrics.remove(metric.id());
        for (var deleted : product.deletedMetrics) {
            product.metrics.computeIfPresent(deleted, (_, old) -> old.name().equals(metric.name())
                    ? new Metric(old.number(), old.id(), "", old.parentId()) : old);
        }
        return saved;
    }

    private Application save(Application application) {
        var product = product(application.productId());
        long number = product.applicationNumbers.computeIfAbsent(application.id(), _ -> {
            long next = productOfApplication.size() + 1L;
            productOfApplication.put(next, product.number);
            return next;
        });
        var before = product.applications.get(application.id());
        var saved = application.numbered(number);
        if (before != null) {
            saved = saved.withKeys(before.keys()).withReferrerFilters(before.referrerFilters());
        }
        product.applications.put(application.id(), saved);
        return saved;
    }

    @Override
    public synchronized CatalogContent load() {
        var settings = new ArrayList<ProductSettings>();
        var parts = new HashMap<String, CatalogContent.Parts>();
        products.forEach((id, product) -> {
            if (product.settings != null) {
                settings.add(product.settings);
            }
            var metrics = product.metrics.values().stream()
                    .filter(metric -> !product.deletedMetrics.contains(metric.id()))
                    .toList();
            if (!metrics.isEmpty() || !product.limits.isEmpty() || product.alertBins != 0) {
                parts.put(id, new CatalogContent.Parts(metrics, product.limits, product.alertBins));
            }
        });
        return new CatalogContent(sequence, settings, parts, List.copyOf(tokens), defaults);
    }

    @Override
    public synchronized @Nullable Application application(String productId, String applicationId) {
        var product = products.get(productId);
        return product == null ? null : product.applications.get(applicationId);
    }

    @Override
    public synchronized @Nullable Application application(long number) {
        return products.values().stream()
                .flatMap(product -> product.applications.values().stream())
                .filter(application -> application.number() == number)
                .findFirst()
                .orElse(null);
    }

    @Override
    public synchronized @Nullable String applicationIdOfUserKey(String productId, String userKey) {
        var product = products.get(productId);
        return product == null ? null : product.userKeys.get(userKey);
    }

    @Override
    public synchronized long applicationNumber(String productId, String applicationId) {
        var product = products.get(productId);
        return product == null ? -1 : product.applicationNumbers.getOrDefault(applicationId, -1L);
    }

    @Override
    public synchronized int productNumber(long applicationNumber) {
        return productOfApplication.getOrDefault(applicationNumber, -1);
    }

    @Override
    public synchronized int metricNumberNamed(String productId, String name) {
        var product = products.get(productId);
        var found = -1;
        if (product != null && !name.isEmpty()) {
            for (var metric : product.metrics.values()) {
                if (metric.name().equals(name)) {
                    found = metric.number();
                    if (!product.deletedMetrics.contains(metric.id())) {
                        return found;
                    }
                }
            }
        }
        return found;
    }

    @Override
    public synchronized List<String> userKeys(String productId, String applicationId) {
        var product = products.get(productId);
        return product == null
                ? List.of()
                : product.userKeys.entrySet().stream()
                        .filter(entry -> entry.getValue().equals(applicationId))
                        .map(Map.Entry::getKey)
                        .toList();
    }

    @Override
    public synchronized List<KnownApplication> knownApplications(String productId, @Nullable String after, int limit) {
        var product = products.get(productId);
        return product == null
                ? List.of()
                : product.applicationNumbers.entrySet().stream()
                        .filter(entry -> after == null || entry.getKey().compareTo(after) > 0)
                        .sorted(Map.Entry.comparingByKey())
                        .limit(limit)
                        .map(entry -> new KnownApplication(
                                entry.getValue(), entry.getKey(), product.applications.containsKey(entry.getKey())))
                        .toList();
    }

    @Override
    public synchronized List<KnownApplication> knownApplicationsByNumber(String productId, long after, int limit) {
        return knownApplications(productId, null, Integer.MAX_VALUE).stream()
                .filter(application -> application.number() > after)
                .sorted(Comparator.comparingLong(KnownApplication::number))
                .limit(limit)
                .toList();
    }

    @Override
    public synchronized List<String> applicationIds(String productId, @Nullable String after, int limit) {
        var product = products.get(productId);
        return product == null
                ? List.of()
                : product.applications.tailMap(after == null ? "" : after, false).keySet().stream()
                        .limit(limit)
                        .toList();
    }
}
