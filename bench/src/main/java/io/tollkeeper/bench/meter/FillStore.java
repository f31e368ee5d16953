package io.tollkeeper.bench.meter;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.catalog.ProductSettings;
import io.tollkeeper.core.catalog.ServiceToken;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.SlotBytes;
import io.tollkeeper.core.usage.UsageCounters;
import io.tollkeeper.core.usage.UsageSnapshot;
import io.tollkeeper.store.EmbeddedStore;
import io.tollkeeper.store.StoreSettings;

/// Fills a data folder through the store's own classes: `FillStore FOLDER PRODUCTS APPLICATIONS`. Every application has
/// two metrics with a value in each of the seven periods, that is 14 counters. Blocks.
public final class FillStore {

    private static final int AT_ONCE = 2_000;

    /// The sequence that all snapshots carry; the journal goes on behind it.
    private static final long SEQ = 1;

    private final EmbeddedStore store;
    private final int products;
    private final List<SlotBytes> slots = new ArrayList<>();

    private FillStore(EmbeddedStore store, int products) {
        this.store = store;
        this.products = products;
    }

    public static void main(String[] arguments) {
        int products = Integer.parseInt(arguments[1]);
        int applications = Integer.parseInt(arguments[2]);
        long began = System.nanoTime();
        EmbeddedStore store = EmbeddedStore.open(Path.of(arguments[0]), StoreSettings.defaults());
        try (store) {
            FillStore fill = new FillStore(store, products);
            fill.products(applications);
            for (int from = 0; from < applications; from += AT_ONCE) {
                fill.applications(from, Math.min(applications, from + AT_ONCE));
            }
        }
        System.out.printf(
                "%,d applications, %,d counters, %.1f s%n",
                applications, applications * 2L * Period.COUNT, (System.nanoTime() - began) / 1e9);
    }

    private void products(int applications) {
        List<CatalogChange> changes = new ArrayList<>();
        for (int i = 0; i < products; i++) {
            String id = Town.product(i);
            changes.add(new CatalogChange.ProductSaved(
                    new ProductSettings(ProductSettings.UNNUMBERED, id, Town.PROVIDER_KEY, "1", true, false)));
            changes.add(new CatalogChange.TokenSaved(new ServiceToken(Town.TOKEN, id)));
            changes.add(new CatalogChange.MetricSaved(id, new Metric(Metric.UNNUMBERED, "1", "hits", null)));
            changes.add(new CatalogChange.MetricSaved(id, new Metric(Metric.UNNUMBERED, "2", "list", "1")));
            changes.add(new CatalogChange.LimitSaved(id, new UsageLimit(Town.PLAN, "1", Period.ETERNITY, 1L << 50)));
            changes.add(new CatalogChange.LimitSaved(id, new UsageLimit(Town.PLAN, "2", Period.HOUR, 1L << 40)));
        }
        store.catalog().apply(changes);

        Catalog.Snapshot catalog = new Catalog(store.catalog().load()).current();
        List<UsageSnapshot> totals = new ArrayList<>();
        for (int i = 0; i < products; i++) {
            Product product = Objects.requireNonNull(catalog.product(Town.product(i)));
            slots.add(used(product, UsageCounters.APPLICATION_PERIODS, 1));
            int share = applications / products + (i < applications % products ? 1 : 0);
            totals.add(new UsageSnapshot(
                    product.number(), SEQ, used(product, UsageCounters.PRODUCT_PERIODS, share), List.of()));
        }
        store.usage().writeTotals(totals);
    }

    private static SlotBytes used(Product product, int periods, int times) {
        long now = System.currentTimeMillis() / 1_000;
        UsageCounters counters = new UsageCounters(periods);
        counters.rollover(now);
        counters.add(product.metricNumber("hits"), now, Town.HITS * times);
        counters.add(product.metricNumber("list"), now, Town.LIST * times);
        return counters.export();
    }

    private void applications(int from, int to) {
        List<CatalogChange> changes = new ArrayList<>(2 * AT_ONCE);
        for (int i = from; i < to; i++) {
            String product = Town.product(Town.productOf(i, products));
            changes.add(new CatalogChange.ApplicationSaved(new Application(
                    Application.UNNUMBERED, product, Town.application(i), "active", Town.PLAN, "Basic", null, Set.of(),
                    List.of())));
            changes.add(new CatalogChange.UserKeySaved(product, Town.userKey(i), Town.application(i)));
        }
        List<UsageSnapshot> usage = new ArrayList<>(AT_ONCE);
        int at = from;
        for (CatalogChange change : store.catalog().apply(changes).changes()) {
            if (change instanceof CatalogChange.ApplicationSaved(var application)) {
                usage.add(new UsageSnapshot(
                        application.number(), SEQ, slots.get(Town.productOf(at++, products)), List.of()));
            }
        }
        store.usage().write(usage);
    }
}
