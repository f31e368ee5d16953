package io.tollkeeper.store.journal;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.Semaphore;

import io.tollkeeper.store.sqlite.Database;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Moves the journal's log into its database file on a thread of its own, so that no commit pays for it.
///
/// The log starts over only when all of it was moved at the moment a commit begins. Under constant load it never is:
/// commits go on while the checkpoint runs. When the log is long, the writer is therefore asked for the last small
/// step between two commits ([#finishing]).
final class Checkpointer {

    private static final Logger log = LoggerFactory.getLogger(Checkpointer.class);

    /// Committed bytes after which a checkpoint begins. Each makes the disk busy for some milliseconds, and a commit
    /// wait for it; a start has to look through what is not moved yet.
    private static final long BEGIN_AFTER = 16 << 20;

    /// Pages of log after which the writer has to help.
    private static final long LONG_LOG = 8_192;

    private final Database database;
    private final Semaphore asked = new Semaphore(0);
    private final Thread thread;
    private volatile boolean closing;
    private volatile boolean finishing;
    private long sinceLast;

    Checkpointer(Database database) {
        this.database = database;
        this.thread = Thread.ofPlatform().name("store-checkpoint").daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /// Tells that so many bytes were committed. Writer only.
    void committed(int bytes) {
        sinceLast += bytes;
        if (sinceLast >= BEGIN_AFTER) {
            sinceLast = 0;
            asked.release();
        }
    }

    /// Whether the writer should do the last step now; asked once.
    boolean finishing() {
        boolean now = finishing;
        if (now) {
            finishing = false;
        }
        return now;
    }

    private void run() {
        while (true) {
            asked.acquireUninterruptibly();
            asked.drainPermits();
            if (closing) {
                return;
            }
            checkpoint();
        }
    }

    private void checkpoint() {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("PRAGMA wal_checkpoint(PASSIVE)")) {
            if (row.next() && row.getLong(2) > LONG_LOG) {
                finishing = true;
            }
        } catch (SQLException e) {
            // The log grows meanwhile; what is acknowledged stays in it.
            log.warn("{}: checkpoint failed, will be tried again: {}", database.file(), e.getMessage());
        }
    }

    /// Ends the thread and waits for it.
    void stop() throws InterruptedException {
        closing = true;
        asked.release();
        thread.join();
    }
}
