package io.tollkeeper.store;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.query.LocalUsage;
import io.tollkeeper.core.query.TopApplication;
import io.tollkeeper.core.query.UsageAnswer;
import io.tollkeeper.core.query.UsageOwner;
import io.tollkeeper.core.query.UsageSeries;
import io.tollkeeper.core.query.UsageSpan;
import io.tollkeeper.core.usage.CounterKey;
import io.tollkeeper.core.usage.KeyRange;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.Slot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/// What was counted, asked for over memory, journal and closed periods at once.
final class LocalUsageTest {

    private static final Instant START = Instant.parse("2026-12-20T22:58:30Z");
    private static final List<Period> SERIES =
            List.of(Period.HOUR, Period.DAY, Period.WEEK, Period.MONTH, Period.YEAR, Period.ETERNITY);

    @TempDir
    private Path folder;

    private final AtomicReference<Instant> clock = new AtomicReference<>(START);

    private House house() {
        return new House(folder, House.OFTEN, clock::get);
    }

    /// Counts by a plain map of slots what the store counts in its own way: current, closed, late, early, set, taken
    /// over at New Year, before and after restarts.
    @Test
    void everySeriesIsWhatWasCountedWhateverHappenedInBetween() {
        Random chance = new Random(7);
        Map<Long, Map<Slot, Long>> model = new HashMap<>();
        try (House house = house()) {
            house.found(3);
            house.writer.write(List.of(
                    new CatalogChange.MetricSaved("s", new Metric(Metric.UNNUMBERED, "11", "search", "10"))));
        }
        for (int life = 0; life < 4; life++) {
            try (House house = house()) {
                for (int i = 0; i < 60; i++) {
                    clock.updateAndGet(now -> now.plusSeconds(chance.nextInt(10) == 0 ? 90_000 : chance.nextInt(4_000)));
                    report(house, model, chance);
                }
                compare(house, model);
            }
        }
        try (House house = house()) {
            compare(house, model);
        }
    }

    private static void report(House house, Map<Long, Map<Slot, Long>> model, Random chance) {
        String application = "a" + chance.nextInt(3);
        long stamp = house.now() - (chance.nextInt(3) == 0 ? chance.nextInt(86_000) : 0) + (chance.nextInt(4) == 0 ? 3_600 : 0);
        boolean child = chance.nextBoolean();
        boolean set = chance.nextInt(5) == 0;
        int amount = 1 + chance.nextInt(50);
        assertThat(house.reported(application, child ? "search" : "hits", (set ? "#" : "") + amount, stamp, 404))
                .isTrue();
        Map<Slot, Long> counted = model.computeIfAbsent(house.number(application), _ -> new HashMap<>());
        for (Period period : Period.values()) {
            count(counted, house.metric(), period, stamp, amount, set);
            if (child) {
                count(counted, house.metric() + 1, period, stamp, amount, set);
            }
            for (int key : new int[] {CounterKey.responseClass(404), CounterKey.responseCode(404), CounterKey.status(404)}) {
                count(counted, key, period, stamp, 1, false);
            }
        }
    }

    private static void count(Map<Slot, Long> counted, int key, Period period, long stamp, long amount, boolean set) {
        counted.merge(new Slot(key, period, period.start(stamp)), amount, set ? (_, now) -> now : Long::sum);
    }

    private void compare(House house, Map<Long, Map<Slot, Long>> model) {
        LocalUsage usage = house.usage();
        long since = START.minus(Duration.ofDays(3)).getEpochSecond();
        long until = clock.get().plus(Duration.ofDays(2)).getEpochSecond();
        Map<Slot, Long> product = new HashMap<>();
        model.forEach((number, counted) -> {
            compare(usage, new UsageOwner.OfApplication(number), counted, since, until);
            counted.forEach((slot, value) -> product.merge(slot, value, Long::sum));
        });
        compare(usage, new UsageOwner.OfProduct(house.product().number()), product, since, until);
        for (Period period : SERIES) {
            compareTop(house, usage, model, period);
        }
    }

    private static void compare(
            LocalUsage usage, UsageOwner owner, Map<Slot, Long> counted, long since, long until) {
        for (Period period : SERIES) {
            UsageSpan span = UsageSpan.of(period, since, until);
            for (KeyRange keys : List.of(KeyRange.METRICS, KeyRange.RESPONSE_CODES, KeyRange.STATUSES, KeyRange.one(0))) {
                Map<Slot, Long> found = new HashMap<>();
                for (UsageSeries series : table(usage, owner, keys, span).series()) {
                    for (int i = 0; i < span.size(); i++) {
                        if (series.values()[i] != 0) {
                            found.put(new Slot(series.key(), period, span.starts()[i]), series.values()[i]);
                        }
                    }
                }
                Map<Slot, Long> wanted = new HashMap<>(counted);
                wanted.keySet().removeIf(slot -> slot.period() != period || !keys.contains(slot.key()));
                assertThat(found).as(owner + " " + keys + " per " + period).isEqualTo(wanted);
            }
        }
        for (Map.Entry<Slot, Long> entry : counted.entrySet()) {
            Slot slot = entry.getKey();
            boolean kept = owner instanceof UsageOwner.OfApplication
                    ? slot.period() != Period.MINUTE
                    : slot.period() != Period.MINUTE && slot.period() != Period.YEAR;
            if (kept) {
                assertThat(usage.counter(owner, slot.key(), slot.period(), slot.period().end(slot.start()) - 1))
                        .as(owner + " " + slot)
                        .isEqualTo(entry.getValue());
            }
        }
    }

    private void compareTop(House house, LocalUsage usage, Map<Long, Map<Slot, Long>> model, Period period) {
        long at = clock.get().minusSeconds(40_000).getEpochSecond();
        Slot slot = new Slot(house.metric(), period, period.start(at));
        List<Long> wanted = new ArrayList<>(
                model.values().stream().map(counted -> counted.getOrDefault(slot, 0L)).filter(value -> value > 0).toList());
        wanted.sort(java.util.Comparator.reverseOrder());
        assertThat(usage.top("s", house.metric(), period, at, 2))
                .as("top per " + period)
                .extracting(TopApplication::value)
                .isEqualTo(wanted.subList(0, Math.min(2, wanted.size())));
    }

    private static UsageAnswer.Table table(LocalUsage usage, UsageOwner owner, KeyRange keys, UsageSpan span) {
        assertThat(usage.series(owner, keys, span)).isInstanceOf(UsageAnswer.Table.class);
        return usage.series(owner, keys, span) instanceof UsageAnswer.Table table
                ? table
                : new UsageAnswer.Table(span, List.of());
    }

    @Test
    void readsNeverMissWhatASnapshotIsMovingAtThatMoment() throws InterruptedException {
        try (House house = house()) {
            house.found(1);
            LocalUsage usage = house.usage();
            long number = house.number("a0");
            AtomicBoolean done = new AtomicBoolean();
            AtomicInteger begun = new AtomicInteger();
            AtomicInteger acknowledged = new AtomicInteger();
            Thread counting = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 1_200; i++) {
                    // Every call closes an hour, so that every snapshot has something to move.
                    clock.updateAndGet(now -> now.plusSeconds(3_600));
                    begun.incrementAndGet();
                    house.acknowledged("a0");
                    acknowledged.incrementAndGet();
                }
                done.set(true);
            });
            List<UsageOwner> owners =
                    List.of(new UsageOwner.OfApplication(number), new UsageOwner.OfProduct(house.product().number()));
            UsageSpan span = UsageSpan.of(
                    Period.HOUR, START.getEpochSecond(), START.plus(Duration.ofHours(4_000)).getEpochSecond());
            int reads = 0;
            while (!done.get()) {
                for (UsageOwner owner : owners) {
                    long least = acknowledged.get();
                    long value = table(usage, owner, KeyRange.one(house.metric()), span).series().getFirst().total();
                    assertThat(value).as("%s", owner).isBetween(least, (long) begun.get());
                    reads++;
                }
            }
            counting.join();
            assertThat(reads).isGreaterThan(10);
        }
    }

    @Test
    void applicationsThatLeftMemoryAreReadFromTheStoreAndDeletedOnesAreListed() {
        try (House house = house()) {
            house.found(3);
            for (int i = 0; i < 3; i++) {
                for (int k = 0; k <= i; k++) {
                    house.acknowledged("a" + i);
                }
            }
        }
        try (House house = house()) {
            house.writer.write(List.of(new CatalogChange.ApplicationDeleted("s", "a1")));
            assertThat(house.applications.isResident(house.number("a0"))).isFalse();
            assertThat(house.usage().top("s", house.metric(), Period.DAY, house.now(), 5))
                    .containsExactly(
                            new TopApplication(house.number("a2"), "a2", true, 3),
                            new TopApplication(house.number("a1"), "a1", false, 2),
                            new TopApplication(house.number("a0"), "a0", true, 1));
            assertThat(house.usage().top("s", house.metric(), Period.DAY, house.now(), 1))
                    .extracting(TopApplication::id).containsExactly("a2");
            assertThat(house.usage().top("nowhere", house.metric(), Period.DAY, house.now(), 5)).isEmpty();
        }
    }

    @Test
    void spansAreWholePeriodsAndBounded() {
        UsageSpan weeks = UsageSpan.of(Period.WEEK, second("2026-12-31T23:59:59Z"), second("2027-01-04T00:00:01Z"));
        assertThat(weeks.starts()).containsExactly(
                second("2026-12-28T00:00:00Z"), second("2027-01-04T00:00:00Z"), second("2027-01-11T00:00:00Z"));
        UsageSpan months = UsageSpan.of(Period.MONTH, second("2024-02-29T12:00:00Z"), second("2024-03-01T00:00:00Z"));
        assertThat(months.starts()).containsExactly(second("2024-02-01T00:00:00Z"), second("2024-03-01T00:00:00Z"));
        assertThat(months.indexOf(second("2024-03-01T00:00:00Z"))).isNegative();
        assertThat(UsageSpan.of(Period.ETERNITY, 5, 6).size()).isEqualTo(1);
        assertThat(UsageSpan.fault(Period.HOUR, 0, 3_600L * UsageSpan.MOST)).isNull();
        assertThat(UsageSpan.fault(Period.HOUR, 0, 3_600L * UsageSpan.MOST + 1)).contains("more than 10000 periods per hour");
        assertThat(UsageSpan.fault(Period.DAY, 7, 7)).contains("not before");
        assertThat(UsageSpan.fault(Period.MINUTE, 0, 60)).contains("minutes are not kept");
        assertThatThrownBy(() -> UsageSpan.of(Period.DAY, 7, 7)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anAnswerThatWouldBeTooLongIsRefused() {
        try (House house = house()) {
            house.found(1);
            for (int code = 100; code < 130; code++) {
                house.reported("a0", "hits", "1", house.now(), code);
            }
            UsageOwner owner = new UsageOwner.OfApplication(house.number("a0"));
            UsageSpan year = UsageSpan.of(Period.HOUR, house.now() - 365 * 86_400, house.now() + 1);
            assertThat(house.usage().series(owner, KeyRange.STATUSES, year)).isInstanceOf(UsageAnswer.TooMuch.class);
            assertThat(house.usage().series(owner, KeyRange.one(CounterKey.status(107)), year))
                    .isInstanceOf(UsageAnswer.Table.class);
        }
    }

    private static long second(String instant) {
        return Instant.parse(instant).getEpochSecond();
    }
}
