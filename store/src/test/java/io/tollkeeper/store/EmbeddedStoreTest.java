package io.tollkeeper.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.tollkeeper.core.authorize.Decision;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.StoredUsage;
import io.tollkeeper.store.sqlite.StoreFileException;
import io.tollkeeper.store.usage.Snapshots;
import io.tollkeeper.testkit.Eventually;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class EmbeddedStoreTest {

    @TempDir
    private Path folder;

    @Test
    void countsOutliveACleanStop() {
        try (House house = new House(folder, House.NEVER)) {
            house.found(3);
            for (int i = 0; i < 30; i++) {
                assertThat(house.acknowledged("a" + i % 3)).isTrue();
            }
        }
        try (House house = new House(folder, House.NEVER)) {
            for (int i = 0; i < 3; i++) {
                assertThat(house.eternity("a" + i)).isEqualTo(10);
            }
            assertThat(house.total()).isEqualTo(30);
        }
    }

    @Test
    void aCleanStopLeavesNothingToReplay() {
        try (House house = new House(folder, House.NEVER)) {
            house.found(3);
            for (int i = 0; i < 30; i++) {
                house.acknowledged("a" + i % 3);
            }
        }
        try (House house = new House(folder, House.NEVER)) {
            AtomicInteger rows = new AtomicInteger();
            house.store.usage().replay((_, _) -> rows.incrementAndGet());
            assertThat(rows.get()).as("the newest group stays for its time").isLessThanOrEqualTo(1);
            assertThat(house.store.lastTime()).isBetween(house.now() - 60, house.now());
        }
    }

    @Test
    void limitsHoldAcrossARestart() {
        UsageLimit limit = new UsageLimit("gold", "10", Period.ETERNITY, 5);
        try (House house = new House(folder, House.OFTEN)) {
            house.found(1, limit);
            for (int i = 0; i < 3; i++) {
                assertThat(house.acknowledged("a0")).isTrue();
            }
        }
        try (House house = new House(folder, House.OFTEN)) {
            int granted = 0;
            for (int i = 0; i < 10; i++) {
                granted += house.acknowledged("a0") ? 1 : 0;
            }
            assertThat(granted).isEqualTo(2);
        }
    }

    @Test
    void snapshotsInTheMiddleOfCallsLoseAndDoubleNothing() throws InterruptedException {
        AtomicInteger acknowledged = new AtomicInteger();
        int inProcess = 2_000;
        try (House house = new House(folder, House.OFTEN)) {
            house.found(5);
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                int first = t;
                threads.add(Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < 300; i++) {
                        if (house.acknowledged("a" + (first + i) % 5)) {
                            acknowledged.incrementAndGet();
                        }
                    }
                }));
            }
            threads.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < inProcess; i++) {
                    assertThat(house.authrep("a" + i % 5, null)).isInstanceOf(Decision.Granted.class);
                }
            }));
            for (Thread thread : threads) {
                thread.join();
            }
            Instant now = Instant.now();
            Eventually.holds("a snapshot", () -> house.store.health().lastSnapshot().isAfter(now));
            assertThat(house.store.health().snapshotFault()).isNull();
        }
        assertThat(acknowledged.get()).isEqualTo(1_200);
        try (House house = new House(folder, House.NEVER)) {
            long sum = 0;
            for (int i = 0; i < 5; i++) {
                sum += house.eternity("a" + i);
            }
            assertThat(sum).isEqualTo(1_200 + inProcess);
            assertThat(house.total()).isEqualTo(1_200 + inProcess);
        }
    }

    @Test
    void idleApplicationsLeaveMemoryAndComeBackWithTheirCounts() {
        Snapshots.Limits few = new Snapshots.Limits(Duration.ofMillis(100), 1_000, 1 << 20, 100, 10_000);
        AtomicReference<Instant> clock = new AtomicReference<>(Instant.parse("2026-11-20T12:00:00Z"));
        try (House house = new House(folder, few, clock::get)) {
            house.found(40);
            for (int i = 0; i < 40; i++) {
                assertThat(house.acknowledged("a" + i)).isTrue();
            }
            clock.set(clock.get().plusSeconds(100));
            Eventually.holds("eviction", () -> house.applications.weight() <= 10_000);
            assertThat(house.applications.resident()).isLessThan(40);
            for (int i = 0; i < 40; i++) {
                assertThat(house.acknowledged("a" + i)).isTrue();
                assertThat(house.eternity("a" + i)).isEqualTo(2);
            }
        }
    }

    @Test
    void whatAStartWouldHaveToReplayStartsASnapshotLongBeforeItsTime() {
        Duration never = Duration.ofDays(1);
        long much = Long.MAX_VALUE / 2;
        for (Snapshots.Limits limits : List.of(
                new Snapshots.Limits(never, 50, much, Integer.MAX_VALUE, much),
                new Snapshots.Limits(never, much, 500, Integer.MAX_VALUE, much),
                new Snapshots.Limits(never, much, much, 20, much))) {
            try (House house = new House(folder.resolve(limits.toString()), limits)) {
                house.found(30);
                for (int i = 0; i < 90; i++) {
                    assertThat(house.acknowledged("a" + i % 30)).isTrue();
                }
                Eventually.holds("a snapshot", () -> house.store.health().snapshots() > 0);
            }
        }
    }

    @Test
    void callsSpreadOverMoreApplicationsThanFitIntoMemoryAreCountedWithinIt() {
        long room = 100_000;
        Snapshots.Limits tight = new Snapshots.Limits(
                Duration.ofDays(1), Long.MAX_VALUE, Long.MAX_VALUE, Integer.MAX_VALUE, room);
        int howMany = 1_500;
        long heaviest = 0;
        try (House house = new House(folder, tight)) {
            house.found(howMany);
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < howMany; i++) {
                    assertThat(house.authrep("a" + i, CommitWaiter.completing(new CompletableFuture<>())))
                            .isInstanceOf(Decision.Granted.class);
                    heaviest = Math.max(heaviest, house.applications.weight());
                }
            }
            assertThat(heaviest).isBetween(room, room * 9 / 8 + 2_000);
            assertThat(house.store.health().snapshots()).isPositive();
        }
        try (House house = new House(folder, House.NEVER)) {
            for (int i = 0; i < howMany; i++) {
                assertThat(house.eternity("a" + i)).isEqualTo(2);
            }
            assertThat(house.total()).isEqualTo(2L * howMany);
        }
    }

    @Test
    void closedPeriodsAreKept() {
        AtomicReference<Instant> clock = new AtomicReference<>(Instant.parse("2026-11-20T12:59:50Z"));
        long before = clock.get().getEpochSecond();
        try (House house = new House(folder, House.NEVER, clock::get)) {
            house.found(1);
            house.acknowledged("a0");
            house.acknowledged("a0");
            clock.set(clock.get().plusSeconds(20));
            house.acknowledged("a0");
        }
        try (House house = new House(folder, House.NEVER, clock::get)) {
            assertThat(house.value("a0", Period.HOUR, before)).isEqualTo(2);
            assertThat(house.value("a0", Period.HOUR, before + 20)).isEqualTo(1);
            assertThat(house.value("a0", Period.DAY, before)).isEqualTo(3);
        }
    }

    @Test
    void aDeletedApplicationKeepsItsCountsInTheJournalToo() {
        try (House house = new House(folder, House.NEVER)) {
            house.found(1);
            house.acknowledged("a0");
            house.writer.write(List.of(new CatalogChange.ApplicationDeleted("s", "a0")));
        }
        try (House house = new House(folder, House.NEVER)) {
            house.found(1);
            assertThat(house.eternity("a0")).isEqualTo(1);
            StoredUsage usage = house.store.usage().load(house.number("a0"));
            assertThat(usage).isNotNull();
        }
    }

    @Test
    void twoStoresOnOneFolderAreRefusedWithItsNameAndTheHolder() {
        try (House house = new House(folder, House.NEVER)) {
            assertThat(house.now()).isPositive();
            assertThatThrownBy(() -> EmbeddedStore.open(folder, StoreSettings.defaults()))
                    .isInstanceOf(StoreFileException.class)
                    .hasMessageContaining(folder.toString())
                    .hasMessageContaining("in use by")
                    .hasMessageContaining(Long.toString(ProcessHandle.current().pid()));
        }
        EmbeddedStore.open(folder, StoreSettings.defaults()).close();
    }

    @Test
    void aFileThatIsNotADatabaseIsNamed() throws IOException {
        Files.writeString(folder.resolve("catalog.db"), "this is not a database, but it is long enough".repeat(50));
        assertThatThrownBy(() -> EmbeddedStore.open(folder, StoreSettings.defaults()))
                .isInstanceOf(StoreFileException.class)
                .hasMessageContaining("catalog.db")
                .hasMessageContaining("not a SQLite file");
        Files.delete(folder.resolve("catalog.db"));
        EmbeddedStore.open(folder, StoreSettings.defaults()).close();
    }

    @Test
    void aDatabaseOfSomebodyElseIsRefusedUnchanged() throws SQLException {
        execute("usage.db", "CREATE TABLE theirs (x)");
        assertThatThrownBy(() -> EmbeddedStore.open(folder, StoreSettings.defaults()))
                .isInstanceOf(StoreFileException.class)
                .hasMessageContaining("usage.db")
                .hasMessageContaining("not one that this version of Tollkeeper can use");
        execute("usage.db", "INSERT INTO theirs VALUES (1)");
    }

    @Test
    void aFolderOfANewerVersionIsRefused() throws SQLException {
        EmbeddedStore.open(folder, StoreSettings.defaults()).close();
        execute(
                "journal.db",
                "INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, checksum,"
                        + " installed_by, execution_time, success)"
                        + " VALUES (99, '99', 'future', 'SQL', 'V99__future.sql', 1, '', 0, 1)");
        assertThatThrownBy(() -> EmbeddedStore.open(folder, StoreSettings.defaults()))
                .isInstanceOf(StoreFileException.class)
                .hasMessageContaining("journal.db")
                .hasMessageContaining("newer");
    }

    @Test
    void aFolderThatCannotBeCreatedIsNamed() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        assertThatThrownBy(() -> EmbeddedStore.open(file.resolve("data"), StoreSettings.defaults()))
                .isInstanceOf(StoreFileException.class)
                .hasMessageContaining("data folder")
                .hasMessageContaining("--data DIR");
    }

    private void execute(String file, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve(file));
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
