package io.tollkeeper.store.sqlite;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/// Begins and ends transactions on one connection, which stays in auto-commit mode: without it the driver begins the
/// next transaction right after a commit, and an idle connection would hold the write lock and an old view.
public final class Transactions {

    private final PreparedStatement begin;
    private final PreparedStatement commit;
    private final PreparedStatement rollback;

    private Transactions(Connection connection, String kind) throws SQLException {
        begin = connection.prepareStatement("BEGIN " + kind);
        commit = connection.prepareStatement("COMMIT");
        rollback = connection.prepareStatement("ROLLBACK");
    }

    /// Transactions that see one state of the file.
    public static Transactions reading(Connection connection) throws SQLException {
        return new Transactions(connection, "DEFERRED");
    }

    /// Transactions that hold the write lock from their beginning.
    public static Transactions writing(Connection connection) throws SQLException {
        return new Transactions(connection, "IMMEDIATE");
    }

    public void begin() throws SQLException {
        begin.execute();
    }

    public void commit() throws SQLException {
        commit.execute();
    }

    public void rollback() throws SQLException {
        rollback.execute();
    }
}
