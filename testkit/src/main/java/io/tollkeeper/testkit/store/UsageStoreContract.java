package io.tollkeeper.testkit.store;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.core.usage.JournalBody;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.KeyRange;
import io.tollkeeper.core.usage.PastDelta;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.Slot;
import io.tollkeeper.core.usage.SlotBytes;
import io.tollkeeper.core.usage.SlotRange;
import io.tollkeeper.core.usage.StoredPast;
import io.tollkeeper.core.usage.StoredSeries;
import io.tollkeeper.core.usage.StoredUsage;
import io.tollkeeper.core.usage.UsageDeletion;
import io.tollkeeper.core.usage.UsageJournal;
import io.tollkeeper.core.usage.UsageSnapshot;
import io.tollkeeper.core.usage.UsageStore;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

/// What every [UsageStore] and the [UsageJournal] in front of it do. A subclass gives an empty pair per test, the
/// journal running.
public abstract class UsageStoreContract {

    private static final long NOON = 1_800_000_000L;

    /// The store under test; the same one for the whole of a test, empty at its beginning.
    protected abstract UsageStore store();

    /// The journal that [UsageStore#replay] reads.
    protected abstract UsageJournal journal();

    // ---- snapshots

    @Test
    void anEmptyStoreHoldsNothing() {
        assertThat(store().load(7)).isNull();
        assertThat(store().loadTotals()).isEmpty();
        assertThat(store().loadPast(7, List.of(hour(0)))).isEqualTo(new StoredPast(7, 0, Map.of()));
        assertThat(rows()).isEmpty();
    }

    @Test
    void aSnapshotReplacesTheOneBefore() {
        store().write(List.of(snapshot(7, 10, "a"), snapshot(8, 11, "b")));
        store().write(List.of(snapshot(7, 12, "c")));
        assertThat(store().load(7)).isEqualTo(new StoredUsage(7, 12, slots("c")));
        assertThat(store().load(8)).isEqualTo(new StoredUsage(8, 11, slots("b")));
    }

    @Test
    void pastAmountsAddUp() {
        store().write(List.of(snapshot(7, 10, "a", delta(hour(0), 5), delta(hour(1), 1))));
        store().write(List.of(snapshot(7, 11, "a", delta(hour(0), -2)), snapshot(8, 11, "a", delta(hour(0), 100))));
        StoredPast past = store().loadPast(7, List.of(hour(0), hour(1), hour(2)));
        assertThat(past.seq()).isEqualTo(11);
        assertThat(past.values()).contains(entry(hour(0), 3L), entry(hour(1), 1L));
        assertThat(past.values().getOrDefault(hour(2), 0L)).isZero();
    }

    @Test
    void everyKeyPeriodAndStartIsASlotOfItsOwn() {
        List<PastDelta> deltas = new ArrayList<>();
        Map<Slot, Long> expected = new HashMap<>();
        for (int key : new int[] {0, 1, 1_048_578, 1_050_599}) {
            for (Period period : Period.values()) {
                for (long start : new long[] {0, NOON, -3_600}) {
                    Slot slot = new Slot(key, period, start);
                    expected.put(slot, expected.size() + 1L);
                    deltas.add(delta(slot, expected.get(slot)));
                }
            }
        }
        store().write(List.of(new UsageSnapshot(7, 1, slots("a"), deltas)));
        assertThat(store().loadPast(7, List.copyOf(expected.keySet())).values()).isEqualTo(expected);
    }

    @Test
    void writingASnapshotTwiceCountsOnce() {
        List<UsageSnapshot> batch = List.of(snapshot(7, 10, "a", delta(hour(0), 5)));
        store().write(batch);
        store().write(batch);
        assertThat(store().loadPast(7, List.of(hour(0))).values()).containsExactly(entry(hour(0), 5L));
    }

    @Test
    void anOlderSnapshotChangesNothing() {
        store().write(List.of(snapshot(7, 10, "new", delta(hour(0), 5))));
        store().write(List.of(snapshot(7, 9, "old", delta(hour(0), 50))));
        assertThat(store().load(7)).isEqualTo(new StoredUsage(7, 10, slots("new")));
        assertThat(store().loadPast(7, List.of(hour(0))).values()).containsExactly(entry(hour(0), 5L));
    }

    @Test
    void largeNumbersAreExact() {
        long odd = (1L << 53) + 1;
        store().write(List.of(snapshot(7, odd, "a", delta(hour(0), odd), delta(hour(1), Long.MAX_VALUE))));
        store().write(List.of(snapshot(7, odd + 1, "a", delta(hour(0), 1))));
        StoredPast past = store().loadPast(7, List.of(hour(0), hour(1)));
        assertThat(past.seq()).isEqualTo(odd + 1);
        assertThat(past.values()).containsOnly(entry(hour(0), odd + 1), entry(hour(1), Long.MAX_VALUE));
    }

    @Test
    void aSumBeyondTheLargestNumberStaysThere() {
        store().write(List.of(snapshot(7, 1, "a", delta(hour(0), Long.MAX_VALUE))));
        store().write(List.of(snapshot(7, 2, "a", delta(hour(0), 1))));
        assertThat(store().loadPast(7, List.of(hour(0))).values()).containsExactly(entry(hour(0), Long.MAX_VALUE));
    }

    @Test
    void totalsOfProductsAreKeptApartFromApplications() {
        store().write(List.of(snapshot(7, 10, "application", delta(hour(0), 5))));
        store().writeTotals(List.of(snapshot(7, 12, "product", delta(hour(0), 6)), snapshot(9, 12, "other")));
        store().writeTotals(List.of(snapshot(9, 11, "older")));
        assertThat(store().loadTotals())
                .containsExactlyInAnyOrder(
                        new StoredUsage(7, 12, slots("product")), new StoredUsage(9, 12, slots("other")));
        assertThat(store().loadPastTotals(7, List.of(hour(0)))).isEqualTo(new StoredPast(7, 12, Map.of(hour(0), 6L)));
        assertThat(store().loadPast(7, List.of(hour(0)))).isEqualTo(new StoredPast(7, 10, Map.of(hour(0), 5L)));
    }

    // ---- ranges

    private static final int ALL = 1_000;

    @Test
    void aRangeHoldsTheSlotsOfItsKeysItsPeriodAndItsTimeAndNothingElse() {
        List<PastDelta> deltas = new ArrayList<>();
        Map<Slot, Long> all = new HashMap<>();
        for (int key : new int[] {0, 1, 7, 1_048_578, 1_050_599}) {
            for (Period period : List.of(Period.DAY, Period.HOUR)) {
                for (long start = -2; start < 3; start++) {
                    Slot slot = new Slot(key, period, NOON + start * 3_600);
                    all.put(slot, all.size() + 1L);
                    deltas.add(delta(slot, all.get(slot)));
                }
            }
        }
        UsageSnapshot snapshot = new UsageSnapshot(7, 10, slots("a"), deltas);
        store().write(List.of(snapshot, snapshot(8, 11, "b", delta(hour(0), 99))));
        store().writeTotals(List.of(new UsageSnapshot(7, 12, slots("c"), deltas)));
        for (KeyRange keys : List.of(KeyRange.ALL, KeyRange.METRICS, KeyRange.STATUSES, KeyRange.one(1), new KeyRange(1, 7), new KeyRange(2, 7))) {
            for (Period period : List.of(Period.DAY, Period.HOUR, Period.WEEK)) {
                SlotRange range = new SlotRange(keys, period, NOON - 3_600, NOON + 3_600);
                Map<Slot, Long> wanted = new HashMap<>(all);
                wanted.keySet().removeIf(slot -> !range.contains(slot.key(), slot.period().slot(), slot.start()));
                assertThat(store().loadSeries(7, range, ALL))
                        .isEqualTo(new StoredSeries(new StoredUsage(7, 10, slots("a")), new StoredPast(7, 10, wanted), true));
                assertThat(store().loadTotalSeries(7, range, ALL))
                        .isEqualTo(new StoredSeries(new StoredUsage(7, 12, slots("c")), new StoredPast(7, 12, wanted), true));
            }
        }
        assertThat(store().loadAll(7).past().values()).isEqualTo(all);
    }

    @Test
    void aRangeIsCutShortWhereItWasAskedToBe() {
        store().write(List.of(snapshot(7, 10, "a", delta(hour(0), 5), delta(hour(1), 6), delta(hour(2), 7))));
        SlotRange range = new SlotRange(KeyRange.ALL, Period.HOUR, NOON, NOON + 86_400);
        assertThat(store().loadSeries(7, range, 3).complete()).isTrue();
        assertThat(store().loadSeries(7, range, 2).complete()).isFalse();
        assertThat(store().loadSeries(7, range, 2).past().values()).hasSize(2);
    }

    @Test
    void whoNeverCountedHasNothingInAnyRange() {
        StoredSeries nothing = new StoredSeries(null, new StoredPast(7, 0, Map.of()), true);
        SlotRange range = new SlotRange(KeyRange.ALL, Period.HOUR, 0, Long.MAX_VALUE);
        assertThat(store().loadSeries(7, range, ALL)).isEqualTo(nothing);
        assertThat(store().loadTotalSeries(7, range, ALL)).isEqualTo(nothing);
        assertThat(store().loadAll(7)).isEqualTo(nothing);
        assertThat(store().loadSlot(List.of(7L), hour(0))).containsExactly(nothing);
        assertThat(store().loadSlot(List.of(), hour(0))).isEmpty();
    }

    @Test
    void oneSlotOfManyComesInTheOrderAskedFor() {
        store().write(List.of(snapshot(7, 10, "a", delta(hour(0), 5)), snapshot(8, 11, "b", delta(hour(1), 6))));
        assertThat(store().loadSlot(List.of(8L, 9L, 7L), hour(0)))
                .containsExactly(
                        new StoredSeries(new StoredUsage(8, 11, slots("b")), new StoredPast(8, 11, Map.of()), true),
                        new StoredSeries(null, new StoredPast(9, 0, Map.of()), true),
                        new StoredSeries(
                                new StoredUsage(7, 10, slots("a")), new StoredPast(7, 10, Map.of(hour(0), 5L)), true));
    }

    @Test
    void whatComesToNothingIsNotKept() {
        store().write(List.of(snapshot(7, 10, "a", delta(hour(0), 5), delta(hour(1), 6))));
        store().writeTotals(List.of(snapshot(7, 10, "a", delta(hour(0), 5))));
        store().write(List.of(snapshot(7, 11, "a", delta(hour(0), -5), delta(hour(1), -5))));
        store().writeTotals(List.of(snapshot(7, 11, "a", delta(hour(0), -5))));
        assertThat(store().loadAll(7).past().values()).containsExactly(entry(hour(1), 1L));
        assertThat(store().loadTotalSeries(7, SlotRange.of(hour(0)), ALL).past().values()).isEmpty();
    }

    // ---- deletions

    @Test
    void aDeletionIsRememberedUntilItIsDone() {
        UsageDeletion first = new UsageDeletion(7, "s", 100, null);
        UsageDeletion second = new UsageDeletion(8, "r", 101, null);
        store().ask(second);
        store().ask(first);
        assertThat(store().deletions()).containsExactly(first, second);
        store().advance(first.doneUpTo("m"));
        assertThat(store().deletions()).containsExactly(first.doneUpTo("m"), second);
        store().done(first);
        assertThat(store().deletions()).containsExactly(second);
    }

    @Test
    void aLaterDeletionOfTheSameProductReplacesTheOneUnderWay() {
        UsageDeletion first = new UsageDeletion(7, "s", 100, null);
        UsageDeletion again = new UsageDeletion(7, "s", 105, null);
        store().ask(first);
        store().advance(first.doneUpTo("m"));
        store().ask(again);
        assertThat(store().deletions()).containsExactly(again);
        store().advance(first.doneUpTo("x"));
        store().done(first);
        assertThat(store().deletions()).containsExactly(again);
    }

    // ---- journal

    @Test
    void whatWasAcknowledgedIsReplayedInOrder() throws InterruptedException {
        Waiter waiter = new Waiter();
        List<Long> seqs = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            seqs.add(journal().append(JournalRow.call(body(i, NOON, 1, i), waiter)));
        }
        for (int i = 0; i < 100; i++) {
            assertThat(waiter.outcome()).isTrue();
        }
        List<Row> rows = rows();
        assertThat(rows).extracting(Row::seq).isEqualTo(seqs).isSorted();
        for (int i = 0; i < 100; i++) {
            assertThat(rows.get(i).body()).isEqualTo(body(i, NOON, 1, i));
        }
    }

    @Test
    void aRowKnowsItsSequence() {
        JournalRow row = JournalRow.mergeable(body(1, NOON, 1, 1));
        assertThat(journal().append(row)).isEqualTo(row.seq()).isNotNegative();
    }

    @Test
    void aBarrierHearsWhenEverythingBeforeItIsDurable() throws InterruptedException {
        journal().append(JournalRow.mergeable(body(1, NOON, 3, 40)));
        journal().append(JournalRow.mergeable(body(1, NOON + 1, 3, 2)));
        barrier();
        assertThat(sum(1, 3)).isEqualTo(42);
    }

    @Test
    void marksAreNotReplayed() throws InterruptedException {
        assertThat(journal().append(JournalRow.copied(5))).isNotNegative();
        barrier();
        assertThat(rows()).isEmpty();
    }

    @Test
    void mergedRowsLoseNothing() throws InterruptedException {
        for (int i = 0; i < 1_000; i++) {
            journal().append(JournalRow.mergeable(body(i % 7, NOON + i % 3, i % 2, 1)));
        }
        barrier();
        long all = 0;
        for (int application = 0; application < 7; application++) {
            all += sum(application, 0) + sum(application, 1);
        }
        assertThat(all).isEqualTo(1_000);
        assertThat(sum(3, 1)).isEqualTo(72);
    }

    @Test
    void noMergedRowLiesAcrossTheMarkOfASnapshot() throws InterruptedException {
        journal().append(JournalRow.mergeable(body(5, NOON, 0, 1)));
        journal().append(JournalRow.mergeable(body(5, NOON, 0, 2)));
        long mark = journal().append(JournalRow.copied(5));
        journal().append(JournalRow.mergeable(body(5, NOON, 0, 4)));
        journal().append(JournalRow.mergeable(body(5, NOON, 0, 8)));
        barrier();
        long before = 0;
        long after = 0;
        for (Row row : rows()) {
            if (row.seq() <= mark) {
                before += amount(row.body(), 5, 0);
            } else {
                after += amount(row.body(), 5, 0);
            }
        }
        assertThat(before).isEqualTo(3);
        assertThat(after).isEqualTo(12);
    }

    @Test
    void rowsWithDifferencesAreKeptAsTheyAre() throws InterruptedException {
        JournalBody.Writer writer = new JournalBody.Writer();
        writer.begin(1, NOON, null);
        writer.group(5, NOON);
        writer.differences(0, new long[] {1, 2, 3, 4, 5, 6, -7});
        byte[] set = writer.end();
        journal().append(JournalRow.mergeable(set));
        journal().append(JournalRow.mergeable(body(5, NOON, 0, 4)));
        barrier();
        assertThat(rows()).extracting(Row::body).containsOnlyOnce(set);
    }

    @Test
    void truncationForgetsWhatIsBelowAndNothingElse() throws InterruptedException {
        List<Long> seqs = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            seqs.add(journal().append(JournalRow.mergeable(body(i, NOON, 0, 1))));
            if (i % 5 == 0) {
                barrier();
            }
        }
        barrier();
        store().truncateBelow(seqs.get(30));
        assertThat(rows()).extracting(Row::seq).containsAll(seqs.subList(30, 50)).doesNotContain(seqs.get(20));
        journal().append(JournalRow.mergeable(body(77, NOON, 0, 1)));
        barrier();
        store().truncateBelow(seqs.getLast() + 100);
        assertThat(sum(0, 0)).as("long covered").isZero();
    }

    @Test
    void waitersAreToldOnTheirOwnLoop() throws InterruptedException {
        BlockingQueue<Runnable> loop = new LinkedBlockingQueue<>();
        Waiter waiter = new Waiter(loop::add);
        journal().append(JournalRow.call(body(1, NOON, 0, 1), waiter));
        Runnable task = loop.poll(10, TimeUnit.SECONDS);
        assertThat(task).isNotNull();
        assertThat(waiter.outcomes).isEmpty();
        java.util.Objects.requireNonNull(task).run();
        assertThat(waiter.outcome()).isTrue();
    }

    private void barrier() throws InterruptedException {
        Waiter waiter = new Waiter();
        assertThat(journal().append(JournalRow.barrier(waiter))).isNotNegative();
        assertThat(waiter.outcome()).isTrue();
    }

    @SuppressWarnings("ArrayRecordComponent") // looked at, never compared
    private record Row(long seq, byte[] body) {}

    private List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        store().replay((seq, body) -> rows.add(new Row(seq, body)));
        return rows;
    }

    private long sum(long application, int key) {
        long sum = 0;
        for (Row row : rows()) {
            sum += amount(row.body(), application, key);
        }
        return sum;
    }

    private static long amount(byte[] body, long application, int key) {
        JournalBody.Reader reader = new JournalBody.Reader();
        reader.reset(body);
        long sum = 0;
        while (reader.next()) {
            if (reader.application() == application && reader.key() == key && reader.isAmount()) {
                sum += reader.amount();
            }
        }
        return sum;
    }

    private static byte[] body(long application, long stamp, int key, long amount) {
        JournalBody.Writer writer = new JournalBody.Writer();
        writer.begin(1, stamp, null);
        writer.group(application, stamp);
        writer.amount(key, amount);
        return writer.end();
    }

    private static Slot hour(int i) {
        return new Slot(3, Period.HOUR, NOON + i * 3_600L);
    }

    private static PastDelta delta(Slot slot, long amount) {
        return new PastDelta(slot.key(), slot.period(), slot.start(), amount);
    }

    private static UsageSnapshot snapshot(long number, long seq, String slots, PastDelta... past) {
        return new UsageSnapshot(number, seq, slots(slots), List.of(past));
    }

    private static SlotBytes slots(String text) {
        return new SlotBytes(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    private static final class Waiter implements CommitWaiter {
        final BlockingQueue<Boolean> outcomes = new LinkedBlockingQueue<>();
        private final Executor executor;

        Waiter() {
            this(Runnable::run);
        }

        Waiter(Executor executor) {
            this.executor = executor;
        }

        @Override
        public Executor executor() {
            return executor;
        }

        @Override
        public void committed(boolean durable) {
            outcomes.add(durable);
        }

        boolean outcome() throws InterruptedException {
            Boolean outcome = outcomes.poll(10, TimeUnit.SECONDS);
            assertThat(outcome).as("the waiter was told").isNotNull();
            return Boolean.TRUE.equals(outcome);
        }
    }
}
