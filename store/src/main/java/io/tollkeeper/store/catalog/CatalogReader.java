package io.tollkeeper.store.catalog;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.store.sqlite.Readers;
import io.tollkeeper.store.sqlite.Transactions;
import org.jspecify.annotations.Nullable;

/// Looks up applications on a read-only connection of its own. Belongs to one thread at a time; blocks.
///
/// Raw JDBC with statements that stay prepared, because this runs once for every application that comes into memory.
public final class CatalogReader implements Readers.Reader {

    private static final int MOST_SHARED = 10_000;

    private static final String APPLICATION =
            "SELECT a.number, p.id, a.id, a.state, a.plan_id, a.plan_name, a.redirect_url"
                    + " FROM application a JOIN product p ON p.number = a.product WHERE a.present = 1 AND ";

    private final Connection connection;
    private final Transactions transactions;
    private final PreparedStatement byId;
    private final PreparedStatement byNumber;
    private final PreparedStatement keys;
    private final PreparedStatement filters;
    private final PreparedStatement ofUserKey;
    private final Map<String, String> shared = new HashMap<>();

    public CatalogReader(Database database) throws SQLException {
        connection = database.connectReadOnly();
        try {
            transactions = Transactions.reading(connection);
            byId = connection.prepareStatement(
                    APPLICATION + "a.product = (SELECT number FROM product WHERE id = ?) AND a.id = ?");
            byNumber = connection.prepareStatement(APPLICATION + "a.number = ?");
            keys = connection.prepareStatement("SELECT app_key FROM application_key WHERE application = ?");
            filters = connection.prepareStatement(
                    "SELECT filter FROM referrer_filter WHERE application = ? ORDER BY place");
            ofUserKey = connection.prepareStatement("SELECT application_id FROM user_key"
                    + " WHERE product = (SELECT number FROM product WHERE id = ?) AND user_key = ?");
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /// An application by id, or none.
    public @Nullable Application application(String productId, String applicationId) throws SQLException {
        byId.setString(1, productId);
        byId.setString(2, applicationId);
        return readWhole(byId);
    }

    /// An application by number, or none.
    public @Nullable Application application(long number) throws SQLException {
        byNumber.setLong(1, number);
        return readWhole(byNumber);
    }

    /// The id that a user key maps to, or none.
    public @Nullable String applicationIdOfUserKey(String productId, String userKey) throws SQLException {
        ofUserKey.setString(1, productId);
        ofUserKey.setString(2, userKey);
        try (ResultSet row = ofUserKey.executeQuery()) {
            return row.next() ? row.getString(1) : null;
        }
    }

    /// Reads on the same connection that do not need prepared statements.
    Connection connection() {
        return connection;
    }

    /// One read transaction, so that keys and filters are those of this very application state.
    private @Nullable Application readWhole(PreparedStatement find) throws SQLException {
        transactions.begin();
        try {
            return read(find);
        } finally {
            transactions.rollback();
        }
    }

    private @Nullable Application read(PreparedStatement find) throws SQLException {
        try (ResultSet row = find.executeQuery()) {
            if (!row.next()) {
                return null;
            }
            long number = row.getLong(1);
            return new Application(
                    number,
                    shared(row.getString(2)),
                    row.getString(3),
                    shared(row.getString(4)),
                    sharedOrNone(row.getString(5)),
                    sharedOrNone(row.getString(6)),
                    row.getString(7),
                    Set.copyOf(texts(keys, number, new HashSet<>())),
                    List.copyOf(texts(filters, number, new ArrayList<>())));
        }
    }

    /// Products, states and plans are few, applications many: in memory they share the texts.
    private String shared(String text) {
        if (shared.size() > MOST_SHARED) {
            shared.clear();
        }
        String known = shared.putIfAbsent(text, text);
        return known == null ? text : known;
    }

    private @Nullable String sharedOrNone(@Nullable String text) {
        return text == null ? null : shared(text);
    }

    private static <C extends Collection<String>> C texts(PreparedStatement statement, long number, C into)
            throws SQLException {
        statement.setLong(1, number);
        try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                into.add(rows.getString(1));
            }
        }
        return into;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
