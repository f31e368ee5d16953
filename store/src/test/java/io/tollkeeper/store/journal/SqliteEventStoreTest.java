package io.tollkeeper.store.journal;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.List;

import io.tollkeeper.core.event.Event;
import io.tollkeeper.core.event.EventStore;
import io.tollkeeper.core.event.EventStoreException;
import io.tollkeeper.core.event.Notice;
import io.tollkeeper.core.event.NoticeState;
import io.tollkeeper.core.event.StoredEvent;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.testkit.store.EventStoreContract;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class SqliteEventStoreTest extends EventStoreContract {

    private static final long NOW = CountedApplications.NOW;

    @TempDir
    private Path folder;

    private Database database;
    private SqliteJournal journal;
    private SqliteEventStore events;

    @BeforeEach
    void open() throws SQLException {
        database = Database.open(folder, "journal");
        journal = new SqliteJournal(database, JournalFile.end(database).seq() + 1, InstantSource.system());
        journal.start(new CountedApplications(16), (_, _) -> {});
        events = new SqliteEventStore(database, journal);
    }

    @AfterEach
    void close() throws SQLException {
        events.close();
        journal.close();
    }

    @Override
    protected EventStore store() {
        return events;
    }

    @Override
    protected void commit(List<Notice> notices) {
        assertThat(journal.append(JournalRow.mergeable(CountedApplications.body(1, 1, null), notices))).isPositive();
        assertThat(journal.awaitDurable()).isTrue();
    }

    @Test
    void mergedRowsKeepTheirEvents() {
        for (int i = 0; i < 100; i++) {
            journal.append(JournalRow.mergeable(CountedApplications.body(1, 1, null), List.of(alert(1, 50, NOW))));
        }
        assertThat(journal.awaitDurable()).isTrue();
        assertThat(events.oldest(1_000)).hasSize(100);
    }

    @Test
    void aBatchHandedInTwiceCausesItsEventsOnce() {
        for (int i = 0; i < 3; i++) {
            journal.append(JournalRow.call(
                    CountedApplications.body(1, 1, "batch-1"),
                    CountedApplications.waiter(_ -> {}),
                    List.of(alert(1, 50, NOW))));
        }
        assertThat(journal.awaitDurable()).isTrue();
        assertThat(events.oldest(10)).hasSize(1);
    }

    @Test
    void idsAreNotGivenAgainAfterARestart() throws SQLException {
        commit(List.of(alert(1, 50, NOW), alert(1, 80, NOW)));
        events.deleteUpTo(2);
        close();
        open();
        commit(List.of(alert(1, 90, NOW)));
        assertThat(events.oldest(10)).extracting(StoredEvent::id).containsExactly(3L);
        assertThat(events.oldest(10)).extracting(StoredEvent::alertId).containsExactly(3L);
    }

    @Test
    void whatIsRememberedOfAnApplicationIsFoundAgain() throws SQLException {
        commit(List.of(
                new Notice(7, new Event.FirstTraffic("s", "a", NOW), NoticeState.NEVER),
                new Notice(7, new Event.FirstDailyTraffic("s", "a", NOW), NoticeState.NEVER),
                alert(7, 50, NOW),
                alert(7, 300, NOW + 1)));
        commit(List.of(
                new Notice(7, new Event.FirstDailyTraffic("s", "a", NOW + 86_400), NoticeState.day(NOW)),
                alert(7, 50, NOW + 86_400)));
        EventReader reader = new EventReader(database);
        try {
            NoticeState state = new NoticeState(reader.notices(7));
            assertThat(state.day()).isEqualTo(NoticeState.day(NOW) + 1);
            assertThat(state.announced(1)).isEqualTo(NOW + 86_400);
            assertThat(state.announced(8)).isEqualTo(NOW + 1);
            assertThat(state.announced(2)).isEqualTo(NoticeState.NEVER);
            assertThat(reader.notices(8)).isNull();
        } finally {
            reader.close();
        }
    }

    @Test
    void onlyOldEventsArePruned() {
        commit(List.of(alert(1, 50, NOW - 100), alert(1, 80, NOW - 50), alert(1, 90, NOW)));
        assertThat(events.deleteBefore(NOW - 50)).isEqualTo(1);
        assertThat(events.oldest(10)).extracting(StoredEvent::id).containsExactly(2L, 3L);
    }

    @Test
    void deletingFromAClosedStoreIsAnErrorThatSaysSo() throws SQLException {
        journal.close();
        assertThatThrownBy(() -> events.delete(1))
                .isInstanceOf(EventStoreException.class)
                .hasMessageContaining("journal.db: events could not be deleted");
    }

    private static Notice alert(long application, int bin, long at) {
        return new Notice(
                application, new Event.Alert("s", "a", at, bin, bin / 100.0, "hits per day: 5/10"), NoticeState.NEVER);
    }
}
