package io.tollkeeper.core.authorize;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.UsageJournal;
import io.tollkeeper.core.usage.UsageSnapshot;
import org.junit.jupiter.api.Test;

import static io.tollkeeper.core.authorize.House.A;
import static io.tollkeeper.core.authorize.House.EXPORTS;
import static io.tollkeeper.core.authorize.House.HITS;
import static io.tollkeeper.core.authorize.House.NOON;
import static org.assertj.core.api.Assertions.assertThat;

/// Many threads at once: limits admit exactly what they allow, nothing is lost, and what was journalled replays to what
/// memory holds, sets and reports over several applications included.
class ExactnessTest {

    private final House house = new House();

    @Test
    void sixtyFourThreadsAgainstAnEternityLimitOfAThousandGetExactlyAThousandPasses() throws Exception {
        house.with(House.application(1, "shop"));
        Product product = House.product("2", House.limit("41", Period.ETERNITY, 1_000));
        house.load(new LoadKey.ById("7301", "shop"));
        int passes = inParallel(64, thread -> {
            Call call = new Call();
            int granted = 0;
            for (int i = 0; i < 100; i++) {
                call.begin(product, Call.Kind.AUTHREP, NOON).appId("shop");
                call.usage().add(thread % 2 == 0 ? HITS : A, 1);
                granted += house.decide(call) instanceof Decision.Granted ? 1 : 0;
            }
            return granted;
        });
        assertThat(passes).isEqualTo(1_000);
        assertThat(house.eternity(1, HITS)).isEqualTo(1_000);
        assertThat(house.journal.written()).hasSize(1_000);
        assertThat(house.restarted().eternity(1, HITS)).isEqualTo(1_000);
    }

    @Test
    void reportsSetsAndCallsOverSeveralApplicationsReplayToTheSameCountersWithSnapshotsInBetween() throws Exception {
        for (int number = 1; number <= 8; number++) {
            house.with(House.application(number, "app" + number));
            house.load(new LoadKey.ById("7301", "app" + number));
        }
        Product product = House.product("2");
        AtomicBoolean done = new AtomicBoolean();
        try (ExecutorService snapshots = Executors.newSingleThreadExecutor()) {
            Future<?> snapshotting = snapshots.submit(() -> {
                Random random = new Random(3);
                while (!done.get()) {
                    List<UsageSnapshot> copies = house.applications.copyDirty(house.journal, 3);
                    if (random.nextInt(4) == 0) {
                        house.applications.notWritten(copies);
                    } else {
                        house.stores.write(copies);
                        house.applications.written(copies);
                    }
                }
            });
            inParallel(8, thread -> {
                mix(product, new Random(thread));
                return 0;
            });
            done.set(true);
            snapshotting.get();
        }
        House next = house.restarted();
        for (int number = 1; number <= 8; number++) {
            for (int key : new int[] {HITS, A, EXPORTS}) {
                for (Period period : Period.values()) {
                    assertThat(next.value(number, key, period, NOON, NOON))
                            .as("application %s, key %s, %s", number, key, period)
                            .isEqualTo(house.value(number, key, period, NOON, NOON));
                }
            }
        }
    }

    private void mix(Product product, Random random) {
        Call call = new Call();
        for (int i = 0; i < 400; i++) {
            if (random.nextInt(3) == 0) {
                Report report = new Report(product, NOON, false, null, null);
                for (int t = 0; t < 5; t++) {
                    Report.Transaction transaction = report.add().appId("app" + (1 + random.nextInt(8)));
                    transaction.usage().name("a", (random.nextInt(3) == 0 ? "#" : "") + random.nextInt(9));
                    transaction.usage().name("exports", Integer.toString(1 + random.nextInt(9)));
                    if (random.nextInt(4) == 0) {
                        transaction.stamp(NOON + random.nextInt(3_600));
                    }
                }
                assertThat(house.report(report)).isEqualTo(new ReportOutcome.Counted());
            } else {
                call.begin(product, Call.Kind.AUTHREP, NOON).appId("app" + (1 + random.nextInt(8)));
                call.usage().name(random.nextBoolean() ? "hits" : "a", (random.nextInt(3) == 0 ? "#" : "") + random.nextInt(9));
                assertThat(house.decide(call)).isInstanceOf(Decision.Granted.class);
            }
        }
    }

    /// The journal fails and recovers while calls go on: every CALL row that was taken back is missing from the
    /// counters, every other is in them.
    @Test
    void aFailingJournalTakesBackExactlyItsOwnRows() throws Exception {
        house.with(House.application(1, "shop"));
        house.load(new LoadKey.ById("7301", "shop"));
        Product product = House.product("2");
        AtomicBoolean done = new AtomicBoolean();
        List<JournalRow> undone = new ArrayList<>();
        int granted;
        try (ExecutorService writer = Executors.newSingleThreadExecutor()) {
            Future<?> failing = writer.submit(() -> {
                int handled = 0;
                while (!done.get()) {
                    house.journal.refuseWith(UsageJournal.UNWRITABLE);
                    house.applications.quiesce();
                    List<JournalRow> rows = house.journal.rows();
                    for (JournalRow row : rows.subList(handled, rows.size())) {
                        house.applications.undo(row);
                        undone.add(row);
                    }
                    long before = house.journal.next();
                    house.journal.refuseWith(0);
                    while (!done.get() && house.journal.next() < before + 100) {
                        Thread.onSpinWait();
                    }
                    handled = house.journal.rows().size();
                }
            });
            granted = inParallel(8, _ -> {
                Call call = new Call();
                int count = 0;
                for (int i = 0; i < 3_000; i++) {
                    call.begin(product, Call.Kind.AUTHREP, NOON).appId("shop").waiter(new House.Waiting());
                    call.usage().add(HITS, 1);
                    count += house.decide(call) instanceof Decision.Granted ? 1 : 0;
                }
                return count;
            });
            done.set(true);
            failing.get();
        }
        assertThat(house.eternity(1, HITS)).isEqualTo(granted - undone.size());
    }

    private interface Work {
        int run(int thread);
    }

    private static int inParallel(int threads, Work work) throws InterruptedException, ExecutionException {
        CountDownLatch start = new CountDownLatch(threads);
        int sum = 0;
        try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
            List<Future<Integer>> results = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int thread = i;
                results.add(executor.submit(() -> {
                    start.countDown();
                    start.await();
                    return work.run(thread);
                }));
            }
            for (Future<Integer> result : results) {
                sum += result.get();
            }
        }
        return sum;
    }
}
