package io.tollkeeper.store;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.authorize.Authorizer;
import io.tollkeeper.core.authorize.Call;
import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.authorize.Decision;
import io.tollkeeper.core.authorize.LoadKey;
import io.tollkeeper.core.authorize.LoadWaiter;
import io.tollkeeper.core.authorize.Report;
import io.tollkeeper.core.authorize.ReportOutcome;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.catalog.ProductSettings;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.query.LocalUsage;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.ProductTotals;
import io.tollkeeper.core.usage.Slot;
import io.tollkeeper.store.usage.Snapshots;
import org.jspecify.annotations.Nullable;

/// A store with everything that stands on it in the program: catalogue, applications, authorizer. One product `s` with
/// a metric `hits` and applications `a0`, `a1`, …
public final class House implements AutoCloseable {

    /// Snapshots so often that every test meets some.
    public static final Snapshots.Limits OFTEN =
            new Snapshots.Limits(Duration.ofMillis(100), 1_000, Long.MAX_VALUE, 100_000, Long.MAX_VALUE / 2);

    public static final Snapshots.Limits NEVER =
            new Snapshots.Limits(Duration.ofDays(1), Long.MAX_VALUE, Long.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE / 2);

    public final EmbeddedStore store;
    public final Catalog catalog;
    public final Applications applications;
    public final ProductTotals totals = new ProductTotals();
    public final CatalogWriter writer;
    public final Authorizer authorizer;
    private final InstantSource clock;

    public House(Path folder, Snapshots.Limits snapshots) {
        this(folder, snapshots, InstantSource.system());
    }

    public House(Path folder, Snapshots.Limits snapshots, InstantSource clock) {
        this.clock = clock;
        store = EmbeddedStore.open(
                folder, StoreSettings.defaults().withClock(clock).withSnapshots(snapshots));
        catalog = new Catalog(store.catalog().load());
        applications = new Applications(store.loader());
        writer = new CatalogWriter(store.catalog(), catalog, applications);
        store.start(applications, totals);
        authorizer = new Authorizer(applications, store.journal());
    }

    public void found(int howMany, UsageLimit... limits) {
        List<CatalogChange> changes = new ArrayList<>();
        changes.add(new CatalogChange.ProductSaved(
                new ProductSettings(ProductSettings.UNNUMBERED, "s", "pk", "2", true, false)));
        changes.add(new CatalogChange.MetricSaved("s", new Metric(Metric.UNNUMBERED, "10", "hits", null)));
        for (UsageLimit limit : limits) {
            changes.add(new CatalogChange.LimitSaved("s", limit));
        }
        for (int i = 0; i < howMany; i++) {
            changes.add(application("a" + i));
        }
        changes.add(application("in-process"));
        writer.write(changes);
    }

    private static CatalogChange application(String id) {
        return new CatalogChange.ApplicationSaved(new Application(
                Application.UNNUMBERED, "s", id, "active", "gold", "Gold", null, Set.of(), List.of()));
    }

    public Product product() {
        return Objects.requireNonNull(catalog.current().product("s"));
    }

    public int metric() {
        return Objects.requireNonNull(product().metricNamed("hits")).number();
    }

    public long number(String application) {
        return store.catalog().applicationNumber("s", application);
    }

    public long now() {
        return clock.instant().getEpochSecond();
    }

    /// Asks until everything needed is in memory. With a waiter the call is one over HTTP, without one in process.
    public Decision authrep(String application, @Nullable CommitWaiter waiter) {
        return decide(Call.Kind.AUTHREP, application, waiter);
    }

    public Decision authorize(String application) {
        return decide(Call.Kind.AUTHORIZE, application, null);
    }

    private Decision decide(Call.Kind kind, String application, @Nullable CommitWaiter waiter) {
        Call call = new Call();
        while (true) {
            call.begin(product(), kind, now()).appId(application).waiter(waiter);
            call.usage().add(metric(), 1);
            Decision decision = authorizer.decide(call);
            if (!(decision instanceof Decision.NotLoaded(var key))) {
                return decision;
            }
            load(key);
        }
    }

    /// Calls over HTTP and waits for the acknowledgement.
    public boolean acknowledged(String application) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        Decision decision = authrep(application, CommitWaiter.completing(done));
        return decision instanceof Decision.Granted && done.join();
    }

    /// Reports past use and waits for the acknowledgement. The application has to be in memory or loadable.
    public boolean reported(String application, String metric, String usage, long stamp, int code) {
        while (true) {
            CompletableFuture<Boolean> done = new CompletableFuture<>();
            Report report = new Report(product(), now(), false, null, CommitWaiter.completing(done));
            Report.Transaction transaction = report.add();
            transaction.appId(application).stamp(stamp).logCode(code);
            transaction.usage().name(metric, usage);
            switch (authorizer.report(report)) {
                case ReportOutcome.Counted _ -> {
                    return done.join();
                }
                case ReportOutcome.NotLoaded(var keys) -> keys.forEach(this::load);
                case ReportOutcome other -> throw new IllegalStateException(other.toString());
            }
        }
    }

    private void load(LoadKey key) {
        CompletableFuture<Boolean> ready = new CompletableFuture<>();
        boolean queued = applications.load(key, new LoadWaiter() {
            @Override
            public Executor executor() {
                return Runnable::run;
            }

            @Override
            public void loaded(@Nullable Reason failure) {
                ready.complete(failure == null);
            }
        });
        if (!queued || !ready.join()) {
            throw new IllegalStateException(key + " could not be loaded");
        }
    }

    /// Everything that was counted can be asked for.
    public LocalUsage usage() {
        return new LocalUsage(applications, totals, store.usage(), store.journal(), store.catalog(), clock);
    }

    /// What the application used of `hits` for ever, memory and store together.
    public long eternity(String application) {
        return value(application, Period.ETERNITY, now());
    }

    public long value(String application, Period period, long second) {
        long number = number(application);
        Slot slot = new Slot(metric(), period, period.start(second));
        if (!applications.isResident(number)) {
            authorize(application);
        }
        return applications.value(number, slot, now(), store.usage().loadPast(number, List.of(slot)));
    }

    /// What all applications of the product used for ever.
    public long total() {
        Slot slot = new Slot(metric(), Period.ETERNITY, 0);
        return totals.value(product().number(), slot, now(), null);
    }

    @Override
    public void close() {
        store.close();
    }
}
