package io.tollkeeper.store.usage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;

import io.tollkeeper.core.usage.Slot;
import io.tollkeeper.core.usage.SlotRange;

/// Reads closed slots in a range from one of the two tables that hold them, along their primary keys (owner, metric,
/// granularity, start). Belongs to one connection; blocks.
///
/// ```
/// next key ≥ from     one step into the index                 once per key that the owner has
/// its slots           one contiguous run, since ≤ start < until
/// ```
///
/// A single scan over all keys would walk through every granularity of each.
final class SeriesSql {

    private final PreparedStatement nextKey;
    private final PreparedStatement slots;

    SeriesSql(Connection connection, String table, String owner) throws SQLException {
        nextKey = connection.prepareStatement("SELECT metric FROM " + table + " WHERE " + owner
                + " = ? AND metric >= ? AND metric < ? ORDER BY metric LIMIT 1");
        slots = connection.prepareStatement("SELECT start, value FROM " + table + " WHERE " + owner
                + " = ? AND metric = ? AND granularity = ? AND start >= ? AND start < ? LIMIT ?");
    }

    /// Puts at most `most` slots into `values`; false if there are more.
    boolean read(long number, SlotRange range, int most, Map<Slot, Long> values) throws SQLException {
        int key = next(number, range.keys().from(), range.keys().to());
        while (key >= 0) {
            slots.setLong(1, number);
            slots.setInt(2, key);
            slots.setInt(3, range.period().slot());
            slots.setLong(4, range.since());
            slots.setLong(5, range.until());
            slots.setInt(6, most - values.size() + 1);
            try (ResultSet rows = slots.executeQuery()) {
                while (rows.next()) {
                    if (values.size() == most) {
                        return false;
                    }
                    values.put(new Slot(key, range.period(), rows.getLong(1)), rows.getLong(2));
                }
            }
            key = next(number, key + 1, range.keys().to());
        }
        return true;
    }

    /// The first key of an owner from `from` to before `to`; −1 if it has none there.
    private int next(long number, int from, int to) throws SQLException {
        nextKey.setLong(1, number);
        nextKey.setInt(2, from);
        nextKey.setInt(3, to);
        try (ResultSet row = nextKey.executeQuery()) {
            return row.next() ? row.getInt(1) : -1;
        }
    }
}
