package io.tollkeeper.store.journal;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

import io.tollkeeper.core.event.Event;
import io.tollkeeper.core.event.Notice;
import io.tollkeeper.core.event.NoticeState;
import io.tollkeeper.core.event.StoredEvent;
import io.tollkeeper.core.event.StoredNotices;
import io.tollkeeper.core.usage.JournalBody;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.UsageJournal;
import io.tollkeeper.core.usage.UsageStoreException;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.testkit.Eventually;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class SqliteJournalTest {

    private static final int APPLICATIONS = 16;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    private Path folder;

    private Database database;
    private SqliteJournal journal;
    private final CountedApplications applications = new CountedApplications(APPLICATIONS);
    private final AtomicLong committedRows = new AtomicLong();
    private final AtomicInteger acknowledged = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();

    @BeforeEach
    void open() throws SQLException {
        database = Database.open(folder, "journal");
        journal = new SqliteJournal(database, JournalFile.end(database).seq() + 1, InstantSource.system());
    }

    @AfterEach
    void close() throws SQLException {
        journal.close();
    }

    @Test
    void callsOfManyThreadsAreAllThereOnceAndInOrder() throws InterruptedException {
        start();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            int first = t;
            threads.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 5_000; i++) {
                    if (i % 2 == 0) {
                        call((first + i) % APPLICATIONS);
                    } else {
                        applications.inProcess(journal, (first + i) % APPLICATIONS);
                    }
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(journal.awaitDurable()).isTrue();
        Eventually.value("answers", acknowledged::get, n -> n == 10_000);
        assertDiskEqualsMemory();
        List<Long> seqs = new ArrayList<>();
        journal.replay((seq, _) -> seqs.add(seq));
        assertThat(seqs).isSorted().doesNotHaveDuplicates();
        assertThat(committedRows.get()).isEqualTo(seqs.size());
        assertThat(seqs.size()).as("in-process rows are merged").isLessThan(20_000);
    }

    @Test
    void aFullQueueRefusesAndForgetsNothing() {
        for (int i = 0; i < SqliteJournal.QUEUE; i++) {
            assertThat(applications.inProcess(journal, i % APPLICATIONS)).isPositive();
        }
        assertThat(applications.inProcess(journal, 0)).isEqualTo(UsageJournal.FULL);
        assertThat(journal.append(JournalRow.copied(1))).isEqualTo(UsageJournal.FULL);
        start();
        Eventually.holds("everything is durable", PATIENCE, journal::awaitDurable);
        assertDiskEqualsMemory();
    }

    @Test
    void closingWritesWhatIsQueued() throws SQLException {
        start();
        for (int i = 0; i < 1_000; i++) {
            call(1);
        }
        journal.close();
        assertThat(acknowledged.get()).isEqualTo(1_000);
        assertThat(journal.append(JournalRow.mergeable(CountedApplications.body(1, 1, null))))
                .isEqualTo(UsageJournal.UNWRITABLE);
        open();
        assertDiskEqualsMemory();
    }

    @Test
    void closingWritesWhatWasHeldWhenTheDiskCanBeWrittenAgain() throws SQLException {
        start();
        breakWrites();
        applications.inProcess(journal, 3);
        Eventually.holds("the journal is unwritable", PATIENCE, () -> !journal.isWritable());
        applications.inProcess(journal, 3);
        mendWrites();
        journal.close();
        open();
        assertDiskEqualsMemory();
    }

    @Test
    void sequencesGoOnAfterReopening() throws SQLException {
        start();
        call(1);
        assertThat(journal.awaitDurable()).isTrue();
        long before = JournalFile.end(database).seq();
        journal.close();
        open();
        assertThat(journal.nextSeq()).isEqualTo(before + 1);
    }

    @Test
    void aFailedCommitIsTakenBackAndAnsweredAndRecoversByItself() throws SQLException {
        start();
        call(1);
        applications.inProcess(journal, 2);
        assertThat(journal.awaitDurable()).isTrue();
        long age = journal.age();

        breakWrites();
        call(1);
        applications.inProcess(journal, 2);
        assertThat(journal.awaitDurable()).isFalse();
        Eventually.value("refused", refused::get, n -> n == 1);
        assertThat(applications.value(1)).as("taken back").isEqualTo(1);
        assertThat(applications.value(2)).as("nobody waits for it: kept").isEqualTo(2);
        assertThat(journal.age()).isNotEqualTo(age);
        assertThat(journal.health().writable()).isFalse();
        assertThat(journal.health().fault()).contains("the disk is full").contains("journal.db");
        assertThat(applications.call(journal, 1, null, CountedApplications.waiter(_ -> {})))
                .isEqualTo(UsageJournal.UNWRITABLE);
        assertThat(applications.inProcess(journal, 2)).as("in-process rows are held").isPositive();
        assertThatThrownBy(() -> journal.truncateBelow(1)).isInstanceOf(UsageStoreException.class);

        mendWrites();
        awaitWritable();
        call(1);
        assertThat(journal.awaitDurable()).isTrue();
        assertThat(applications.value(1)).isEqualTo(2);
        assertThat(applications.value(2)).isEqualTo(3);
        assertDiskEqualsMemory();
        assertThat(journal.health().fault()).isNull();
        assertThat(journal.health().held()).isZero();
    }

    @Test
    void callsThatKeepComingWhileItFailsAreCountedOnceOrRefused() throws Exception {
        start();
        AtomicInteger unwritable = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        AtomicInteger counted = new AtomicInteger();
        AtomicBoolean stop = new AtomicBoolean();
        for (int t = 0; t < 3; t++) {
            int application = t;
            threads.add(Thread.ofPlatform().start(() -> {
                while (!stop.get()) {
                    long seq = applications.call(journal, application, null, CountedApplications.waiter(this::told));
                    if (seq >= 0) {
                        counted.incrementAndGet();
                    } else {
                        unwritable.incrementAndGet();
                        Thread.onSpinWait();
                    }
                }
            }));
        }
        for (int round = 0; round < 2; round++) {
            int before = acknowledged.get();
            Eventually.holds("calls pass", PATIENCE, () -> acknowledged.get() > before + 100);
            breakWrites();
            Eventually.holds("the journal is unwritable", PATIENCE, () -> !journal.isWritable());
            mendWrites();
            awaitWritable();
        }
        stop.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(journal.awaitDurable()).isTrue();
        // Durable, but those who wait on other threads than we may still be about to hear it.
        Eventually.value("answers", () -> acknowledged.get() + refused.get(), n -> n == counted.get());
        assertThat(refused.get()).isPositive();
        assertThat(unwritable.get()).isPositive();
        assertThat(applications.value(0) + applications.value(1) + applications.value(2)).isEqualTo(acknowledged.get());
        assertDiskEqualsMemory();
    }

    @Test
    void inProcessRowsAreHeldOnlyUpToABound() throws SQLException {
        start();
        breakWrites();
        call(1);
        Eventually.holds("the journal is unwritable", PATIENCE, () -> !journal.isWritable());
        Eventually.holds("an in-process row is refused", PATIENCE, () -> {
            for (int i = 0; i < 1_000; i++) {
                if (applications.inProcess(journal, i % APPLICATIONS) == UsageJournal.UNWRITABLE) {
                    return true;
                }
            }
            return false;
        });
        assertThat(journal.health().held()).isBetween(SqliteJournal.HELD, SqliteJournal.HELD + SqliteJournal.QUEUE);
        mendWrites();
        awaitWritable();
        assertThat(journal.awaitDurable()).isTrue();
        assertDiskEqualsMemory();
    }

    @Test
    void aGroupThatReachedTheDiskAlthoughItsCommitFailedIsRemovedWithItsEvents() throws SQLException {
        Notice older = new Notice(1, new Event.FirstDailyTraffic("s", "a", 5), NoticeState.NEVER);
        Notice newer = new Notice(1, new Event.FirstDailyTraffic("s", "a", 90_000), 0);
        Notice unseen = new Notice(2, new Event.FirstDailyTraffic("s", "b", 90_000), NoticeState.NEVER);
        Notice alert = new Notice(1, new Event.Alert("s", "a", 90_000, 50, 0.5, "hits per day: 5/10"), NoticeState.NEVER);
        try (JournalFile file = new JournalFile(database)) {
            GroupBytes bytes = new GroupBytes();
            for (long first : new long[] {1, 3}) {
                bytes.begin(first);
                bytes.add(first, CountedApplications.body(1, 1, null));
                bytes.add(first + 1, CountedApplications.body(1, 1, null));
                file.begin();
                file.insert(first, first + 1, 5, bytes.end());
                for (Notice notice : first == 1 ? List.of(older) : List.of(newer, unseen, alert)) {
                    file.events().insert(notice);
                }
                file.commit();
            }
            file.probe(3, 9, 1, List.of(newer, unseen, alert));
        }
        List<Long> seqs = new ArrayList<>();
        journal.replay((seq, _) -> seqs.add(seq));
        assertThat(seqs).containsExactly(1L, 2L);
        EventReader reader = new EventReader(database);
        try {
            assertThat(reader.oldest(10)).extracting(StoredEvent::event).containsExactly(older.event());
            assertThat(reader.notices(1)).isEqualTo(new StoredNotices(0, Map.of()));
            assertThat(reader.notices(2)).isNull();
        } finally {
            reader.close();
        }
    }

    @Test
    void aBatchHandedInTwiceIsCountedOnce() throws SQLException {
        start();
        for (int i = 0; i < 3; i++) {
            applications.call(journal, 1, "batch-1", CountedApplications.waiter(this::told));
        }
        applications.call(journal, 1, "batch-2", CountedApplications.waiter(this::told));
        assertThat(journal.awaitDurable()).isTrue();
        journal.close();
        open();
        start();
        long age = journal.age();
        applications.call(journal, 1, "batch-1", CountedApplications.waiter(this::told));
        assertThat(journal.awaitDurable()).isTrue();
        assertThat(journal.age()).as("copies made meanwhile are void").isNotEqualTo(age);
        Eventually.value("answers", acknowledged::get, n -> n == 5);
        assertThat(applications.value(1)).isEqualTo(2);
        assertDiskEqualsMemory();
    }

    @Test
    void truncationKeepsTheNewestGroupForItsTime() throws SQLException {
        start();
        for (int i = 0; i < 100; i++) {
            call(1);
            assertThat(journal.awaitDurable()).isTrue();
        }
        journal.truncateBelow(journal.nextSeq());
        List<Long> seqs = new ArrayList<>();
        journal.replay((seq, _) -> seqs.add(seq));
        assertThat(seqs).hasSize(1);
        assertThat(JournalFile.end(database).at()).isEqualTo(CountedApplications.NOW);
    }

    @Test
    void theLogStartsOverUnderConstantLoad() throws SQLException {
        start();
        byte[] large = largeBody();
        for (int i = 0; i < 1_500; i++) {
            journal.append(JournalRow.call(large, CountedApplications.waiter(this::told)));
            if (i % 10 == 0) {
                assertThat(journal.awaitDurable()).isTrue();
            }
        }
        assertThat(journal.awaitDurable()).isTrue();
        long log = folder.resolve("journal.db-wal").toFile().length();
        assertThat(folder.resolve("journal.db").toFile().length()).isGreaterThan(32 << 20);
        assertThat(log).as("bytes of write-ahead log for 90 MB written").isLessThan(64 << 20);
    }

    @Test
    void aDamagedGroupIsNamed() throws SQLException {
        start();
        call(1);
        assertThat(journal.awaitDurable()).isTrue();
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("UPDATE journal_group SET body = zeroblob(length(body))");
        }
        assertThatThrownBy(() -> journal.replay((_, _) -> {}))
                .isInstanceOf(UsageStoreException.class)
                .hasMessageContaining("journal.db")
                .hasMessageContaining("checksum")
                .hasMessageContaining("backup");
    }

    private static byte[] largeBody() {
        JournalBody.Writer writer = new JournalBody.Writer();
        writer.begin(1, CountedApplications.NOW, null);
        for (int i = 0; i < 10_000; i++) {
            writer.group(i % APPLICATIONS, CountedApplications.NOW);
            writer.amount(0, 1);
        }
        return writer.end();
    }

    private void start() {
        journal.start(applications, (_, _) -> committedRows.incrementAndGet());
    }

    private void call(int application) {
        assertThat(applications.call(journal, application, null, CountedApplications.waiter(this::told))).isPositive();
    }

    private void told(boolean durable) {
        (durable ? acknowledged : refused).incrementAndGet();
    }

    private void assertDiskEqualsMemory() {
        AtomicLongArray onDisk = new AtomicLongArray(APPLICATIONS);
        journal.replay((_, body) -> CountedApplications.add(onDisk, body, 1));
        for (int i = 0; i < APPLICATIONS; i++) {
            assertThat(onDisk.get(i)).as("application %d", i).isEqualTo(applications.value(i));
        }
    }

    private void awaitWritable() {
        Eventually.holds("the journal is writable", PATIENCE, journal::isWritable);
    }

    private void breakWrites() throws SQLException {
        execute("CREATE TRIGGER full BEFORE INSERT ON journal_group BEGIN SELECT raise(ABORT, 'the disk is full'); END");
        execute("CREATE TRIGGER full_too BEFORE INSERT ON probe BEGIN SELECT raise(ABORT, 'the disk is full'); END");
    }

    private void mendWrites() throws SQLException {
        execute("DROP TRIGGER full");
        execute("DROP TRIGGER full_too");
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
