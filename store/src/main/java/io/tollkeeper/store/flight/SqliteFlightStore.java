package io.tollkeeper.store.flight;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.FlightStore;
import io.tollkeeper.core.flight.RequestId;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.store.sqlite.Transactions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Flight records in `flights.db`, oldest deleted first when the file would grow beyond its size or they their age.
/// One connection under one lock; blocks.
public final class SqliteFlightStore implements FlightStore, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SqliteFlightStore.class);

    /// What one deletion for want of room takes away: a part of the file, so that not every batch deletes.
    private static final int ROOM_PARTS = 16;

    private final Database database;
    private final InstantSource clock;
    private final long bytes;
    private final Duration age;
    private final AtomicLong lost = new AtomicLong();
    private @Nullable Connected open;
    private boolean failing;

    public SqliteFlightStore(Database database, InstantSource clock, long bytes, Duration age) {
        this.database = database;
        this.clock = clock;
        this.bytes = bytes;
        this.age = age;
    }

    /// The connection and what is prepared on it.
    private record Connected(
            Connection connection,
            Transactions transactions,
            PreparedStatement insert,
            PreparedStatement find,
            PreparedStatement newest,
            PreparedStatement deleteBefore,
            PreparedStatement deleteOldest) {

        static Connected to(Database database) throws SQLException {
            Connection connection = database.connect();
            try {
                return new Connected(
                        connection,
                        Transactions.writing(connection),
                        connection.prepareStatement("INSERT OR REPLACE INTO flight (high, low, body) VALUES (?, ?, ?)"),
                        connection.prepareStatement("SELECT body FROM flight WHERE high = ? AND low = ?"),
                        connection.prepareStatement(
                                "SELECT high, low, body FROM flight ORDER BY high DESC, low DESC LIMIT ?"),
                        connection.prepareStatement("DELETE FROM flight WHERE high < ?"),
                        connection.prepareStatement("DELETE FROM flight WHERE (high, low) IN"
                                + " (SELECT high, low FROM flight ORDER BY high, low"
                                + " LIMIT (SELECT count(*) / " + ROOM_PARTS + " + 1 FROM flight))"));
            } catch (SQLException e) {
                connection.close();
                throw e;
            }
        }
    }

    @Override
    public synchronized void keep(List<FlightRecord> records) {
        if (records.isEmpty()) {
            return;
        }
        try {
            Connected to = connected();
            to.transactions.begin();
            long oldest = clock.instant().minus(age).toEpochMilli();
            to.deleteBefore.setLong(1, oldest << 16);
            to.deleteBefore.executeUpdate();
            boolean shrank = true;
            while (shrank && used(to.connection) > bytes) {
                shrank = to.deleteOldest.executeUpdate() > 0;
            }
            for (FlightRecord record : records) {
                to.insert.setLong(1, record.idHigh());
                to.insert.setLong(2, record.idLow() ^ Long.MIN_VALUE);
                to.insert.setBytes(3, FlightBytes.of(record));
                to.insert.executeUpdate();
            }
            to.transactions.commit();
            failing = false;
        } catch (SQLException e) {
            lost.addAndGet(records.size());
            if (!failing) {
                log.warn("{}: flight records cannot be kept: {}", database.file(), e.getMessage());
            }
            failing = true;
            giveUp();
        }
    }

    @Override
    public synchronized @Nullable FlightRecord find(RequestId id) {
        try {
            PreparedStatement find = connected().find;
            find.setLong(1, id.high());
            find.setLong(2, id.low() ^ Long.MIN_VALUE);
            try (ResultSet row = find.executeQuery()) {
                return row.next() ? FlightBytes.read(id.high(), id.low(), row.getBytes(1)) : null;
            }
        } catch (SQLException e) {
            giveUp();
            log.warn("{}: record {} cannot be read: {}", database.file(), id, e.getMessage());
            return null;
        }
    }

    @Override
    public synchronized List<FlightRecord> newest(int limit) {
        List<FlightRecord> records = new ArrayList<>();
        try {
            PreparedStatement newest = connected().newest;
            newest.setInt(1, limit);
            try (ResultSet row = newest.executeQuery()) {
                while (row.next()) {
                    FlightRecord record =
                            FlightBytes.read(row.getLong(1), row.getLong(2) ^ Long.MIN_VALUE, row.getBytes(3));
                    if (record != null) {
                        records.add(record);
                    }
                }
            }
        } catch (SQLException e) {
            giveUp();
            log.warn("{}: records cannot be read: {}", database.file(), e.getMessage());
        }
        return records;
    }

    /// How many records could not be kept.
    public long lost() {
        return lost.get();
    }

    /// Bytes in use: freed pages are used again, so the file does not grow beyond what was in use at most.
    private static long used(Connection connection) throws SQLException {
        long pages = Long.parseLong(Database.pragma(connection, "page_count"));
        long free = Long.parseLong(Database.pragma(connection, "freelist_count"));
        return (pages - free) * Long.parseLong(Database.pragma(connection, "page_size"));
    }

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
            close();
        } catch (SQLException e) {
            log.debug("{}: closing after a failure", database.file(), e);
        }
    }

    @Override
    public synchronized void close() throws SQLException {
        Connected connected = open;
        open = null;
        if (connected != null) {
            connected.connection.close();
        }
    }
}
