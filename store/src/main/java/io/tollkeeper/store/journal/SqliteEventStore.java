package io.tollkeeper.store.journal;

import java.sql.SQLException;
import java.util.List;

import io.tollkeeper.core.event.EventStore;
import io.tollkeeper.core.event.EventStoreException;
import io.tollkeeper.core.event.StoredEvent;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.store.sqlite.Readers;
import org.jspecify.annotations.Nullable;

/// Events in `journal.db`. Reads on connections of its own; deletions are made by the journal's writer, so that nobody
/// else ever holds the file's write lock. Blocks.
public final class SqliteEventStore implements EventStore, AutoCloseable {

    private final Database database;
    private final SqliteJournal journal;
    private final Readers<EventReader> readers;

    public SqliteEventStore(Database database, SqliteJournal journal) {
        this.database = database;
        this.journal = journal;
        this.readers = new Readers<>(() -> new EventReader(database));
    }

    @Override
    public List<StoredEvent> oldest(int limit) {
        return read(reader -> reader.oldest(limit));
    }

    @Override
    public boolean isEmpty() {
        return read(EventReader::isEmpty);
    }

    @Override
    public long deleteUpTo(long id) {
        return journal.deleteEvents(new EventDeletion(1, id, Long.MAX_VALUE));
    }

    @Override
    public boolean delete(long id) {
        return journal.deleteEvents(new EventDeletion(id, id, Long.MAX_VALUE)) > 0;
    }

    /// Deletes events that happened before a second; how many.
    public long deleteBefore(long second) {
        return journal.deleteEvents(new EventDeletion(1, Long.MAX_VALUE, second));
    }

    private <T extends @Nullable Object> T read(Readers.Reading<EventReader, T> reading) {
        try {
            return readers.read(reading);
        } catch (SQLException e) {
            throw new EventStoreException("could not read events from " + database.file(), e);
        }
    }

    @Override
    public void close() throws SQLException {
        readers.close();
    }
}
