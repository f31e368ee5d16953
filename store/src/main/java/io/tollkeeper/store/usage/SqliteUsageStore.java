package io.tollkeeper.store.usage;

import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.Slot;
import io.tollkeeper.core.usage.SlotRange;
import io.tollkeeper.core.usage.StoredPast;
import io.tollkeeper.core.usage.StoredSeries;
import io.tollkeeper.core.usage.StoredUsage;
import io.tollkeeper.core.usage.UsageDeletion;
import io.tollkeeper.core.usage.UsageSnapshot;
import io.tollkeeper.core.usage.UsageStore;
import io.tollkeeper.core.usage.UsageStoreException;
import io.tollkeeper.store.journal.SqliteJournal;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.store.sqlite.Readers;
import org.jspecify.annotations.Nullable;

/// Usage in `usage.db`, in front of the rows of the journal that it does not include yet. One writer at a time, a few
/// readers beside it; blocks.
///
/// A file of its own, apart from the catalogue's: a snapshot of 100 000 applications writes for seconds, and a
/// catalogue change must not wait for that. Before journal rows are deleted on the strength of snapshots, these are
/// forced to the disk.
public final class SqliteUsageStore implements UsageStore {

    /// Applications per transaction of [#prune], few enough that a snapshot never waits long for the file.
    private static final long PRUNED_AT_ONCE = 1_000;

    private final Database database;
    private final SqliteJournal journal;
    private final Readers<UsageReader> readers;
    private final ReentrantLock writing = new ReentrantLock();
    private @Nullable UsageSql writer;

    public SqliteUsageStore(Database database, SqliteJournal journal) {
        this.database = database;
        this.journal = journal;
        this.readers = new Readers<>(() -> new UsageReader(database));
    }

    /// The highest sequence that any snapshot includes; 0 if there is none.
    public static long highestSeq(Database database) throws SQLException {
        UsageReader reader = new UsageReader(database);
        try {
            return reader.highestSeq();
        } finally {
            reader.close();
        }
    }

    @Override
    public @Nullable StoredUsage load(long application) {
        return read("usage of application number " + application, reader -> reader.application(application));
    }

    @Override
    public StoredPast loadPast(long application, List<Slot> slots) {
        return read("past usage of application number " + application, reader -> reader.applicationPast(application, slots));
    }

    @Override
    public StoredSeries loadSeries(long application, SlotRange range, int most) {
        return read(
                "usage of application number " + application, reader -> reader.applicationSeries(application, range, most));
    }

    @Override
    public List<StoredSeries> loadSlot(List<Long> applications, Slot slot) {
        return read("usage of " + applications.size() + " applications", reader -> reader.slot(applications, slot));
    }

    @Override
    public StoredSeries loadAll(long application) {
        return read("usage of application number " + application, reader -> reader.all(application));
    }

    @Override
    public void write(List<UsageSnapshot> applications) {
        write(applications.size() + " snapshots", sql -> sql.writeApplications(applications));
    }

    @Override
    public List<StoredUsage> loadTotals() {
        return read("product totals", UsageReader::products);
    }

    @Override
    public StoredPast loadPastTotals(int product, List<Slot> slots) {
        return read("past totals of product number " + product, reader -> reader.productPast(product, slots));
    }

    @Override
    public StoredSeries loadTotalSeries(int product, SlotRange range, int most) {
        return read("totals of product number " + product, reader -> reader.productSeries(product, range, most));
    }

    @Override
    public void writeTotals(List<UsageSnapshot> products) {
        write(products.size() + " product totals", sql -> sql.writeProducts(products));
    }

    @Override
    public void ask(UsageDeletion deletion) {
        write("a deletion", sql -> {
            sql.ask(deletion);
            sql.force();
        });
    }

    @Override
    public void advance(UsageDeletion deletion) {
        write("how far a deletion got", sql -> sql.advance(deletion));
    }

    @Override
    public void done(UsageDeletion deletion) {
        write("the end of a deletion", sql -> sql.done(deletion));
    }

    @Override
    public List<UsageDeletion> deletions() {
        return read("deletions", UsageReader::deletions);
    }

    @Override
    public void replay(RowVisitor visitor) {
        journal.replay(visitor);
    }

    @Override
    public void truncateBelow(long seq) {
        write("snapshots for good", UsageSql::force);
        journal.truncateBelow(seq);
    }

    /// Forgets closed slots of `period` that began before `start`, of applications and of products, in small steps.
    public void prune(Period period, long start) {
        List<Integer> products = read("products", UsageReader::productsWithPast);
        for (int product : products) {
            write("the end of old totals", sql -> sql.pruneTotals(product, period.slot(), start));
        }
        long highest = read("the highest application number", UsageReader::highestApplication);
        for (long from = 0; from <= highest; from += PRUNED_AT_ONCE) {
            long first = from;
            write("the end of old usage", sql -> sql.prune(first, first + PRUNED_AT_ONCE, period.slot(), start));
        }
    }

    public void close() throws SQLException {
        readers.close();
        writing.lock();
        try {
            closeWriter();
        } finally {
            writing.unlock();
        }
    }

    private <T extends @Nullable Object> T read(String what, Readers.Reading<UsageReader, T> reading) {
        try {
            return readers.read(reading);
        } catch (SQLException e) {
            throw new UsageStoreException("could not read " + what + " from " + database.file(), e);
        }
    }

    private void write(String what, Writing writes) {
        writing.lock();
        try {
            UsageSql sql = writer;
            if (sql == null) {
                sql = new UsageSql(database);
                writer = sql;
            }
            writes.to(sql);
        } catch (SQLException e) {
            // After an I/O error a connection is not to be trusted.
            closeAfter(e);
            throw new UsageStoreException("could not write " + what + " to " + database.file(), e);
        } finally {
            writing.unlock();
        }
    }

    private void closeAfter(SQLException failure) {
        try {
            closeWriter();
        } catch (SQLException e) {
            failure.addSuppressed(e);
        }
    }

    private void closeWriter() throws SQLException {
        UsageSql sql = writer;
        writer = null;
        if (sql != null) {
            sql.close();
        }
    }

    @FunctionalInterface
    private interface Writing {
        void to(UsageSql sql) throws SQLException;
    }
}
