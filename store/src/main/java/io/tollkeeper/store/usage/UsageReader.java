package io.tollkeeper.store.usage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.Slot;
import io.tollkeeper.core.usage.SlotBytes;
import io.tollkeeper.core.usage.SlotRange;
import io.tollkeeper.core.usage.StoredPast;
import io.tollkeeper.core.usage.StoredSeries;
import io.tollkeeper.core.usage.StoredUsage;
import io.tollkeeper.core.usage.UsageDeletion;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.store.sqlite.Readers;
import io.tollkeeper.store.sqlite.Transactions;
import org.jspecify.annotations.Nullable;

/// Reads snapshots and closed slots on a read-only connection of its own. Belongs to one thread at a time; blocks.
public final class UsageReader implements Readers.Reader {

    private final Connection connection;
    private final Transactions transactions;
    private final PreparedStatement ofApplication;
    private final PreparedStatement ofProduct;
    private final PreparedStatement pastOfApplication;
    private final PreparedStatement pastOfProduct;
    private final PreparedStatement allOfApplication;
    private final SeriesSql applicationSeries;
    private final SeriesSql productSeries;

    public UsageReader(Database database) throws SQLException {
        connection = database.connectReadOnly();
        try {
            transactions = Transactions.reading(connection);
            ofApplication = connection.prepareStatement("SELECT seq, slots FROM application_usage WHERE application = ?");
            ofProduct = connection.prepareStatement("SELECT seq, slots FROM product_usage WHERE product = ?");
            pastOfApplication = connection.prepareStatement("SELECT value FROM usage_past"
                    + " WHERE application = ? AND metric = ? AND granularity = ? AND start = ?");
            pastOfProduct = connection.prepareStatement("SELECT value FROM product_past"
                    + " WHERE product = ? AND metric = ? AND granularity = ? AND start = ?");
            allOfApplication = connection.prepareStatement(
                    "SELECT metric, granularity, start, value FROM usage_past WHERE application = ?");
            applicationSeries = new SeriesSql(connection, "usage_past", "application");
            productSeries = new SeriesSql(connection, "product_past", "product");
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /// From here on looks at one state of the file, until closed. Only [#application(long)] may be called then.
    public void hold() throws SQLException {
        transactions.begin();
    }

    /// The last snapshot of an application, or none.
    public @Nullable StoredUsage application(long number) throws SQLException {
        return usage(ofApplication, number);
    }

    /// Closed slots of an application.
    public StoredPast applicationPast(long number, List<Slot> slots) throws SQLException {
        return past(ofApplication, pastOfApplication, number, slots);
    }

    StoredPast productPast(long number, List<Slot> slots) throws SQLException {
        return past(ofProduct, pastOfProduct, number, slots);
    }

    StoredSeries applicationSeries(long number, SlotRange range, int most) throws SQLException {
        return series(ofApplication, applicationSeries, number, range, most);
    }

    StoredSeries productSeries(long number, SlotRange range, int most) throws SQLException {
        return series(ofProduct, productSeries, number, range, most);
    }

    private StoredSeries series(
            PreparedStatement snapshot, SeriesSql series, long number, SlotRange range, int most) throws SQLException {
        transactions.begin();
        try {
            Map<Slot, Long> values = new HashMap<>();
            boolean complete = series.read(number, range, most, values);
            return stored(usage(snapshot, number), number, values, complete);
        } finally {
            transactions.rollback();
        }
    }

    /// One slot of many applications, all as they were at one moment.
    List<StoredSeries> slot(List<Long> numbers, Slot slot) throws SQLException {
        List<StoredSeries> all = new ArrayList<>(numbers.size());
        transactions.begin();
        try {
            for (long number : numbers) {
                Long value = amount(pastOfApplication, number, slot);
                all.add(stored(
                        usage(ofApplication, number), number, value == null ? Map.of() : Map.of(slot, value), true));
            }
            return all;
        } finally {
            transactions.rollback();
        }
    }

    StoredSeries all(long number) throws SQLException {
        transactions.begin();
        try {
            Map<Slot, Long> values = new HashMap<>();
            allOfApplication.setLong(1, number);
            try (ResultSet rows = allOfApplication.executeQuery()) {
                while (rows.next()) {
                    values.put(new Slot(rows.getInt(1), Period.of(rows.getInt(2)), rows.getLong(3)), rows.getLong(4));
                }
            }
            return stored(usage(ofApplication, number), number, values, true);
        } finally {
            transactions.rollback();
        }
    }

    private static StoredSeries stored(
            @Nullable StoredUsage snapshot, long number, Map<Slot, Long> values, boolean complete) {
        return new StoredSeries(
                snapshot, new StoredPast(number, snapshot == null ? 0 : snapshot.seq(), values), complete);
    }

    List<StoredUsage> products() throws SQLException {
        List<StoredUsage> totals = new ArrayList<>();
        try (PreparedStatement all = connection.prepareStatement("SELECT product, seq, slots FROM product_usage");
                ResultSet rows = all.executeQuery()) {
            while (rows.next()) {
                totals.add(new StoredUsage(rows.getLong(1), rows.getLong(2), new SlotBytes(rows.getBytes(3))));
            }
        }
        return totals;
    }

    List<UsageDeletion> deletions() throws SQLException {
        List<UsageDeletion> deletions = new ArrayList<>();
        try (PreparedStatement all = connection.prepareStatement(
                        "SELECT product, product_id, asked, after FROM usage_deletion ORDER BY asked");
                ResultSet rows = all.executeQuery()) {
            while (rows.next()) {
                deletions.add(
                        new UsageDeletion(rows.getInt(1), rows.getString(2), rows.getLong(3), rows.getString(4)));
            }
        }
        return deletions;
    }

    long highestSeq() throws SQLException {
        try (PreparedStatement highest = connection.prepareStatement("SELECT seq FROM usage_sequence");
                ResultSet row = highest.executeQuery()) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    /// Products that have closed slots: one step into the index for each.
    List<Integer> productsWithPast() throws SQLException {
        List<Integer> products = new ArrayList<>();
        try (PreparedStatement next = connection.prepareStatement(
                "SELECT product FROM product_past WHERE product > ? ORDER BY product LIMIT 1")) {
            int last = -1;
            while (last != Integer.MAX_VALUE) {
                next.setInt(1, last);
                try (ResultSet row = next.executeQuery()) {
                    if (!row.next()) {
                        break;
                    }
                    last = row.getInt(1);
                    products.add(last);
                }
            }
        }
        return products;
    }

    long highestApplication() throws SQLException {
        try (PreparedStatement highest = connection.prepareStatement("SELECT max(application) FROM usage_past");
                ResultSet row = highest.executeQuery()) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    private static @Nullable StoredUsage usage(PreparedStatement statement, long number) throws SQLException {
        statement.setLong(1, number);
        try (ResultSet row = statement.executeQuery()) {
            return row.next() ? new StoredUsage(number, row.getLong(1), new SlotBytes(row.getBytes(2))) : null;
        }
    }

    /// One read transaction: the amounts are those that go with the sequence.
    private StoredPast past(PreparedStatement snapshot, PreparedStatement amount, long number, List<Slot> slots)
            throws SQLException {
        transactions.begin();
        try {
            StoredUsage usage = usage(snapshot, number);
            Map<Slot, Long> values = new HashMap<>();
            for (Slot slot : slots) {
                Long value = amount(amount, number, slot);
                if (value != null) {
                    values.put(slot, value);
                }
            }
            return new StoredPast(number, usage == null ? 0 : usage.seq(), values);
        } finally {
            transactions.rollback();
        }
    }

    private static @Nullable Long amount(PreparedStatement amount, long number, Slot slot) throws SQLException {
        amount.setLong(1, number);
        amount.setInt(2, slot.key());
        amount.setInt(3, slot.period().slot());
        amount.setLong(4, slot.start());
        try (ResultSet row = amount.executeQuery()) {
            return row.next() ? row.getLong(1) : null;
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
