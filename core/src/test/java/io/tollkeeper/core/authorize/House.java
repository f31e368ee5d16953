package io.tollkeeper.core.authorize;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.CatalogCommit;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.catalog.ProductSettings;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.event.AlertRule;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.core.usage.JournalBody;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.Slot;
import io.tollkeeper.core.usage.StoredPast;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/// A small product with everything around it, for tests: metric `hits` with methods `a` and `b`, metric `exports`.
final class House {

    static final int HITS = 0;
    static final int A = 1;
    static final int B = 2;
    static final int EXPORTS = 3;
    static final long NOON =
            LocalDateTime.parse("2026-11-20T12:00:30").toEpochSecond(ZoneOffset.UTC);

    final MemoryStores stores;
    final MemoryJournal journal = new MemoryJournal();
    final Applications applications;
    final Authorizer authorizer;
    private long sequence;

    House() {
        this(AlertRule.HIGHEST_ENABLED);
    }

    House(AlertRule alerts) {
        this(new MemoryStores(), alerts);
    }

    private House(MemoryStores stores) {
        this(stores, AlertRule.HIGHEST_ENABLED);
    }

    private House(MemoryStores stores, AlertRule alerts) {
        this.stores = stores;
        this.applications = new Applications(stores);
        this.authorizer = new Authorizer(applications, journal, alerts);
    }

    static Product product(String backendVersion, UsageLimit... limits) {
        return product(backendVersion, true, false, limits);
    }

    static Product product(String backendVersion, boolean active, boolean referrers, UsageLimit... limits) {
        return new Product(
                new ProductSettings(1, "7301", "pk", backendVersion, active, referrers),
                List.of(
                        new Metric(HITS, "41", "hits", null),
                        new Metric(A, "42", "a", "41"),
                        new Metric(B, "43", "b", "41"),
                        new Metric(EXPORTS, "44", "exports", null)),
                List.of(limits));
    }

    static UsageLimit limit(String metricId, Period period, long max) {
        return new UsageLimit("9", metricId, period, max);
    }

    static Application application(long number, String id) {
        return new Application(number, "7301", id, "active", "9", "Starter", null, Set.of(), List.of());
    }

    /// An application that exists in the store and is not in memory yet.
    House with(Application application) {
        stores.put(application);
        return this;
    }

    /// Asks until everything needed is in memory.
    Decision decide(Call call) {
        while (true) {
            Decision decision = authorizer.decide(call);
            if (!(decision instanceof Decision.NotLoaded(var key))) {
                return decision;
            }
            load(key);
        }
    }

    ReportOutcome report(Report report) {
        while (true) {
            ReportOutcome outcome = authorizer.report(report);
            if (!(outcome instanceof ReportOutcome.NotLoaded(var keys))) {
                return outcome;
            }
            keys.forEach(this::load);
        }
    }

    void load(LoadKey key) {
        Told told = new Told();
        assertThat(applications.load(key, told)).isTrue();
        assertThat(told.times).isEqualTo(1);
        assertThat(told.failure).isNull();
    }

    void change(CatalogChange... changes) {
        applications.apply(new CatalogCommit(++sequence, List.of(changes)));
    }

    /// Copies and writes what changed.
    void snapshot() {
        var copies = applications.copyDirty(journal, 1_000);
        stores.write(copies);
        applications.written(copies);
    }

    /// Value of a slot, from memory and store together.
    long value(long application, int key, Period period, long second, long now) {
        Slot slot = new Slot(key, period, period.start(second));
        StoredPast past = ((Loaded.Past) stores.find(new LoadKey.Past(application, List.of(slot)))).past();
        return applications.value(application, slot, now, past);
    }

    long eternity(long application, int key) {
        return value(application, key, Period.ETERNITY, NOON, NOON);
    }

    /// A new process on the same stores and journal.
    House restarted() {
        House next = new House(stores);
        for (var row : journal.written()) {
            var reader = new JournalBody.Reader();
            reader.reset(row.body());
            while (reader.next()) {
                if (!next.applications.isResident(reader.application())) {
                    next.applications.admit(reader.application(), stores.byNumber(reader.application()));
                }
            }
            next.applications.replay(row.seq(), row.body());
        }
        return next;
    }

    /// A waiter that remembers what it was told, on the thread that told it.
    static final class Told implements LoadWaiter {
        final List<@Nullable Reason> answers = new ArrayList<>();
        int times;
        @Nullable Reason failure;

        @Override
        public Executor executor() {
            return Runnable::run;
        }

        @Override
        public void loaded(@Nullable Reason why) {
            times++;
            failure = why;
            answers.add(why);
        }
    }

    /// A call's waiter that nobody tells anything.
    static final class Waiting implements CommitWaiter {
        @Override
        public Executor executor() {
            return Runnable::run;
        }

        @Override
        public void committed(boolean durable) {
            throw new AssertionError("the journal of these tests commits nothing");
        }
    }
}
