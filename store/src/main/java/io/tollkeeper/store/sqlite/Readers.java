package io.tollkeeper.store.sqlite;

import java.sql.SQLException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;

import org.jspecify.annotations.Nullable;

/// A few read-only connections with what is prepared on them, lent to one caller each. Blocks while all are lent.
public final class Readers<R extends Readers.Reader> {

    private static final int AT_MOST = 4;

    private final Opening<R> opening;
    private final Semaphore free = new Semaphore(AT_MOST);
    private final ConcurrentLinkedQueue<R> idle = new ConcurrentLinkedQueue<>();

    public Readers(Opening<R> opening) {
        this.opening = opening;
    }

    /// Lends a reader for as long as `reading` runs.
    public <T extends @Nullable Object> T read(Reading<R, T> reading) throws SQLException {
        free.acquireUninterruptibly();
        try {
            R reader = idle.poll();
            if (reader == null) {
                reader = opening.open();
            }
            T found;
            try {
                found = reading.from(reader);
            } catch (SQLException | RuntimeException e) {
                // Whatever state it is in, the next caller gets a fresh one.
                reader.close();
                throw e;
            }
            idle.add(reader);
            return found;
        } finally {
            free.release();
        }
    }

    /// Waits for those that are lent and closes all. The next [#read] opens anew.
    public void close() throws SQLException {
        free.acquireUninterruptibly(AT_MOST);
        try {
            for (R reader = idle.poll(); reader != null; reader = idle.poll()) {
                reader.close();
            }
        } finally {
            free.release(AT_MOST);
        }
    }

    /// Holds one connection.
    public interface Reader {
        void close() throws SQLException;
    }

    @FunctionalInterface
    public interface Opening<R> {
        R open() throws SQLException;
    }

    @FunctionalInterface
    public interface Reading<R, T extends @Nullable Object> {
        T from(R reader) throws SQLException;
    }
}
