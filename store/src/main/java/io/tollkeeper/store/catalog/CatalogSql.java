package io.tollkeeper.store.catalog;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.CatalogContent;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.ProductSettings;
import io.tollkeeper.core.catalog.ServiceToken;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.event.AlertBins;
import io.tollkeeper.core.usage.Period;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// The statements of the catalogue, within one transaction. Blocks.
final class CatalogSql {

    private final Handle handle;

    CatalogSql(Handle handle) {
        this.handle = handle;
    }

    /// Writes a change and returns it with the numbers it got.
    CatalogChange write(CatalogChange change) {
        return switch (change) {
            case CatalogChange.ProductSaved(var product) -> new CatalogChange.ProductSaved(saveProduct(product));
            case CatalogChange.ProductDeleted(var product) -> {
                handle.execute("UPDATE product SET present = 0 WHERE id = ?", product);
                yield change;
            }
            case CatalogChange.DefaultProductSet(var providerKey, var product) -> {
                saveDefault(providerKey, product);
                yield change;
            }
            case CatalogChange.DefaultProductRemoved(var providerKey, var product) -> {
                handle.execute(
                        "DELETE FROM default_product WHERE provider_key = ? AND product_id = ?", providerKey, product);
                yield change;
            }
            case CatalogChange.ProviderKeyChanged(var oldKey, var newKey, var product) -> {
                handle.execute("UPDATE product SET provider_key = ? WHERE provider_key = ?", newKey, oldKey);
                handle.execute("DELETE FROM default_product WHERE provider_key = ?", oldKey);
                saveDefault(newKey, product);
                yield change;
            }
            case CatalogChange.TokenSaved(var token) -> {
                handle.execute(
                        "INSERT INTO service_token (token, product_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
                        token.token(),
                        token.productId());
                yield change;
            }
            case CatalogChange.TokenDeleted(var token) -> {
                handle.execute(
                        "DELETE FROM service_token WHERE token = ? AND product_id = ?",
                        token.token(),
                        token.productId());
                yield change;
            }
            case CatalogChange.MetricSaved(var product, var metric) ->
                new CatalogChange.MetricSaved(product, saveMetric(product, metric));
            case CatalogChange.MetricDeleted(var product, var metric) -> {
                handle.execute(
                        "UPDATE metric SET present = 0 WHERE product = ? AND id = ?", knownProduct(product), metric);
                yield change;
            }
            case CatalogChange.LimitSaved(var product, var limit) -> {
                saveLimit(product, limit);
                yield change;
            }
            case CatalogChange.LimitDeleted(var product, var plan, var metric, var period) -> {
                handle.execute(
                        "DELETE FROM usage_limit WHERE product = ? AND plan_id = ? AND metric_id = ? AND period = ?",
                        knownProduct(product),
                        plan,
                        metric,
                        period.wireName());
                yield change;
            }
            case CatalogChange.AlertLimitAdded(var product, var percent) -> {
                handle.execute(
                        "INSERT INTO alert_limit (product, percent) VALUES (?, ?) ON CONFLICT DO NOTHING",
                        productNumber(product),
                        percent);
                yield change;
            }
            case CatalogChange.AlertLimitRemoved(var product, var percent) -> {
                handle.execute(
                        "DELETE FROM alert_limit WHERE product = ? AND percent = ?", knownProduct(product), percent);
                yield change;
            }
            case CatalogChange.ApplicationSaved(var application) ->
                new CatalogChange.ApplicationSaved(saveApplication(application));
            case CatalogChange.ApplicationDeleted(var product, var application) -> {
                deleteApplication(product, application);
                yield change;
            }
            case CatalogChange.UserKeySaved(var product, var key, var application) -> {
                handle.execute(
                        "INSERT INTO user_key (product, user_key, application_id) VALUES (?, ?, ?)"
                                + " ON CONFLICT (product, user_key) DO UPDATE SET application_id = excluded.application_id",
                        productNumber(product),
                        key,
                        application);
                yield change;
            }
            case CatalogChange.UserKeyDeleted(var product, var key) -> {
                handle.execute(
                        "DELETE FROM user_key WHERE product = ? AND user_key = ?", knownProduct(product), key);
                yield change;
            }
            case CatalogChange.ApplicationKeyAdded(var product, var application, var key) -> {
                addKey(applicationNumber(product, application), key);
                yield change;
            }
            case CatalogChange.ApplicationKeyRemoved(var product, var application, var key) -> {
                handle.execute(
                        "DELETE FROM application_key WHERE application = ? AND app_key = ?",
                        knownApplication(knownProduct(product), application),
                        key);
                yield change;
            }
            case CatalogChange.ReferrerFilterAdded(var product, var application, var filter) -> {
                addFilter(applicationNumber(product, application), filter);
                yield change;
            }
            case CatalogChange.ReferrerFilterRemoved(var product, var application, var filter) -> {
                handle.execute(
                        "DELETE FROM referrer_filter WHERE application = ? AND filter = ?",
                        knownApplication(knownProduct(product), application),
                        filter);
                yield change;
            }
        };
    }

    /// Moves the catalogue's sequence on and returns where it is then.
    long advanceSequence(int by) {
        handle.execute("UPDATE catalog_sequence SET sequence = sequence + ?", by);
        return sequence();
    }

    private long sequence() {
        return handle.createQuery("SELECT sequence FROM catalog_sequence").mapTo(Long.class).one();
    }

    private ProductSettings saveProduct(ProductSettings product) {
        int number = productNumber(product.id());
        handle.execute(
                "UPDATE product SET present = 1, provider_key = ?, backend_version = ?, active = ?,"
                        + " referrer_filters_required = ? WHERE number = ?",
                product.providerKey(),
                product.backendVersion(),
                product.active(),
                product.referrerFiltersRequired(),
                number);
        return product.numbered(number);
    }

    private void saveDefault(String providerKey, String product) {
        handle.execute(
                "INSERT INTO default_product (provider_key, product_id) VALUES (?, ?)"
                        + " ON CONFLICT (provider_key) DO UPDATE SET product_id = excluded.product_id",
                providerKey,
                product);
    }

    private Metric saveMetric(String productId, Metric metric) {
        int product = productNumber(productId);
        // A deleted metric is found by its last name until that is used again, and not again after.
        handle.execute(
                "UPDATE metric SET name = '' WHERE product = ? AND name = ? AND present = 0 AND id <> ?",
                product,
                metric.name(),
                metric.id());
        handle.execute(
                "INSERT INTO metric (product, number, id, present, name, parent_id)"
                        + " SELECT ?, coalesce(max(number) + 1, 0), ?, 1, ?, ? FROM metric WHERE product = ?"
                        + " ON CONFLICT (product, id) DO UPDATE"
                        + " SET present = 1, name = excluded.name, parent_id = excluded.parent_id",
                product,
                metric.id(),
                metric.name(),
                metric.parentId(),
                product);
        return metric.numbered(handle.select("SELECT number FROM metric WHERE product = ? AND id = ?", product, metric.id())
                .mapTo(Integer.class)
                .one());
    }

    private void saveLimit(String product, UsageLimit limit) {
        handle.execute(
                "INSERT INTO usage_limit (product, plan_id, metric_id, period, maximum) VALUES (?, ?, ?, ?, ?)"
                        + " ON CONFLICT (product, plan_id, metric_id, period) DO UPDATE SET maximum = excluded.maximum",
                productNumber(product),
                limit.planId(),
                limit.metricId(),
                limit.period().wireName(),
                limit.max());
    }

    private Application saveApplication(Application application) {
        long number = applicationNumber(application.productId(), application.id());
        boolean isNew = handle.execute("UPDATE application SET present = 1 WHERE number = ? AND present = 0", number) > 0;
        handle.execute(
                "UPDATE application SET state = ?, plan_id = ?, plan_name = ?, redirect_url = ? WHERE number = ?",
                application.state(),
                application.planId(),
                application.planName(),
                application.redirectUrl(),
                number);
        if (isNew) {
            for (String key : application.keys()) {
                addKey(number, key);
            }
            for (String filter : application.referrerFilters()) {
                addFilter(number, filter);
            }
        }
        Set<String> keys = new HashSet<>(handle.select("SELECT app_key FROM application_key WHERE application = ?", number)
                .mapTo(String.class)
                .list());
        List<String> filters = handle.select(
                        "SELECT filter FROM referrer_filter WHERE application = ? ORDER BY place", number)
                .mapTo(String.class)
                .list();
        return application.numbered(number).withKeys(keys).withReferrerFilters(filters);
    }

    private void deleteApplication(String productId, String applicationId) {
        int product = knownProduct(productId);
        long number = knownApplication(product, applicationId);
        handle.execute("UPDATE application SET present = 0 WHERE number = ?", number);
        handle.execute("DELETE FROM application_key WHERE application = ?", number);
        handle.execute("DELETE FROM referrer_filter WHERE application = ?", number);
        handle.execute(
                "DELETE FROM user_key WHERE product = ? AND application_id = ?", product, applicationId);
    }

    private void addKey(long application, String key) {
        handle.execute(
                "INSERT INTO application_key (application, app_key) VALUES (?, ?) ON CONFLICT DO NOTHING",
                application,
                key);
    }

    private void addFilter(long application, String filter) {
        handle.execute(
                "INSERT INTO referrer_filter (application, place, filter)"
                        + " SELECT ?, coalesce(max(place) + 1, 0), ? FROM referrer_filter WHERE application = ?"
                        + " ON CONFLICT DO NOTHING",
                application,
                filter,
                application);
    }

    /// The number of a product; an id that was never seen gets the next one, even if no such product is saved (metrics
    /// and limits may come before their product).
    private int productNumber(String id) {
        handle.execute(
                "INSERT INTO product (number, id) SELECT coalesce(max(number), 0) + 1, ? FROM product WHERE true"
                        + " ON CONFLICT (id) DO NOTHING",
                id);
        return knownProduct(id);
    }

    /// The number of a product, −1 if the id was never seen.
    private int knownProduct(String id) {
        return handle.select("SELECT number FROM product WHERE id = ?", id)
                .mapTo(Integer.class)
                .findOne()
                .orElse(-1);
    }

    /// The number of an application; an id that was never seen gets the next one.
    private long applicationNumber(String productId, String id) {
        int product = productNumber(productId);
        long known = knownApplication(product, id);
        if (known >= 0) {
            return known;
        }
        long next = handle.createQuery("SELECT coalesce(max(number), 0) + 1 FROM application").mapTo(Long.class).one();
        handle.execute("INSERT INTO application (number, product, id) VALUES (?, ?, ?)", next, product, id);
        return next;
    }

    /// The number of an application, −1 if the id was never seen.
    private long knownApplication(int product, String id) {
        return handle.select("SELECT number FROM application WHERE product = ? AND id = ?", product, id)
                .mapTo(Long.class)
                .findOne()
                .orElse(-1L);
    }

    /// All but the applications.
    CatalogContent content() {
        return new CatalogContent(sequence(), products(), parts(), tokens(), defaults());
    }

    private List<ProductSettings> products() {
        return handle.createQuery("SELECT number, id, provider_key, backend_version, active, referrer_filters_required"
                        + " FROM product WHERE present = 1 ORDER BY number")
                .map((row, _) -> new ProductSettings(
                        row.getInt(1),
                        row.getString(2),
                        row.getString(3),
                        row.getString(4),
                        row.getBoolean(5),
                        row.getBoolean(6)))
                .list();
    }

    private List<ServiceToken> tokens() {
        return handle.createQuery("SELECT token, product_id FROM service_token")
                .map((row, _) -> new ServiceToken(row.getString(1), row.getString(2)))
                .list();
    }

    private Map<String, String> defaults() {
        Map<String, String> defaults = new HashMap<>();
        handle.createQuery("SELECT provider_key, product_id FROM default_product")
                .map((row, _) -> Map.entry(row.getString(1), row.getString(2)))
                .forEach(entry -> defaults.put(entry.getKey(), entry.getValue()));
        return defaults;
    }

    private Map<String, CatalogContent.Parts> parts() {
        Map<String, List<Metric>> metrics = new HashMap<>();
        handle.createQuery("SELECT p.id, m.number, m.id, m.name, m.parent_id"
                        + " FROM metric m JOIN product p ON p.number = m.product WHERE m.present = 1 ORDER BY m.number")
                .map((row, _) -> Map.entry(row.getString(1), metric(row)))
                .forEach(entry -> metrics.computeIfAbsent(entry.getKey(), _ -> new ArrayList<>())
                        .add(entry.getValue()));
        Map<String, List<UsageLimit>> limits = new HashMap<>();
        handle.createQuery("SELECT p.id, l.plan_id, l.metric_id, l.period, l.maximum"
                        + " FROM usage_limit l JOIN product p ON p.number = l.product")
                .map((row, _) -> Map.entry(row.getString(1), limit(row)))
                .forEach(entry ->
                        limits.computeIfAbsent(entry.getKey(), _ -> new ArrayList<>()).add(entry.getValue()));
        Map<String, Integer> alertBins = alertBins();
        Map<String, CatalogContent.Parts> parts = new HashMap<>();
        Set<String> ids = new HashSet<>(metrics.keySet());
        ids.addAll(limits.keySet());
        ids.addAll(alertBins.keySet());
        for (String id : ids) {
            parts.put(
                    id,
                    new CatalogContent.Parts(
                            metrics.getOrDefault(id, List.of()),
                            limits.getOrDefault(id, List.of()),
                            alertBins.getOrDefault(id, 0)));
        }
        return parts;
    }

    private Map<String, Integer> alertBins() {
        Map<String, Integer> bins = new HashMap<>();
        handle.createQuery("SELECT p.id, a.percent FROM alert_limit a JOIN product p ON p.number = a.product")
                .map((row, _) -> Map.entry(row.getString(1), AlertBins.mask(row.getInt(2))))
                .forEach(entry -> bins.merge(entry.getKey(), entry.getValue(), (a, b) -> a | b));
        return bins;
    }

    private static Metric metric(ResultSet row) throws SQLException {
        return new Metric(row.getInt(2), row.getString(3), row.getString(4), row.getString(5));
    }

    private static UsageLimit limit(ResultSet row) throws SQLException {
        return new UsageLimit(row.getString(2), row.getString(3), period(row.getString(4)), row.getLong(5));
    }

    private static Period period(@Nullable String name) throws SQLException {
        Period period = name == null ? null : Period.ofWireName(name);
        if (period == null) {
            throw new SQLException("usage_limit.period is " + name + " (expected: minute … eternity)");
        }
        return period;
    }
}
