package io.tollkeeper.gateway;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.authorize.Authorizer;
import io.tollkeeper.core.authorize.LoadKey;
import io.tollkeeper.core.authorize.Loaded;
import io.tollkeeper.core.authorize.Loader;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogContent;
import io.tollkeeper.core.catalog.Identifier;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.ProductSettings;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.Slot;
import io.tollkeeper.core.usage.UsageJournal;
import io.tollkeeper.gateway.meter.LocalMeter;

/// The real authorizer over stores in memory: products are declared first, then [#start] makes the meter.
final class MemoryMeter implements Loader, UsageJournal {

    private final Map<String, CatalogContent.Parts> parts = new HashMap<>();
    private final List<ProductSettings> products = new ArrayList<>();
    private final Map<LoadKey, Loaded> stored = new ConcurrentHashMap<>();
    private final Map<String, Long> numbers = new HashMap<>();
    private final AtomicLong seq = new AtomicLong();
    final AtomicInteger loads = new AtomicInteger();
    volatile CountDownLatch loadGate = new CountDownLatch(0);
    volatile boolean loaderFull;
    volatile boolean storesBroken;
    volatile long refuseAppends;
    private Catalog catalog = new Catalog(CatalogContent.EMPTY);
    private Applications applications = new Applications(this);

    /// @param mode `1` for user keys, `2` for application ids
    MemoryMeter product(String id, String mode, List<String> metrics, UsageLimit... limits) {
        products.add(new ProductSettings(products.size(), id, "provider", mode, true, false));
        List<Metric> numbered = new ArrayList<>();
        for (String name : metrics) {
            numbered.add(new Metric(numbered.size(), name, name, null));
        }
        parts.put(id, new CatalogContent.Parts(numbered, List.of(limits)));
        return this;
    }

    MemoryMeter application(String product, String id, String state, String... keys) {
        long number = numbers.computeIfAbsent(product + "/" + id, _ -> (long) numbers.size());
        var application = new Application(number, product, id, state, "plan", "Plan", null, Set.of(keys), List.of());
        stored.put(new LoadKey.ById(product, id), new Loaded.Definition(id, application, null));
        return this;
    }

    MemoryMeter userKey(String product, String key, String application) {
        Loaded found = stored.get(new LoadKey.ById(product, application));
        if (found == null) {
            throw new IllegalArgumentException("declare application " + application + " first");
        }
        stored.put(new LoadKey.ByUserKey(product, Identifier.normal(key)), found);
        return this;
    }

    static UsageLimit limit(String metric, Period period, long max) {
        return new UsageLimit("plan", metric, period, max);
    }

    LocalMeter start(LocalMeter.WhenUnwritable whenUnwritable) {
        catalog = new Catalog(new CatalogContent(1, products, parts, List.of(), Map.of()));
        return new LocalMeter(catalog, new Authorizer(applications, this), applications, whenUnwritable);
    }

    /// What is counted of a metric for ever.
    long counted(String product, String application, int metric) {
        Long number = numbers.get(product + "/" + application);
        if (number == null || !applications.isResident(number)) {
            return 0;
        }
        long now = System.currentTimeMillis() / 1000;
        return applications.value(number, new Slot(metric, Period.ETERNITY, 0), now, null);
    }

    @Override
    public boolean submit(LoadKey key, Done done) {
        if (loaderFull) {
            return false;
        }
        loads.incrementAndGet();
        Thread.ofVirtual().start(() -> {
            try {
                loadGate.await();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
            done.loaded(storesBroken
                    ? new Loaded.Failed("broken on purpose")
                    : stored.getOrDefault(key, new Loaded.Definition(null, null, null)));
        });
        return true;
    }

    @Override
    public long append(JournalRow row) {
        if (refuseAppends != 0) {
            return refuseAppends;
        }
        long assigned = seq.incrementAndGet();
        row.seq(assigned);
        return assigned;
    }
}
