package io.tollkeeper.store.catalog;

import java.sql.SQLException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;

import io.tollkeeper.core.catalog.CatalogStoreException;
import io.tollkeeper.store.sqlite.Database;

/// A few read-only connections, lent to one caller each. Blocks while all are lent.
final class CatalogReaders implements AutoCloseable {

    private static final int AT_MOST = 4;

    private final Database database;
    private final Semaphore free = new Semaphore(AT_MOST);
    private final ConcurrentLinkedQueue<CatalogReader> idle = new ConcurrentLinkedQueue<>();

    CatalogReaders(Database database) {
        this.database = database;
    }

    /// Reads something; `what` completes the sentence "could not read …".
    <T extends @org.jspecify.annotations.Nullable Object> T read(String what, Reading<T> reading) {
        free.acquireUninterruptibly();
        try {
            CatalogReader reader = idle.poll();
            if (reader == null) {
                reader = new CatalogReader(database);
            }
            T found;
            try {
                found = reading.from(reader);
            } catch (SQLException | RuntimeException e) {
                // Whatever state it is in, the next reader gets a fresh one.
                reader.close();
                throw e;
            }
            idle.add(reader);
            return found;
        } catch (SQLException e) {
            throw new CatalogStoreException("could not read " + what + " from " + database.file(), e);
        } finally {
            free.release();
        }
    }

    /// Waits for what is lent and closes all.
    @Override
    public void close() throws SQLException {
        free.acquireUninterruptibly(AT_MOST);
        for (CatalogReader reader = idle.poll(); reader != null; reader = idle.poll()) {
            reader.close();
        }
        free.release(AT_MOST);
    }

    interface Reading<T extends @org.jspecify.annotations.Nullable Object> {
        T from(CatalogReader reader) throws SQLException;
    }
}
