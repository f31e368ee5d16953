package io.tollkeeper.core.usage;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class UsageCountersTest {

    private static final int HITS = 0;
    private static final long NOON = second("2026-11-20T12:00:30");

    private UsageCounters counters = new UsageCounters(UsageCounters.APPLICATION_PERIODS);

    /// What a store would hold of closed slots.
    private final Map<Slot, Long> stored = new HashMap<>();

    private long storedSeq;

    @Test
    void anIncrementLandsInEveryPeriod() {
        counters.rollover(NOON);
        counters.add(HITS, NOON, 3);
        for (Period period : Period.values()) {
            assertThat(counters.current(HITS, period.slot())).isEqualTo(3);
        }
    }

    @Test
    void closedSlotsLeaveForTheStoreAndEternityStays() {
        counters.rollover(NOON);
        counters.add(HITS, NOON, 3);
        counters.rollover(NOON + 3_600);
        assertThat(current(Period.HOUR)).isZero();
        assertThat(current(Period.DAY)).isEqualTo(3);
        assertThat(counters.copyPast(1))
                .containsExactly(new PastDelta(HITS, Period.HOUR, Period.HOUR.start(NOON), 3));
    }

    @Test
    void aClosedMinuteStaysReadableForThreeMinutesAndNeverGoesToTheStore() {
        counters.rollover(NOON);
        counters.add(HITS, NOON, 3);
        counters.rollover(NOON + 60);
        long minute = Period.MINUTE.start(NOON);
        assertThat(counters.value(HITS, Period.MINUTE.slot(), minute)).isEqualTo(3);
        counters.rollover(minute + 60 + 179);
        assertThat(counters.value(HITS, Period.MINUTE.slot(), minute)).isEqualTo(3);
        counters.rollover(minute + 60 + 240);
        assertThat(counters.value(HITS, Period.MINUTE.slot(), minute)).isZero();
        assertThat(counters.copyPast(1)).isEmpty();
    }

    @Test
    void anEarlyStampIsTakenOverAtRolloverSoThatTheNextHourDoesNotStartAtZero() {
        counters.rollover(NOON);
        counters.add(HITS, NOON + 3_600, 5);
        assertThat(current(Period.HOUR)).isZero();
        assertThat(current(Period.DAY)).isEqualTo(5);
        counters.rollover(NOON + 3_600);
        assertThat(current(Period.HOUR)).isEqualTo(5);
        assertThat(current(Period.MINUTE)).isEqualTo(5);
    }

    @Test
    void aLateStampGoesToTheSlotsItBelongsTo() {
        counters.rollover(NOON);
        counters.add(HITS, NOON - 7_200, 2);
        assertThat(current(Period.HOUR)).isZero();
        assertThat(current(Period.DAY)).isEqualTo(2);
        assertThat(counters.value(HITS, Period.HOUR.slot(), Period.HOUR.start(NOON - 7_200))).isEqualTo(2);
    }

    @Test
    void aSetBecomesItsDifferencePerPeriod() {
        counters.rollover(NOON - 86_400);
        counters.add(HITS, NOON - 86_400, 10);
        counters.rollover(NOON);
        counters.add(HITS, NOON, 4);
        long[] differences = new long[Period.COUNT];
        counters.differences(HITS, NOON, 7, differences, new ArrayList<>());
        counters.add(HITS, NOON, differences);
        for (Period period : Period.values()) {
            assertThat(current(period)).isEqualTo(7);
        }
        assertThat(differences[Period.ETERNITY.slot()]).isEqualTo(-7);
        assertThat(differences[Period.DAY.slot()]).isEqualTo(3);
    }

    @Test
    void undoIsTheAdditionOfTheNegative() {
        counters.rollover(NOON);
        counters.add(HITS, NOON, 4);
        long[] differences = new long[Period.COUNT];
        counters.differences(HITS, NOON, 100, differences, new ArrayList<>());
        counters.add(HITS, NOON, differences);
        counters.add(HITS, NOON, 9);
        counters.subtract(HITS, NOON, differences);
        counters.add(HITS, NOON, -9);
        for (Period period : Period.values()) {
            assertThat(current(period)).isEqualTo(4);
        }
    }

    @Test
    void aLateSetAsksForTheClosedSlotsItReplacesAndIsExactOnceTheyAreThere() {
        counters.rollover(NOON - 7_200);
        counters.add(HITS, NOON - 7_200, 10);
        counters.rollover(NOON);
        snapshot(1);
        List<Slot> unknown = new ArrayList<>();
        long[] differences = new long[Period.COUNT];
        counters.differences(HITS, NOON - 7_200, 4, differences, unknown);
        Slot hour = new Slot(HITS, Period.HOUR, Period.HOUR.start(NOON - 7_200));
        assertThat(unknown).containsExactly(hour);
        counters.supply(read(unknown), unknown);
        unknown.clear();
        counters.differences(HITS, NOON - 7_200, 4, differences, unknown);
        assertThat(unknown).isEmpty();
        assertThat(differences[Period.HOUR.slot()]).isEqualTo(-6);
        counters.add(HITS, NOON - 7_200, differences);
        assertThat(total(hour)).isEqualTo(4);
        snapshot(2);
        assertThat(total(hour)).isEqualTo(4);
        assertThat(stored.get(hour)).isEqualTo(4);
    }

    @Test
    void theClockMayGoBackAMinuteWithoutReopeningAnything() {
        counters.rollover(NOON);
        counters.add(HITS, NOON, 1);
        assertThat(counters.rollover(NOON - 40)).isEqualTo(Period.MINUTE.start(NOON));
        assertThat(current(Period.MINUTE)).isEqualTo(1);
        assertThat(counters.missing()).isEmpty();
    }

    @Test
    void aClockThatGoesBackAnHourFindsTheValuesOfThatHourAgain() {
        counters.rollover(NOON - 3_600);
        counters.add(HITS, NOON - 3_600, 10);
        counters.rollover(NOON);
        snapshot(1);
        counters.add(HITS, NOON, 3);
        counters.rollover(NOON - 3_600);
        assertThat(counters.missing()).contains(new Slot(HITS, Period.HOUR, Period.HOUR.start(NOON - 3_600)));
        List<Slot> missing = counters.missing();
        counters.supply(read(missing), missing);
        assertThat(counters.missing()).isEmpty();
        assertThat(current(Period.HOUR)).isEqualTo(10);
        assertThat(current(Period.DAY)).isEqualTo(13);
        counters.add(HITS, NOON - 3_600, 1);
        counters.rollover(NOON);
        assertThat(current(Period.HOUR)).isEqualTo(3);
        snapshot(2);
        assertThat(stored.get(new Slot(HITS, Period.HOUR, Period.HOUR.start(NOON - 3_600)))).isEqualTo(11);
    }

    @Test
    void incrementsThatWouldPassTheLargestNumberStopThere() {
        counters.rollover(NOON);
        counters.add(HITS, NOON, Long.MAX_VALUE - 5);
        assertThat(counters.overflows(HITS, NOON, 5)).isFalse();
        assertThat(counters.overflows(HITS, NOON, 6)).isTrue();
        long[] differences = new long[Period.COUNT];
        counters.saturated(HITS, NOON, 100, differences);
        counters.add(HITS, NOON, differences);
        assertThat(current(Period.ETERNITY)).isEqualTo(Long.MAX_VALUE);
        counters.subtract(HITS, NOON, differences);
        assertThat(current(Period.ETERNITY)).isEqualTo(Long.MAX_VALUE - 5);
    }

    @Test
    void productsLeaveOutYearAndMinute() {
        counters = new UsageCounters(UsageCounters.PRODUCT_PERIODS);
        counters.rollover(NOON);
        counters.add(HITS, NOON, 3);
        counters.rollover(second("2027-01-01T00:00:00"));
        assertThat(counters.copyPast(1))
                .extracting(PastDelta::period)
                .containsExactlyInAnyOrder(Period.MONTH, Period.WEEK, Period.DAY, Period.HOUR);
    }

    /// The heart of it: whatever the order of late, early and ordinary stamps, sets, undo, rollovers, snapshots (some of
    /// which fail) and restarts, every slot holds what a plain map of sums holds.
    @Test
    void anyMixtureOfStampsSnapshotsAndRestartsAgreesWithPlainSums() {
        for (int seed = 0; seed < 60; seed++) {
            counters = new UsageCounters(UsageCounters.APPLICATION_PERIODS);
            stored.clear();
            storedSeq = 0;
            Random random = new Random(seed);
            Map<Slot, Long> expected = new HashMap<>();
            long now = NOON + random.nextInt(1_000_000);
            long seq = 0;
            for (int step = 0; step < 400; step++) {
                now += random.nextInt(8) == 0 ? random.nextInt(5_000) : random.nextInt(40);
                counters.rollover(now);
                int key = random.nextInt(5);
                long stamp = switch (random.nextInt(4)) {
                    case 0 -> now - random.nextInt(86_400);
                    case 1 -> now + random.nextInt(3_600);
                    default -> now;
                };
                if (random.nextInt(5) == 0) {
                    set(expected, key, stamp, random.nextInt(50), now);
                } else {
                    long amount = random.nextInt(9) - 2L;
                    counters.add(key, stamp, amount);
                    for (Period period : Period.values()) {
                        count(expected, key, period, stamp, amount, now);
                    }
                }
                seq++;
                if (random.nextInt(20) == 0) {
                    snapshot(seq);
                } else if (random.nextInt(20) == 0) {
                    counters.copyPast(seq);
                    counters.notWritten();
                } else if (random.nextInt(40) == 0) {
                    snapshot(seq);
                    counters = UsageCounters.of(UsageCounters.APPLICATION_PERIODS, counters.export());
                    counters.rollover(now);
                }
            }
            for (Map.Entry<Slot, Long> slot : expected.entrySet()) {
                if (slot.getKey().period() == Period.MINUTE && slot.getKey().start() + 240 <= now) {
                    continue;
                }
                assertThat(total(slot.getKey())).as("seed %s, %s", seed, slot.getKey()).isEqualTo(slot.getValue());
            }
        }
    }

    private void set(Map<Slot, Long> expected, int key, long stamp, long value, long now) {
        long[] differences = new long[Period.COUNT];
        List<Slot> unknown = new ArrayList<>();
        counters.differences(key, stamp, value, differences, unknown);
        if (!unknown.isEmpty()) {
            counters.supply(read(unknown), unknown);
            unknown.clear();
            counters.differences(key, stamp, value, differences, unknown);
            assertThat(unknown).isEmpty();
        }
        counters.add(key, stamp, differences);
        for (Period period : Period.values()) {
            if (period != Period.MINUTE || period.start(stamp) + 240 > Period.MINUTE.start(now)) {
                expected.put(new Slot(key, period, period.start(stamp)), value);
            }
        }
    }

    private static void count(Map<Slot, Long> expected, int key, Period period, long stamp, long amount, long now) {
        if (period != Period.MINUTE || period.start(stamp) + 240 > Period.MINUTE.start(now)) {
            expected.merge(new Slot(key, period, period.start(stamp)), amount, Long::sum);
        }
    }

    private void snapshot(long seq) {
        for (PastDelta delta : counters.copyPast(seq)) {
            stored.merge(new Slot(delta.key(), delta.period(), delta.start()), delta.amount(), Long::sum);
        }
        storedSeq = seq;
        counters.written();
    }

    private StoredPast read(List<Slot> slots) {
        Map<Slot, Long> values = new HashMap<>(stored);
        values.keySet().retainAll(slots);
        return new StoredPast(1, storedSeq, values);
    }

    private long total(Slot slot) {
        return counters.value(slot, slot.start(), read(List.of(slot)));
    }

    private long current(Period period) {
        return counters.current(HITS, period.slot());
    }

    private static long second(String time) {
        return LocalDateTime.parse(time).toEpochSecond(ZoneOffset.UTC);
    }
}
