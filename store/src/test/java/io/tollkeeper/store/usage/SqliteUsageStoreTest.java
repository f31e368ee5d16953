package io.tollkeeper.store.usage;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.List;

import io.tollkeeper.core.usage.JournalFailure;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.PastDelta;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.Slot;
import io.tollkeeper.core.usage.SlotBytes;
import io.tollkeeper.core.usage.StoredUsage;
import io.tollkeeper.core.usage.UsageJournal;
import io.tollkeeper.core.usage.UsageSnapshot;
import io.tollkeeper.core.usage.UsageStore;
import io.tollkeeper.store.journal.SqliteJournal;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.testkit.store.UsageStoreContract;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

final class SqliteUsageStoreTest extends UsageStoreContract {

    @TempDir
    private Path folder;

    private Database database;
    private SqliteJournal journal;
    private SqliteUsageStore store;

    @BeforeEach
    void open() throws SQLException {
        database = Database.open(folder, "usage");
        journal = new SqliteJournal(Database.open(folder, "journal"), 1, InstantSource.system());
        journal.start(
                new JournalFailure() {
                    @Override
                    public void undo(JournalRow row) {}

                    @Override
                    public void quiesce() {}
                },
                (_, _) -> {});
        store = new SqliteUsageStore(database, journal);
    }

    @AfterEach
    void close() throws SQLException {
        journal.close();
        store.close();
    }

    @Override
    protected UsageStore store() {
        return store;
    }

    @Override
    protected UsageJournal journal() {
        return journal;
    }

    @Test
    void theHighestSequenceOutlivesEverything() throws SQLException {
        assertThat(SqliteUsageStore.highestSeq(database)).isZero();
        store.write(List.of(new UsageSnapshot(1, 70, new SlotBytes(new byte[1]), List.of())));
        store.writeTotals(List.of(new UsageSnapshot(1, 60, new SlotBytes(new byte[1]), List.of())));
        assertThat(SqliteUsageStore.highestSeq(database)).isEqualTo(70);
    }

    @Test
    void whatWasWrittenIsThereAfterReopening() throws SQLException {
        store.write(List.of(new UsageSnapshot(1, 70, new SlotBytes(new byte[] {1, 2}), List.of())));
        close();
        open();
        assertThat(store.load(1)).isEqualTo(new StoredUsage(1, 70, new SlotBytes(new byte[] {1, 2})));
    }

    @Test
    void oldHoursArePrunedAndDaysStay() {
        List<PastDelta> past = List.of(
                new PastDelta(0, Period.HOUR, 3_600, 1),
                new PastDelta(0, Period.HOUR, 7_200, 2),
                new PastDelta(0, Period.DAY, 0, 3));
        store.write(List.of(
                new UsageSnapshot(1, 70, new SlotBytes(new byte[1]), past),
                new UsageSnapshot(25_000, 70, new SlotBytes(new byte[1]), past)));
        store.writeTotals(List.of(
                new UsageSnapshot(1, 70, new SlotBytes(new byte[1]), past),
                new UsageSnapshot(9, 70, new SlotBytes(new byte[1]), past)));
        store.prune(Period.HOUR, 7_200);
        for (int product : new int[] {1, 9}) {
            assertThat(store.loadPastTotals(product, past.stream().map(d -> new Slot(0, d.period(), d.start())).toList())
                            .values())
                    .containsOnlyKeys(new Slot(0, Period.HOUR, 7_200), new Slot(0, Period.DAY, 0));
        }
        for (long application : new long[] {1, 25_000}) {
            assertThat(store.loadPast(application, past.stream().map(d -> new Slot(0, d.period(), d.start())).toList())
                            .values())
                    .containsOnlyKeys(new Slot(0, Period.HOUR, 7_200), new Slot(0, Period.DAY, 0));
        }
    }
}
