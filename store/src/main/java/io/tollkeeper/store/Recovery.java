package io.tollkeeper.store;

import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.authorize.Loaded;
import io.tollkeeper.core.usage.JournalBody;
import io.tollkeeper.core.usage.ProductTotals;
import io.tollkeeper.core.usage.StoredUsage;
import io.tollkeeper.core.usage.UsageStoreException;
import io.tollkeeper.store.usage.SqliteUsageStore;

/// Brings memory to where it was: product totals from their snapshots, then every row of the journal through the code
/// that counts live. The usage of an application is loaded when its first row is met; what people decided about it is
/// loaded when it is called, as ever: a start reads no more than it must. Used once, at start, by one thread; blocks.
final class Recovery {

    private final SqliteUsageStore store;
    private final ApplicationReader reader;
    private final Applications applications;
    private final ProductTotals totals;
    private final JournalBody.Reader row = new JournalBody.Reader();

    /// Applications not in memory, and the sequence up to which their snapshot includes everything.
    private final Map<Long, Long> included = new HashMap<>();

    private long rows;

    Recovery(SqliteUsageStore store, ApplicationReader reader, Applications applications, ProductTotals totals) {
        this.store = store;
        this.reader = reader;
        this.applications = applications;
        this.totals = totals;
    }

    /// Replays; returns how many rows there were.
    long run() {
        totals.restore(store.loadTotals());
        store.replay(this::replay);
        return rows;
    }

    private void replay(long seq, byte[] body) {
        rows++;
        row.reset(body);
        while (row.next()) {
            if (!applications.isResident(row.application())) {
                admit(row.application(), seq);
            }
        }
        applications.replay(seq, body);
        totals.apply(seq, body);
    }

    /// Only who has something to replay comes into memory: with calls spread over a million applications most rows that
    /// wait to be truncated are included in a snapshot, and all their applications would not fit.
    private void admit(long number, long seq) {
        Long known = included.get(number);
        if (known != null && seq <= known) {
            return;
        }
        try {
            Loaded.Definition found = reader.read(number);
            StoredUsage usage = found.usage();
            if (usage != null && seq <= usage.seq()) {
                included.put(number, usage.seq());
            } else {
                included.remove(number);
                applications.admit(number, found);
            }
        } catch (SQLException e) {
            throw new UsageStoreException("could not read application number " + number + " for replay", e);
        }
    }
}
