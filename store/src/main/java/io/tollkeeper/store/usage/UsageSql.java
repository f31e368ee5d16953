package io.tollkeeper.store.usage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

import io.tollkeeper.core.usage.PastDelta;
import io.tollkeeper.core.usage.UsageDeletion;
import io.tollkeeper.core.usage.UsageSnapshot;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.store.sqlite.Transactions;
import org.jspecify.annotations.Nullable;

/// The writing connection to `usage.db`. One thread at a time; blocks. To be closed after any [SQLException].
///
/// What is committed is safe from a crash of the process, from a loss of power only after [#force]: a snapshot has
/// hundreds of commits, and a forced one keeps the journal's commits, which somebody waits for, from the same disk.
final class UsageSql {

    private final Connection connection;
    private final PreparedStatement application;
    private final PreparedStatement applicationPast;
    private final PreparedStatement applicationZero;
    private final PreparedStatement product;
    private final PreparedStatement productPast;
    private final PreparedStatement productZero;
    private final PreparedStatement sequence;
    private final PreparedStatement skipped;
    private final PreparedStatement prune;
    private final Transactions transactions;

    /// At first not known: what an earlier process wrote last may not be.
    private boolean forced;

    UsageSql(Database database) throws SQLException {
        connection = database.connect();
        try {
            synchronous("NORMAL");
            application = connection.prepareStatement(snapshotInto("application_usage", "application"));
            applicationPast = connection.prepareStatement(amountInto("usage_past", "application"));
            applicationZero = connection.prepareStatement(zeroOf("usage_past", "application"));
            product = connection.prepareStatement(snapshotInto("product_usage", "product"));
            productPast = connection.prepareStatement(amountInto("product_past", "product"));
            productZero = connection.prepareStatement(zeroOf("product_past", "product"));
            sequence = connection.prepareStatement("UPDATE usage_sequence SET seq = max(seq, ?)");
            skipped = connection.prepareStatement("UPDATE usage_sequence SET seq = seq + 1");
            prune = connection.prepareStatement("DELETE FROM usage_past WHERE application >= ? AND application < ?"
                    + " AND granularity = ? AND start < ?");
            transactions = Transactions.writing(connection);
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /// A snapshot that is not newer than the stored one changes no row, so that its past is not added again either.
    private static String snapshotInto(String table, String owner) {
        return "INSERT INTO " + table + " (" + owner + ", seq, slots) VALUES (?, ?, ?) ON CONFLICT (" + owner
                + ") DO UPDATE SET seq = excluded.seq, slots = excluded.slots WHERE excluded.seq > seq";
    }

    /// Beyond 2^63 − 1 SQLite goes on in floating point; the cast makes that the largest integer again.
    private static String amountInto(String table, String owner) {
        return "INSERT INTO " + table + " (" + owner + ", metric, granularity, start, value) VALUES (?, ?, ?, ?, ?)"
                + " ON CONFLICT DO UPDATE SET value = CAST(value + excluded.value AS INTEGER)";
    }

    private static String zeroOf(String table, String owner) {
        return "DELETE FROM " + table + " WHERE " + owner
                + " = ? AND metric = ? AND granularity = ? AND start = ? AND value = 0";
    }

    void writeApplications(List<UsageSnapshot> snapshots) throws SQLException {
        write(snapshots, application, applicationPast, applicationZero);
    }

    void writeProducts(List<UsageSnapshot> snapshots) throws SQLException {
        write(snapshots, product, productPast, productZero);
    }

    private void write(
            List<UsageSnapshot> snapshots, PreparedStatement usage, PreparedStatement past, PreparedStatement zero)
            throws SQLException {
        long highest = 0;
        forced = false;
        transactions.begin();
        for (UsageSnapshot snapshot : snapshots) {
            highest = Math.max(highest, snapshot.seq());
            usage.setLong(1, snapshot.number());
            usage.setLong(2, snapshot.seq());
            usage.setBytes(3, snapshot.slots().bytes());
            if (usage.executeUpdate() == 1) {
                add(snapshot, past, zero);
            }
        }
        sequence.setLong(1, highest);
        sequence.executeUpdate();
        transactions.commit();
    }

    /// What is taken back to nothing leaves no row.
    private static void add(UsageSnapshot snapshot, PreparedStatement past, PreparedStatement zero)
            throws SQLException {
        for (PastDelta delta : snapshot.past()) {
            name(past, snapshot, delta);
            past.setLong(5, delta.amount());
            past.executeUpdate();
            if (delta.amount() < 0) {
                name(zero, snapshot, delta);
                zero.executeUpdate();
            }
        }
    }

    private static void name(PreparedStatement statement, UsageSnapshot snapshot, PastDelta delta)
            throws SQLException {
        statement.setLong(1, snapshot.number());
        statement.setInt(2, delta.key());
        statement.setInt(3, delta.period().slot());
        statement.setLong(4, delta.start());
    }

    void ask(UsageDeletion deletion) throws SQLException {
        update(
                "INSERT INTO usage_deletion (asked, after, product, product_id) VALUES (?, ?, ?, ?) ON CONFLICT (product)"
                        + " DO UPDATE SET asked = excluded.asked, after = excluded.after",
                deletion.asked(),
                deletion.after(),
                deletion.product(),
                deletion.productId());
    }

    void advance(UsageDeletion deletion) throws SQLException {
        update(
                "UPDATE usage_deletion SET after = ? WHERE product = ? AND asked = ?",
                deletion.after(),
                deletion.product(),
                deletion.asked());
    }

    void done(UsageDeletion deletion) throws SQLException {
        update("DELETE FROM usage_deletion WHERE product = ? AND asked = ?", deletion.product(), deletion.asked());
    }

    private void update(String sql, @Nullable Object... values) throws SQLException {
        forced = false;
        transactions.begin();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.executeUpdate();
        }
        transactions.commit();
    }

    /// Makes everything that was committed before durable: one small commit that forces the log, and with it all that
    /// was written to the log earlier. (A checkpoint would not do: with a reader in its way it moves, and forces,
    /// nothing, and still reports success.) The commit has to change something, and a sequence number that is never
    /// given hurts nobody.
    void force() throws SQLException {
        if (forced) {
            return;
        }
        synchronous("FULL");
        transactions.begin();
        skipped.executeUpdate();
        transactions.commit();
        synchronous("NORMAL");
        forced = true;
    }

    private void synchronous(String mode) throws SQLException {
        try (Statement pragma = connection.createStatement()) {
            pragma.execute("PRAGMA synchronous=" + mode);
        }
    }

    /// Forgets closed slots of one granularity that began before `start`, of applications numbered `from` to before
    /// `to`.
    void prune(long from, long to, int granularity, long start) throws SQLException {
        transactions.begin();
        prune.setLong(1, from);
        prune.setLong(2, to);
        prune.setInt(3, granularity);
        prune.setLong(4, start);
        prune.executeUpdate();
        transactions.commit();
    }

    /// Forgets closed slots of one granularity of a product that began before `start`.
    void pruneTotals(int product, int granularity, long start) throws SQLException {
        update("DELETE FROM product_past WHERE product = ? AND granularity = ? AND start < ?", product, granularity, start);
    }

    void close() throws SQLException {
        connection.close();
    }
}
