package io.tollkeeper.store.catalog;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.CatalogCommit;
import io.tollkeeper.core.catalog.CatalogContent;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.CatalogStoreException;
import io.tollkeeper.core.catalog.KnownApplication;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.store.sqlite.Readers;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/// The catalogue in `catalog.db`. One writer at a time, a few readers beside it; blocks.
public final class SqliteCatalogStore implements CatalogStore, AutoCloseable {

    private final Database database;
    private final Readers<CatalogReader> readers;
    private final ReentrantLock writing = new ReentrantLock();
    private @Nullable Handle writer;

    public SqliteCatalogStore(Database database) {
        this.database = database;
        this.readers = new Readers<>(() -> new CatalogReader(database));
    }

    @Override
    public CatalogCommit apply(List<CatalogChange> changes) {
        writing.lock();
        try {
            return writer().inTransaction(handle -> write(handle, changes));
        } catch (SQLException | JdbiException e) {
            // After an I/O error a connection is not to be trusted.
            closeWriter();
            throw new CatalogStoreException(
                    "could not save " + changes.size() + " changes in " + database.file() + "; none was made", e);
        } finally {
            writing.unlock();
        }
    }

    private static CatalogCommit write(Handle handle, List<CatalogChange> changes) {
        CatalogSql sql = new CatalogSql(handle);
        List<CatalogChange> numbered = new ArrayList<>(changes.size());
        for (CatalogChange change : changes) {
            numbered.add(sql.write(change));
        }
        return new CatalogCommit(sql.advanceSequence(changes.size()), numbered);
    }

    @Override
    public CatalogContent load() {
        return read("the catalogue", reader -> borrowed(reader.connection())
                .inTransaction(handle -> new CatalogSql(handle).content()));
    }

    @Override
    public @Nullable Application application(String productId, String applicationId) {
        return read(
                "application " + applicationId, reader -> reader.application(productId, applicationId));
    }

    @Override
    public @Nullable Application application(long number) {
        return read("application number " + number, reader -> reader.application(number));
    }

    @Override
    public @Nullable String applicationIdOfUserKey(String productId, String userKey) {
        return read("a user key", reader -> reader.applicationIdOfUserKey(productId, userKey));
    }

    @Override
    public long applicationNumber(String productId, String applicationId) {
        return read("the number of application " + applicationId, reader -> borrowed(reader.connection())
                .createQuery("SELECT number FROM application"
                        + " WHERE product = (SELECT number FROM product WHERE id = :product) AND id = :id")
                .bind("product", productId)
                .bind("id", applicationId)
                .mapTo(Long.class)
                .findOne()
                .orElse(-1L));
    }

    @Override
    public int productNumber(long applicationNumber) {
        return read("the product of application number " + applicationNumber, reader -> borrowed(
                        reader.connection())
                .createQuery("SELECT product FROM application WHERE number = :number")
                .bind("number", applicationNumber)
                .mapTo(Integer.class)
                .findOne()
                .orElse(-1));
    }

    @Override
    public int metricNumberNamed(String productId, String name) {
        return read("the number of metric " + name, reader -> borrowed(reader.connection())
                .createQuery("SELECT number FROM metric"
                        + " WHERE product = (SELECT number FROM product WHERE id = :product) AND name = :name AND name <> ''"
                        + " ORDER BY present DESC, number DESC LIMIT 1")
                .bind("product", productId)
                .bind("name", name)
                .mapTo(Integer.class)
                .findOne()
                .orElse(-1));
    }

    @Override
    public List<String> userKeys(String productId, String applicationId) {
        return read("user keys of application " + applicationId, reader -> borrowed(reader.connection())
                .createQuery("SELECT user_key FROM user_key"
                        + " WHERE product = (SELECT number FROM product WHERE id = :product)"
                        + " AND application_id = :id ORDER BY user_key")
                .bind("product", productId)
                .bind("id", applicationId)
                .mapTo(String.class)
                .list());
    }

    @Override
    public List<KnownApplication> knownApplications(String productId, @Nullable String after, int limit) {
        return read("applications of product " + productId, reader -> borrowed(reader.connection())
                .createQuery("SELECT number, id, present FROM application"
                        + " WHERE product = (SELECT number FROM product WHERE id = :product)"
                        + " AND id > :after ORDER BY id LIMIT :limit")
                .bind("product", productId)
                .bind("after", after == null ? "" : after)
                .bind("limit", limit)
                .map((row, _) -> new KnownApplication(row.getLong(1), row.getString(2), row.getBoolean(3)))
                .list());
    }

    @Override
    public List<KnownApplication> knownApplicationsByNumber(String productId, long after, int limit) {
        // The plus keeps SQLite from sorting what the index on the product finds: it walks along the table instead.
        return read("applications of product " + productId, reader -> borrowed(reader.connection())
                .createQuery("SELECT number, id, present FROM application"
                        + " WHERE +product = (SELECT number FROM product WHERE id = :product)"
                        + " AND number > :after ORDER BY number LIMIT :limit")
                .bind("product", productId)
                .bind("after", after)
                .bind("limit", limit)
                .map((row, _) -> new KnownApplication(row.getLong(1), row.getString(2), row.getBoolean(3)))
                .list());
    }

    @Override
    public List<String> applicationIds(String productId, @Nullable String after, int limit) {
        return read("applications of product " + productId, reader -> borrowed(reader.connection())
                .createQuery("SELECT id FROM application"
                        + " WHERE product = (SELECT number FROM product WHERE id = :product)"
                        + " AND id > :after AND present = 1 ORDER BY id LIMIT :limit")
                .bind("product", productId)
                .bind("after", after == null ? "" : after)
                .bind("limit", limit)
                .mapTo(String.class)
                .list());
    }

    /// Reads something; `what` completes the sentence "could not read …".
    private <T extends @Nullable Object> T read(String what, Readers.Reading<CatalogReader, T> reading) {
        try {
            return readers.read(reading);
        } catch (SQLException | JdbiException e) {
            throw new CatalogStoreException("could not read " + what + " from " + database.file(), e);
        }
    }

    private Handle writer() throws SQLException {
        Handle handle = writer;
        if (handle == null) {
            handle = Jdbi.open(database.connect());
            writer = handle;
        }
        return handle;
    }

    private void closeWriter() {
        Handle handle = writer;
        writer = null;
        if (handle != null) {
            handle.close();
        }
    }

    /// A handle on a connection that belongs to its reader and stays open.
    private static Handle borrowed(Connection connection) {
        return Jdbi.open(connection);
    }

    @Override
    public void close() throws SQLException {
        readers.close();
        writing.lock();
        try {
            closeWriter();
        } finally {
            writing.unlock();
        }
    }
}
