package io.tollkeeper.store.sqlite;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

import org.flywaydb.core.api.FlywayException;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/// One SQLite file in WAL mode, migrated when it is opened, and the ways to connect to it. Connections are not shared
/// between threads. Every method blocks.
///
public final class Database {

    private static final int BUSY_MILLIS = 10_000;

    private final Path file;

    private Database(Path file) {
        this.file = file;
    }

    /// Opens the file `<name>.db` of a folder, creates or migrates it. Anything wrong with it is a
    /// [StoreFileException].
    public static Database open(Path folder, String name) {
        Database database = new Database(folder.resolve(name + ".db"));
        Migrations migrations = Migrations.of(name);
        if (!database.probe(migrations)) {
            database.apply(migrations);
        }
        return database;
    }

    public Path file() {
        return file;
    }

    /// A connection that reads and writes: `synchronous=FULL`, transactions take the write lock when they begin. That
    /// the file really is in WAL mode and commits really are synchronous is asserted, for what was acknowledged rests
    /// on it.
    public Connection connect() throws SQLException {
        SQLiteConfig config = config();
        config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        config.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE);
        Connection connection = config.createConnection(url());
        try {
            assertDurable(connection);
        } catch (SQLException | StoreFileException e) {
            connection.close();
            throw e;
        }
        return connection;
    }

    /// A connection that only reads.
    public Connection connectReadOnly() throws SQLException {
        SQLiteConfig config = config();
        config.setReadOnly(true);
        return config.createConnection(url());
    }

    /// The value of a pragma as text.
    public static String pragma(Connection connection, String pragma) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("PRAGMA " + pragma)) {
            return row.next() ? row.getString(1) : "";
        }
    }

    private void assertDurable(Connection connection) throws SQLException {
        String mode = pragma(connection, "journal_mode");
        String synchronous = pragma(connection, "synchronous");
        if (!mode.equalsIgnoreCase("wal") || !synchronous.equals("2")) {
            throw new StoreFileException(file + ": journal_mode is " + mode + " and synchronous is " + synchronous
                    + " (expected: wal and 2). Without them an acknowledged call could be lost with the power;"
                    + " put the data folder on a local file system that supports shared memory files.");
        }
    }

    private static SQLiteConfig config() {
        SQLiteConfig config = new SQLiteConfig();
        config.setBusyTimeout(BUSY_MILLIS);
        return config;
    }

    private String url() {
        return "jdbc:sqlite:" + file;
    }

    /// Creates the file if it is not there, and sees whether it is one of ours before anything is written to it. Whether
    /// it has all migrations.
    private boolean probe(Migrations migrations) {
        SQLiteConfig config = config();
        try (Connection connection = config.createConnection(url());
                Statement statement = connection.createStatement()) {
            // Reads the file's head only: a check of the whole would make the start as slow as the store is big.
            pragma(connection, "schema_version");
            statement.execute("PRAGMA journal_mode=WAL");
            return migrations.areIn(connection);
        } catch (SQLException e) {
            throw unusable(e);
        }
    }

    private void apply(Migrations migrations) {
        try {
            migrations.apply(url(), config());
        } catch (SQLException e) {
            throw unusable(e);
        } catch (FlywayException e) {
            throw new StoreFileException(
                    file + " is a SQLite file, but not one that this version of Tollkeeper can use: "
                            + firstLine(e) + " Use the version that wrote it or a newer one, or another data folder.",
                    e);
        }
    }

    private StoreFileException unusable(SQLException e) {
        if (e instanceof SQLiteException sqlite) {
            SQLiteErrorCode code = sqlite.getResultCode();
            if (code == SQLiteErrorCode.SQLITE_NOTADB) {
                return new StoreFileException(
                        file + " is not a SQLite file (expected: a file written by Tollkeeper, or none)."
                                + " Move it away or choose another data folder.",
                        e);
            }
            if (code.name().startsWith("SQLITE_CORRUPT")) {
                return damaged(e);
            }
        }
        return new StoreFileException(file + " cannot be opened: " + firstLine(e), e);
    }

    private StoreFileException damaged(SQLException cause) {
        return new StoreFileException(
                file + " is damaged: " + firstLine(cause) + ". Restore the data folder from a backup; `sqlite3 "
                        + file.getFileName() + " .recover` saves what is readable.",
                cause);
    }

    private static String firstLine(Exception e) {
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message.lines().findFirst().orElse("").strip();
    }
}
