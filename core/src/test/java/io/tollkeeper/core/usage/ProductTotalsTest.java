package io.tollkeeper.core.usage;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ProductTotalsTest {

    private static final long NOON = 1_795_176_030L;
    private static final int PRODUCT = 4;
    private static final int HITS = 0;

    private final JournalBody.Writer writer = new JournalBody.Writer();
    private final ProductTotals totals = new ProductTotals();
    private long seq;

    @Test
    void rowsOfAllApplicationsAddUpAndSetsCountAsTheirDifferences() {
        totals.apply(++seq, row(NOON, 1, 5));
        totals.apply(++seq, row(NOON, 2, 7));
        writer.begin(PRODUCT, NOON, null);
        writer.group(1, NOON);
        writer.differences(HITS, new long[] {-2, -2, -2, -2, -2, -2, -2});
        totals.apply(++seq, writer.end());
        for (Period period : new Period[] {Period.ETERNITY, Period.MONTH, Period.WEEK, Period.DAY, Period.HOUR}) {
            assertThat(value(period, NOON, null)).isEqualTo(10);
        }
        assertThat(totals.value(99, slot(Period.DAY, NOON), NOON, null)).isZero();
    }

    @Test
    void replayAfterASnapshotSkipsWhatItIncludes() {
        totals.apply(1, row(NOON, 1, 5));
        List<UsageSnapshot> copies = totals.copyDirty();
        totals.apply(2, row(NOON, 1, 7));
        ProductTotals next = new ProductTotals();
        next.restore(copies.stream()
                .map(copy -> new StoredUsage(copy.number(), copy.seq(), copy.slots()))
                .toList());
        next.apply(1, row(NOON, 1, 5));
        next.apply(2, row(NOON, 1, 7));
        assertThat(next.value(PRODUCT, slot(Period.ETERNITY, NOON), NOON, null)).isEqualTo(12);
    }

    @Test
    void closedHoursGoToTheStoreOnceEvenIfTheFirstCopyFails() {
        totals.apply(1, row(NOON, 1, 5));
        totals.apply(2, row(NOON + 3_600, 1, 1));
        totals.notWritten(totals.copyDirty());
        List<UsageSnapshot> copies = totals.copyDirty();
        assertThat(totals.copyDirty()).isEmpty();
        Map<Slot, Long> stored = new HashMap<>();
        for (PastDelta delta : copies.getFirst().past()) {
            stored.merge(new Slot(delta.key(), delta.period(), delta.start()), delta.amount(), Long::sum);
        }
        assertThat(value(Period.HOUR, NOON, new StoredPast(PRODUCT, 0, Map.of()))).isEqualTo(5);
        assertThat(value(Period.HOUR, NOON, new StoredPast(PRODUCT, copies.getFirst().seq(), stored))).isEqualTo(5);
        totals.written(copies);
        assertThat(value(Period.HOUR, NOON, new StoredPast(PRODUCT, copies.getFirst().seq(), stored))).isEqualTo(5);
        assertThat(value(Period.HOUR, NOON + 3_600, null)).isEqualTo(1);
    }

    @Test
    void rowsAreNeededUntilASnapshotIncludesThem() {
        assertThat(totals.oldestUncovered(10)).isEqualTo(10);
        totals.apply(3, row(NOON, 1, 5));
        totals.apply(4, row(NOON, 1, 5));
        assertThat(totals.oldestUncovered(10)).isEqualTo(3);
        List<UsageSnapshot> copies = totals.copyDirty();
        totals.apply(5, row(NOON, 1, 5));
        assertThat(totals.oldestUncovered(10)).isEqualTo(3);
        totals.written(copies);
        assertThat(totals.oldestUncovered(10)).isEqualTo(5);
    }

    private long value(Period period, long second, @Nullable StoredPast past) {
        return totals.value(PRODUCT, slot(period, second), NOON, past);
    }

    private static Slot slot(Period period, long second) {
        return new Slot(HITS, period, period.start(second));
    }

    private byte[] row(long at, long application, long amount) {
        writer.begin(PRODUCT, at, null);
        writer.group(application, at);
        writer.amount(HITS, amount);
        return writer.end();
    }
}
