package io.tollkeeper.store.journal;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

import io.tollkeeper.core.event.Event;
import io.tollkeeper.core.event.Notice;
import io.tollkeeper.core.event.NoticeState;

/// The writer's statements on events, within its transactions. Blocks; belongs to the writer.
///
/// What is remembered of an application is one small row, written on its first call of a day. With its event that costs
/// 13 µs of CPU once a day, of 1 000 000 applications called at random (a row without events: 1 to 3 µs).
final class EventSql {

    static final String FIRST_TRAFFIC = "first_traffic";
    static final String FIRST_DAILY_TRAFFIC = "first_daily_traffic";
    static final String ALERT = "alert";

    /// Events deleted within one commit: who empties a store of millions must not make a commit slow.
    private static final int DELETED_AT_ONCE = 500;

    private final PreparedStatement traffic;
    private final PreparedStatement alert;
    private final PreparedStatement nextAlert;
    private final PreparedStatement seen;
    private final PreparedStatement announced;
    private final PreparedStatement delete;
    private final PreparedStatement lastId;

    EventSql(Connection connection) throws SQLException {
        traffic = connection.prepareStatement(
                "INSERT INTO event (type, at, product_id, application_id) VALUES (?, ?, ?, ?)");
        alert = connection.prepareStatement("INSERT INTO event (type, at, product_id, application_id, alert_id,"
                + " utilization, max_utilization, limit_text)"
                + " VALUES (?, ?, ?, ?, (SELECT last FROM alert_sequence), ?, ?, ?)");
        nextAlert = connection.prepareStatement("UPDATE alert_sequence SET last = last + 1");
        seen = connection.prepareStatement("INSERT INTO last_traffic (application, day) VALUES (?, ?)"
                + " ON CONFLICT (application) DO UPDATE SET day = excluded.day");
        announced = connection.prepareStatement("INSERT INTO announced (application, percent, at) VALUES (?, ?, ?)"
                + " ON CONFLICT (application, percent) DO UPDATE SET at = excluded.at");
        // Ids ascend with time: the oldest come first, and nothing behind them is looked at.
        delete = connection.prepareStatement("DELETE FROM event WHERE id IN (SELECT id FROM"
                + " (SELECT id, at FROM event WHERE id BETWEEN ? AND ? ORDER BY id LIMIT " + DELETED_AT_ONCE
                + ") WHERE at < ?)");
        lastId = connection.prepareStatement(
                "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0)");
    }

    void insert(Notice notice) throws SQLException {
        switch (notice.event()) {
            case Event.FirstTraffic event -> insert(FIRST_TRAFFIC, event);
            case Event.FirstDailyTraffic event -> {
                insert(FIRST_DAILY_TRAFFIC, event);
                seen.setLong(1, notice.application());
                seen.setLong(2, NoticeState.day(event.at()));
                seen.executeUpdate();
            }
            case Event.Alert event -> insert(notice.application(), event);
        }
    }

    private void insert(String type, Event event) throws SQLException {
        head(traffic, type, event);
        traffic.executeUpdate();
    }

    private void insert(long application, Event.Alert event) throws SQLException {
        nextAlert.executeUpdate();
        head(alert, ALERT, event);
        alert.setInt(5, event.utilization());
        alert.setDouble(6, event.maxUtilization());
        alert.setString(7, event.limit());
        alert.executeUpdate();
        announced.setLong(1, application);
        announced.setInt(2, event.utilization());
        announced.setLong(3, event.at());
        announced.executeUpdate();
    }

    private static void head(PreparedStatement statement, String type, Event event) throws SQLException {
        statement.setString(1, type);
        statement.setLong(2, event.at());
        statement.setString(3, event.productId());
        statement.setString(4, event.applicationId());
    }

    /// The id of the last event that was ever inserted; 0 if there was none.
    long lastId() throws SQLException {
        try (ResultSet row = lastId.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    /// Deletes some events of a range of ids that are older than `before`, oldest first; how many.
    int deleteSome(EventDeletion wanted) throws SQLException {
        delete.setLong(1, wanted.from());
        delete.setLong(2, wanted.upTo());
        delete.setLong(3, wanted.before());
        return delete.executeUpdate();
    }

    /// Whether a deletion that deleted so many may have more to delete.
    static boolean isPartial(int deleted) {
        return deleted == DELETED_AT_ONCE;
    }

    /// Removes events above an id, and what is remembered of them: their commit failed, but may be in the file all the
    /// same, although their calls were taken back.
    static void takeBack(Connection connection, long lastId, List<Notice> notices) throws SQLException {
        try (Statement events = connection.createStatement();
                PreparedStatement day = connection.prepareStatement(
                        "UPDATE last_traffic SET day = ? WHERE application = ?");
                PreparedStatement unseen = connection.prepareStatement(
                        "DELETE FROM last_traffic WHERE application = ?");
                PreparedStatement unannounced = connection.prepareStatement(
                        "DELETE FROM announced WHERE application = ? AND percent = ?")) {
            events.executeUpdate("DELETE FROM event WHERE id > " + lastId);
            for (Notice notice : notices.reversed()) {
                switch (notice.event()) {
                    case Event.FirstTraffic _ -> {
                        // the first traffic of its day goes with it
                    }
                    case Event.FirstDailyTraffic _ when notice.before() == NoticeState.NEVER -> {
                        unseen.setLong(1, notice.application());
                        unseen.executeUpdate();
                    }
                    case Event.FirstDailyTraffic _ -> {
                        day.setLong(1, notice.before());
                        day.setLong(2, notice.application());
                        day.executeUpdate();
                    }
                    case Event.Alert event -> {
                        // Whenever the bin was announced before, it was long enough ago.
                        unannounced.setLong(1, notice.application());
                        unannounced.setInt(2, event.utilization());
                        unannounced.executeUpdate();
                    }
                }
            }
        }
    }
}
