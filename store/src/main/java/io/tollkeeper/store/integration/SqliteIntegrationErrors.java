package io.tollkeeper.store.integration;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

import io.tollkeeper.core.integration.IntegrationError;
import io.tollkeeper.core.integration.IntegrationErrors;
import io.tollkeeper.core.integration.IntegrationErrorsException;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.store.sqlite.StoreFileException;
import io.tollkeeper.store.sqlite.Transactions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Integration errors in `errors.db`, written by a thread of their own. [#add] takes a lock for the time of a few
/// assignments and never waits for the disk; reading and deleting wait until what was added before is written.
///
/// | bound | what happens beyond it |
/// |---|---|
/// | 1 000 per product | the oldest go (now and then, so the file may hold a few more than are told) |
/// | 8 MiB per product | likewise: whoever reads a page holds it in memory |
/// | 16 MiB that wait to be written | the oldest waiting go and are counted as lost |
/// | `bytes` on disk | whoever takes most room loses its oldest |
/// | 10 writes a second | they wait, unless somebody wants to read |
///
/// Nobody was promised that an error is kept, so commits do not wait for the disk's cache (`synchronous=NORMAL`): a
/// killed process loses at most what waited, a lost machine the last seconds.
public final class SqliteIntegrationErrors implements IntegrationErrors, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SqliteIntegrationErrors.class);

    private static final long WAITING_BYTES = 16L << 20;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final long PRODUCT_BYTES = 8L << 20;

    /// After how many new errors of a product, or how many bytes of them, the excess is deleted.
    private static final int TRIMMED_EVERY = 100;

    private static final long TRIMMED_EVERY_BYTES = 1L << 20;

    private final Database database;
    private final long bytes;
    private final Thread writer;

    // who adds, who reads, the writer
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final Condition written = lock.newCondition();
    private final WaitingErrors waiting = new WaitingErrors(WAITING_BYTES);
    private boolean hurried;
    private boolean closing;
    private long added;
    private long done;
    private long lost;

    // the file, one user at a time
    private final ReentrantLock file = new ReentrantLock();
    private final Map<String, Integer> untrimmed = new HashMap<>();
    private @Nullable Connected open;
    private boolean failing;

    /// @param bytes that all errors together may take on disk
    public SqliteIntegrationErrors(Database database, long bytes) {
        this.database = database;
        this.bytes = bytes;
        this.writer = Thread.ofPlatform().name("store-errors").daemon().start(this::writeUntilClosed);
    }

    @Override
    public void add(IntegrationError error) {
        lock.lock();
        try {
            lost += waiting.add(error);
            added++;
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long lost() {
        lock.lock();
        try {
            return lost;
        } finally {
            lock.unlock();
        }
    }

    // ---- writing ---------------------------------------------------------------------------------------------------

    private void writeUntilClosed() {
        long last = System.nanoTime() - PAUSE_NANOS;
        boolean more = true;
        while (more) {
            List<IntegrationError> batch;
            long upTo;
            lock.lock();
            try {
                awaitWork(last);
                batch = waiting.takeAll();
                upTo = added;
                hurried = false;
                more = !closing;
            } finally {
                lock.unlock();
            }
            int kept = write(batch);
            last = System.nanoTime();
            lock.lock();
            try {
                lost += batch.size() - kept;
                done = upTo;
                written.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /// Until there is something to write and it is time to, or somebody is in a hurry.
    private void awaitWork(long last) {
        while (!closing && !(hurried && done < added)) {
            long left = last + PAUSE_NANOS - System.nanoTime();
            try {
                if (waiting.isEmpty()) {
                    work.await();
                } else if (left > 0) {
                    work.awaitNanos(left);
                } else {
                    return;
                }
            } catch (InterruptedException e) {
                throw new IllegalStateException("the writer of integration errors belongs to nobody who interrupts", e);
            }
        }
    }

    /// Writes them in one transaction; how many were kept.
    private int write(List<IntegrationError> batch) {
        if (batch.isEmpty()) {
            return 0;
        }
        file.lock();
        try {
            Connected to = connected();
            to.transactions.begin();
            Map<String, Integer> per = new LinkedHashMap<>();
            for (IntegrationError error : batch) {
                to.insert(error);
                per.merge(error.productId(), toTrimming(error), Integer::sum);
            }
            for (Map.Entry<String, Integer> product : per.entrySet()) {
                trim(to, product.getKey(), product.getValue());
            }
            to.transactions.commit();
            makeRoom(to);
            failing = false;
            return batch.size();
        } catch (SQLException | RuntimeException e) {
            if (!failing) {
                log.warn("{}: integration errors cannot be kept: {}", database.file(), e.getMessage());
            }
            failing = true;
            giveUp();
            return 0;
        } finally {
            file.unlock();
        }
    }

    /// What an error adds towards the next deletion of excess, which is due at [#TRIMMED_EVERY].
    private static int toTrimming(IntegrationError error) {
        return (int) Math.max(1, error.weight() * TRIMMED_EVERY / TRIMMED_EVERY_BYTES);
    }

    private void trim(Connected to, String product, int more) throws SQLException {
        // What a former process left untrimmed is not known.
        int since = untrimmed.getOrDefault(product, TRIMMED_EVERY) + more;
        if (since >= TRIMMED_EVERY) {
            to.trim(product);
            since = 0;
        }
        untrimmed.put(product, since);
    }

    /// Whoever takes most room loses its oldest: less and less is left to each, until there is an eighth to spare.
    private void makeRoom(Connected to) throws SQLException {
        if (used(to.connection) <= bytes) {
            return;
        }
        long each = PRODUCT_BYTES;
        while (each > 0 && used(to.connection) > bytes - bytes / 8) {
            each /= 2;
            to.leaveEach(each);
        }
        log.debug("{}: made room, {} bytes left to each product", database.file(), each);
    }

    /// Bytes in use: freed pages are used again, so the file does not grow beyond what was in use at most.
    private static long used(Connection connection) throws SQLException {
        long pages = Long.parseLong(Database.pragma(connection, "page_count"));
        long free = Long.parseLong(Database.pragma(connection, "freelist_count"));
        return (pages - free) * Long.parseLong(Database.pragma(connection, "page_size"));
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    @Override
    public Page newest(String productId, int from, int limit) {
        flush();
        file.lock();
        try {
            Connected on = connected();
            int total = on.total(productId);
            return new Page(on.newest(productId, from, Math.min(limit, total - from)), total);
        } catch (SQLException | StoreFileException e) {
            giveUp();
            throw new IntegrationErrorsException(database.file() + ": errors cannot be read: " + e.getMessage(), e);
        } finally {
            file.unlock();
        }
    }

    @Override
    public void delete(String productId) {
        flush();
        file.lock();
        try {
            connected().delete(productId);
            untrimmed.remove(productId);
        } catch (SQLException | StoreFileException e) {
            giveUp();
            throw new IntegrationErrorsException(database.file() + ": errors cannot be deleted: " + e.getMessage(), e);
        } finally {
            file.unlock();
        }
    }

    /// Waits until what was added before this call is written, or given up.
    private void flush() {
        long left = PATIENCE_NANOS;
        lock.lock();
        try {
            long wanted = added;
            while (done < wanted && left > 0) {
                hurried = true;
                work.signal();
                left = written.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
        if (left <= 0) {
            throw new IntegrationErrorsException(database.file() + ": errors were not written within 10 s");
        }
    }

    /// Writes what waits and closes the file.
    @Override
    public void close() throws SQLException {
        lock.lock();
        try {
            closing = true;
            work.signal();
        } finally {
            lock.unlock();
        }
        try {
            writer.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        file.lock();
        try {
            disconnect();
        } finally {
            file.unlock();
        }
    }

    // ---- the connection --------------------------------------------------------------------------------------------

    private Connected connected() throws SQLException {
        Connected connected = open;
        if (connected == null) {
            connected = Connected.to(database);
            open = connected;
        }
        return connected;
    }

    private void giveUp() {
        try {
            disconnect();
        } catch (SQLException e) {
            log.debug("{}: closing after a failure", database.file(), e);
        }
    }

    private void disconnect() throws SQLException {
        Connected connected = open;
        open = null;
        untrimmed.clear();
        if (connected != null) {
            connected.connection.close();
        }
    }

    /// The connection and what is prepared on it.
    private record Connected(
            Connection connection,
            Transactions transactions,
            PreparedStatement insert,
            PreparedStatement trim,
            PreparedStatement trimBytes,
            PreparedStatement leaveEach,
            PreparedStatement total,
            PreparedStatement newest,
            PreparedStatement delete) {

        static Connected to(Database database) throws SQLException {
            Connection connection = database.connect();
            try {
                try (Statement statement = connection.createStatement()) {
                    statement.execute("PRAGMA synchronous=NORMAL");
                }
                return new Connected(
                        connection,
                        Transactions.writing(connection),
                        connection.prepareStatement("INSERT INTO integration_error"
                                + " (product, at, code, message, context, bytes) VALUES (?, ?, ?, ?, ?, ?)"),
                        connection.prepareStatement("DELETE FROM integration_error WHERE product = ? AND id <="
                                + " (SELECT id FROM integration_error WHERE product = ?"
                                + " ORDER BY id DESC LIMIT 1 OFFSET " + KEPT + ")"),
                        connection.prepareStatement("DELETE FROM integration_error WHERE product = ? AND id <="
                                + " (SELECT max(id) FROM (SELECT id, sum(bytes) OVER (ORDER BY id DESC) AS newer"
                                + " FROM integration_error WHERE product = ?) WHERE newer > " + PRODUCT_BYTES + ")"),
                        connection.prepareStatement("DELETE FROM integration_error WHERE id IN (SELECT id FROM"
                                + " (SELECT id, sum(bytes) OVER (PARTITION BY product ORDER BY id DESC) AS newer"
                                + " FROM integration_error) WHERE newer > ?)"),
                        connection.prepareStatement("SELECT count(*) FROM"
                                + " (SELECT 1 FROM integration_error WHERE product = ? LIMIT " + KEPT + ")"),
                        connection.prepareStatement("SELECT at, code, message, context FROM integration_error"
                                + " WHERE product = ? ORDER BY id DESC LIMIT ? OFFSET ?"),
                        connection.prepareStatement("DELETE FROM integration_error WHERE product = ?"));
            } catch (SQLException e) {
                connection.close();
                throw e;
            }
        }

        void insert(IntegrationError error) throws SQLException {
            insert.setString(1, error.productId());
            insert.setLong(2, error.second());
            insert.setString(3, error.code());
            insert.setString(4, error.message());
            insert.setString(5, error.context());
            insert.setLong(6, error.weight());
            insert.executeUpdate();
        }

        void trim(String product) throws SQLException {
            trim.setString(1, product);
            trim.setString(2, product);
            trim.executeUpdate();
            trimBytes.setString(1, product);
            trimBytes.setString(2, product);
            trimBytes.executeUpdate();
        }

        /// Deletes of every product what is older than its newest so many bytes.
        void leaveEach(long bytes) throws SQLException {
            leaveEach.setLong(1, bytes);
            leaveEach.executeUpdate();
        }

        int total(String product) throws SQLException {
            total.setString(1, product);
            try (ResultSet row = total.executeQuery()) {
                return row.next() ? row.getInt(1) : 0;
            }
        }

        List<IntegrationError> newest(String product, int from, int limit) throws SQLException {
            List<IntegrationError> errors = new ArrayList<>();
            if (limit <= 0) {
                return errors;
            }
            newest.setString(1, product);
            newest.setInt(2, limit);
            newest.setInt(3, from);
            try (ResultSet row = newest.executeQuery()) {
                while (row.next()) {
                    errors.add(new IntegrationError(
                            product, row.getLong(1), row.getString(2), row.getString(3), row.getString(4)));
                }
            }
            return errors;
        }

        void delete(String product) throws SQLException {
            delete.setString(1, product);
            delete.executeUpdate();
        }
    }
}
