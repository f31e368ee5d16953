package io.tollkeeper.store.journal;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

import io.tollkeeper.core.event.Notice;
import io.tollkeeper.core.usage.UsageStore;
import io.tollkeeper.core.usage.UsageStoreException;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.store.sqlite.Transactions;

/// The writer's connection to `journal.db`, with the statements it needs. Blocks; belongs to the writer. After any
/// [SQLException] it is to be closed and a new one opened: a second fsync may report success for pages that the first
/// one lost.
final class JournalFile implements AutoCloseable {

    /// Groups deleted within one commit: a truncation of thousands must not make one commit slow.
    private static final int DELETED_AT_ONCE = 16;

    /// Room that a probe takes: when a group of usual size would not fit, the probe should not either.
    private static final int BALLAST = 64 * 1024;

    private final Connection connection;
    private final PreparedStatement insert;
    private final PreparedStatement seen;
    private final PreparedStatement delete;
    private final EventSql events;
    private final Transactions transactions;

    JournalFile(Database database) throws SQLException {
        connection = database.connect();
        try (Statement statement = connection.createStatement()) {
            // A commit never pays for a checkpoint: the checkpointer does, on its own connection.
            statement.execute("PRAGMA wal_autocheckpoint=0");
            insert = connection.prepareStatement(
                    "INSERT INTO journal_group (first, last, at, checksum, body) VALUES (?, ?, ?, ?, ?)");
            seen = connection.prepareStatement("INSERT INTO seen_batch (id, at) VALUES (?, ?) ON CONFLICT DO NOTHING");
            // The newest group stays although it is covered: it tells the journal's last time.
            delete = connection.prepareStatement("DELETE FROM journal_group WHERE first IN (SELECT first"
                    + " FROM journal_group WHERE first < ?1 AND last < ?1"
                    + " AND first < (SELECT max(first) FROM journal_group) ORDER BY first LIMIT " + DELETED_AT_ONCE
                    + ")");
            events = new EventSql(connection);
            transactions = Transactions.writing(connection);
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    void insert(long first, long last, long at, byte[] group) throws SQLException {
        insert.setLong(1, first);
        insert.setLong(2, last);
        insert.setLong(3, at);
        insert.setLong(4, GroupBytes.checksum(group));
        insert.setBytes(5, group);
        insert.executeUpdate();
    }

    /// Remembers the id of a hand-in; false if it is known already.
    boolean firstSeen(String batchId, long at) throws SQLException {
        seen.setString(1, batchId);
        seen.setLong(2, at);
        return seen.executeUpdate() == 1;
    }

    void forgetBatchesBefore(long at) throws SQLException {
        try (PreparedStatement forget = connection.prepareStatement("DELETE FROM seen_batch WHERE at < ?")) {
            forget.setLong(1, at);
            forget.executeUpdate();
        }
    }

    /// The statements on events.
    EventSql events() {
        return events;
    }

    /// Deletes some groups that lie wholly below `seq`; false if none is left.
    boolean deleteSomeBelow(long seq) throws SQLException {
        delete.setLong(1, seq);
        return delete.executeUpdate() == DELETED_AT_ONCE;
    }

    void begin() throws SQLException {
        transactions.begin();
    }

    void commit() throws SQLException {
        transactions.commit();
    }

    /// One commit that takes some room, to see whether the next will succeed. It also removes every group from `seq`
    /// on: one whose commit failed may be in the file all the same, although what it says was taken back. Likewise its
    /// events: those above `lastEvent`, and what is remembered of those in `notices`.
    void probe(long seq, long at, long lastEvent, List<Notice> notices) throws SQLException {
        try (PreparedStatement remove = connection.prepareStatement("DELETE FROM journal_group WHERE last >= ?");
                PreparedStatement probe = connection.prepareStatement(
                        "INSERT OR REPLACE INTO probe (id, at, ballast) VALUES (1, ?, zeroblob(?))")) {
            begin();
            remove.setLong(1, seq);
            remove.executeUpdate();
            EventSql.takeBack(connection, lastEvent, notices);
            probe.setLong(1, at);
            probe.setLong(2, BALLAST);
            probe.executeUpdate();
            commit();
        }
    }

    /// Moves what is committed from the log into the database file, as far as nobody is in the way.
    void checkpoint() throws SQLException {
        Database.pragma(connection, "wal_checkpoint(PASSIVE)");
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }

    static SqliteJournal.End end(Database database) throws SQLException {
        try (Connection connection = database.connectReadOnly();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT (SELECT coalesce(max(last), 0) FROM journal_group"
                        + " WHERE first = (SELECT max(first) FROM journal_group)),"
                        + " (SELECT coalesce(max(at), 0) FROM journal_group)")) {
            row.next();
            return new SqliteJournal.End(row.getLong(1), row.getLong(2));
        }
    }

    /// Shows every row to `visitor`, in ascending sequence.
    static void replay(Database database, UsageStore.RowVisitor visitor) {
        try (Connection connection = database.connectReadOnly();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "SELECT first, checksum, body FROM journal_group ORDER BY first")) {
            while (rows.next()) {
                long first = rows.getLong(1);
                byte[] group = rows.getBytes(3);
                if (GroupBytes.checksum(group) != rows.getLong(2)) {
                    throw new IllegalArgumentException("checksum of the group at " + first + " does not match");
                }
                GroupBytes.visit(first, group, visitor);
            }
        } catch (SQLException | IllegalArgumentException e) {
            throw new UsageStoreException(
                    database.file() + " could not be read: " + e.getMessage()
                            + ". Restore the data folder from a backup.",
                    e);
        }
    }
}
