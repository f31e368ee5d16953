package io.tollkeeper.store;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;

import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.query.UsageAnswer;
import io.tollkeeper.core.query.UsageDeletions;
import io.tollkeeper.core.query.UsageOwner;
import io.tollkeeper.core.query.UsageSpan;
import io.tollkeeper.core.usage.KeyRange;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.StoredSeries;
import io.tollkeeper.core.usage.UsageDeletion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

final class UsageDeletionsTest {

    private static final List<Period> SERIES =
            List.of(Period.HOUR, Period.DAY, Period.WEEK, Period.MONTH, Period.YEAR, Period.ETERNITY);

    @TempDir
    private Path folder;

    private final AtomicReference<Instant> clock = new AtomicReference<>(Instant.parse("2026-12-30T10:00:30Z"));

    private House house() {
        return new House(folder, House.OFTEN, clock::get);
    }

    private static UsageDeletions deletions(House house, AtomicReference<Instant> clock) {
        return new UsageDeletions(
                house.applications, house.store.usage(), house.store.journal(), house.store.catalog(), clock::get);
    }

    /// Two days of use, early and late stamps among it, in two lives.
    private void use() {
        for (int life = 0; life < 2; life++) {
            try (House house = house()) {
                if (life == 0) {
                    house.found(4);
                }
                for (int i = 0; i < 40; i++) {
                    clock.updateAndGet(now -> now.plusSeconds(2_000));
                    long stamp = house.now() + (i % 7 == 0 ? 3_600 : 0) - (i % 5 == 0 ? 50_000 : 0);
                    assertThat(house.reported("a" + i % 3, "hits", i % 11 == 0 ? "#9" : "3", stamp, 200)).isTrue();
                }
            }
        }
    }

    private void assertNothingLeft(House house) {
        List<UsageOwner> owners = new ArrayList<>(List.of(new UsageOwner.OfProduct(house.product().number())));
        for (int a = 0; a < 4; a++) {
            owners.add(new UsageOwner.OfApplication(house.number("a" + a)));
        }
        long since = clock.get().minus(Duration.ofDays(4)).getEpochSecond();
        long until = clock.get().plus(Duration.ofDays(1)).getEpochSecond();
        for (UsageOwner owner : owners) {
            for (Period period : SERIES) {
                assertThat(house.usage().series(owner, KeyRange.ALL, UsageSpan.of(period, since, until)))
                        .as(owner + " per " + period)
                        .isInstanceOfSatisfying(UsageAnswer.Table.class, table -> assertThat(table.series()).isEmpty());
            }
        }
    }

    @Test
    void whatWasCountedIsGoneInMemoryInTheStoreAndAfterARestart() throws InterruptedException {
        use();
        try (House house = house()) {
            house.writer.write(List.of(new CatalogChange.ApplicationDeleted("s", "a2")));
            assertThat(house.total()).isPositive();
            UsageDeletions deletions = deletions(house, clock);
            var done = deletions.ask(house.product());
            assertThat(house.store.usage().deletions()).hasSize(1);
            deletions.run();
            assertThat(done).isCompletedWithValue(true);
            assertThat(house.store.usage().deletions()).isEmpty();
            assertNothingLeft(house);
        }
        try (House house = house()) {
            assertNothingLeft(house);
            for (int a = 0; a < 4; a++) {
                StoredSeries stored = house.store.usage().loadAll(house.number("a" + a));
                assertThat(stored.past().values()).as("rows of a" + a).isEmpty();
            }
            house.acknowledged("a0");
            assertThat(house.usage().counter(new UsageOwner.OfProduct(house.product().number()), house.metric(), Period.DAY, house.now())).isEqualTo(1);
        }
    }

    @Test
    void aDeletionGoesOnAfterARestartAndTakesNothingBackTwice() throws InterruptedException {
        use();
        UsageDeletion half;
        try (House house = house()) {
            UsageDeletions deletions = deletions(house, clock);
            deletions.ask(house.product());
            half = house.store.usage().deletions().getFirst();
            deletions.run();
            // As if it had died before it could say how far it got: all applications are met again.
            house.store.usage().ask(half);
            for (int i = 0; i < 5; i++) {
                assertThat(house.acknowledged("a1")).isTrue();
            }
        }
        try (House house = house()) {
            assertThat(house.store.usage().deletions()).containsExactly(half);
            deletions(house, clock).run();
            assertThat(house.store.usage().deletions()).isEmpty();
            assertThat(house.usage().counter(new UsageOwner.OfApplication(house.number("a1")), house.metric(), Period.ETERNITY, 0))
                    .as("counted after it was taken back, hence kept").isEqualTo(5);
            assertThat(house.usage().counter(new UsageOwner.OfProduct(house.product().number()), house.metric(), Period.ETERNITY, 0))
                    .isEqualTo(5);
        }
    }

    @Test
    void aLaterRequestBeginsAnew() throws InterruptedException {
        use();
        try (House house = house()) {
            UsageDeletions deletions = deletions(house, clock);
            deletions.ask(house.product());
            deletions.run();
            house.acknowledged("a1");
            deletions.ask(house.product());
            deletions.ask(house.product());
            assertThat(house.store.usage().deletions()).hasSize(1);
            deletions.run();
            assertNothingLeft(house);
        }
    }

    @Test
    void callsThatComeMeanwhileAreWhollyDeletedOrWhollyKept() throws InterruptedException {
        use();
        try (House house = house()) {
            AtomicBoolean stop = new AtomicBoolean();
            AtomicLongArray acknowledged = new AtomicLongArray(4);
            List<Thread> callers = new ArrayList<>();
            for (int a = 0; a < 4; a++) {
                int application = a;
                callers.add(Thread.ofPlatform().start(() -> {
                    while (!stop.get()) {
                        if (house.acknowledged("a" + application)) {
                            acknowledged.incrementAndGet(application);
                        }
                    }
                }));
            }
            UsageDeletions deletions = deletions(house, clock);
            long[] before = new long[4];
            for (int round = 0; round < 5; round++) {
                clock.updateAndGet(now -> now.plusSeconds(3_000));
                for (int a = 0; a < 4; a++) {
                    before[a] = acknowledged.get(a);
                }
                deletions.ask(house.product());
                deletions.run();
            }
            long[] after = new long[4];
            for (int a = 0; a < 4; a++) {
                after[a] = acknowledged.get(a);
            }
            stop.set(true);
            for (Thread caller : callers) {
                caller.join();
            }
            long sum = 0;
            for (int a = 0; a < 4; a++) {
                long left = house.usage().counter(new UsageOwner.OfApplication(house.number("a" + a)), house.metric(), Period.ETERNITY, 0);
                assertThat(left).isBetween(acknowledged.get(a) - after[a] - 1, acknowledged.get(a) - before[a]);
                sum += left;
            }
            for (Period period : List.of(Period.ETERNITY, Period.MONTH)) {
                assertThat(house.usage().counter(new UsageOwner.OfProduct(house.product().number()), house.metric(), period, house.now()))
                        .as("the product is the sum of its applications").isEqualTo(sum);
            }
        }
    }
}
