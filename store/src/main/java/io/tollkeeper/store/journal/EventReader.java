package io.tollkeeper.store.journal;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tollkeeper.core.event.Event;
import io.tollkeeper.core.event.NoticeState;
import io.tollkeeper.core.event.StoredEvent;
import io.tollkeeper.core.event.StoredNotices;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.store.sqlite.Readers;
import io.tollkeeper.store.sqlite.Transactions;
import org.jspecify.annotations.Nullable;

/// Reads events, and what is remembered of applications, on a read-only connection of its own to `journal.db`. Belongs
/// to one thread at a time; blocks.
public final class EventReader implements Readers.Reader {

    private final Connection connection;
    private final Transactions transactions;
    private final PreparedStatement oldest;
    private final PreparedStatement any;
    private final PreparedStatement remembered;

    public EventReader(Database journal) throws SQLException {
        connection = journal.connectReadOnly();
        try {
            transactions = Transactions.reading(connection);
            oldest = connection.prepareStatement("SELECT id, type, at, product_id, application_id, alert_id,"
                    + " utilization, max_utilization, limit_text FROM event ORDER BY id LIMIT ?");
            any = connection.prepareStatement("SELECT EXISTS (SELECT 1 FROM event)");
            // One statement, for it runs once for every application that comes into memory.
            remembered = connection.prepareStatement("SELECT -1, day FROM last_traffic WHERE application = ?1"
                    + " UNION ALL SELECT percent, at FROM announced WHERE application = ?1");
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    List<StoredEvent> oldest(int limit) throws SQLException {
        oldest.setInt(1, limit);
        List<StoredEvent> events = new ArrayList<>();
        try (ResultSet row = oldest.executeQuery()) {
            while (row.next()) {
                events.add(new StoredEvent(row.getLong(1), row.getLong(6), event(row)));
            }
        }
        return events;
    }

    private static Event event(ResultSet row) throws SQLException {
        long at = row.getLong(3);
        String product = row.getString(4);
        String application = row.getString(5);
        String type = row.getString(2);
        return switch (type) {
            case EventSql.FIRST_TRAFFIC -> new Event.FirstTraffic(product, application, at);
            case EventSql.FIRST_DAILY_TRAFFIC -> new Event.FirstDailyTraffic(product, application, at);
            case EventSql.ALERT ->
                new Event.Alert(product, application, at, row.getInt(7), row.getDouble(8), row.getString(9));
            default ->
                throw new SQLException("event.type is " + type + " (expected: " + EventSql.FIRST_TRAFFIC + ", "
                        + EventSql.FIRST_DAILY_TRAFFIC + " or " + EventSql.ALERT + ")");
        };
    }

    boolean isEmpty() throws SQLException {
        try (ResultSet row = any.executeQuery()) {
            return !row.next() || row.getInt(1) == 0;
        }
    }

    /// What is remembered of an application, none if it was never seen.
    public @Nullable StoredNotices notices(long application) throws SQLException {
        remembered.setLong(1, application);
        long day = NoticeState.NEVER;
        Map<Integer, Long> announced = Map.of();
        try (ResultSet row = remembered.executeQuery()) {
            while (row.next()) {
                if (row.getInt(1) < 0) {
                    day = row.getLong(2);
                } else {
                    announced = announced.isEmpty() ? new HashMap<>() : announced;
                    announced.put(row.getInt(1), row.getLong(2));
                }
            }
        }
        return day == NoticeState.NEVER && announced.isEmpty() ? null : new StoredNotices(day, announced);
    }

    /// From here on looks at one state of the file, until closed.
    public void hold() throws SQLException {
        transactions.begin();
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
