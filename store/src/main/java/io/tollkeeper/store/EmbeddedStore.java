package io.tollkeeper.store;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;

import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.authorize.Loader;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.event.EventStore;
import io.tollkeeper.core.flight.FlightStore;
import io.tollkeeper.core.integration.IntegrationErrors;
import io.tollkeeper.core.usage.ProductTotals;
import io.tollkeeper.core.usage.UsageJournal;
import io.tollkeeper.core.usage.UsageStore;
import io.tollkeeper.store.catalog.SqliteCatalogStore;
import io.tollkeeper.store.flight.SqliteFlightStore;
import io.tollkeeper.store.integration.SqliteIntegrationErrors;
import io.tollkeeper.store.journal.SqliteEventStore;
import io.tollkeeper.store.journal.SqliteJournal;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.store.sqlite.StoreFileException;
import io.tollkeeper.store.usage.Snapshots;
import io.tollkeeper.store.usage.SqliteUsageStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Everything that the program keeps, in one folder that one process holds. Blocks; opened and closed by one thread.
///
/// | file | what | written by |
/// |---|---|---|
/// | `catalog.db` | products, plans, applications, keys | who changes the catalogue, one at a time |
/// | `journal.db` | what was counted since the last snapshot, events | `store-journal` |
/// | `usage.db` | snapshots of usage, closed periods | `store-snapshots` |
/// | `flights.db` | kept flight records | who spills them |
/// | `errors.db` | integration errors | `store-errors` |
/// | `tollkeeper.lock` | the process that holds the folder | |
///
/// ```java
/// var store = EmbeddedStore.open(folder, StoreSettings.defaults());
/// var catalog = new Catalog(store.catalog().load());
/// var applications = new Applications(store.loader());
/// var totals = new ProductTotals();
/// store.start(applications, totals);          // recovers; from here on the journal takes rows
/// var authorizer = new Authorizer(applications, store.journal());
/// …
/// store.close();                              // when nobody calls any more
/// ```
public final class EmbeddedStore implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EmbeddedStore.class);

    private final DataFolder folder;
    private final StoreSettings settings;
    private final Database catalogFile;
    private final Database usageFile;
    private final Database journalFile;
    private final SqliteCatalogStore catalog;
    private final SqliteJournal journal;
    private final SqliteUsageStore usage;
    private final SqliteEventStore events;
    private final SqliteFlightStore flights;
    private final SqliteIntegrationErrors errors;
    private final ApplicationLoader loader;
    private final long lastTime;
    private @Nullable Snapshots snapshots;
    private @Nullable Applications applications;

    private EmbeddedStore(DataFolder folder, StoreSettings settings) throws SQLException {
        this.folder = folder;
        this.settings = settings;
        this.catalogFile = Database.open(folder.path(), "catalog");
        this.usageFile = Database.open(folder.path(), "usage");
        this.journalFile = Database.open(folder.path(), "journal");
        Database flightFile = Database.open(folder.path(), "flights");
        Database errorFile = Database.open(folder.path(), "errors");
        SqliteJournal.End end = SqliteJournal.end(journalFile);
        this.lastTime = end.at();
        this.journal = new SqliteJournal(
                journalFile, Math.max(end.seq(), SqliteUsageStore.highestSeq(usageFile)) + 1, settings.clock());
        this.catalog = new SqliteCatalogStore(catalogFile);
        this.usage = new SqliteUsageStore(usageFile, journal);
        this.events = new SqliteEventStore(journalFile, journal);
        this.flights =
                new SqliteFlightStore(flightFile, settings.clock(), settings.flightBytes(), settings.flightAge());
        this.errors = new SqliteIntegrationErrors(errorFile, settings.errorBytes());
        this.loader = new ApplicationLoader(catalogFile, usageFile, journalFile);
    }

    /// Takes the folder and opens what is in it, creating what is not. What is wrong is a [StoreFileException] whose
    /// message is for people.
    public static EmbeddedStore open(Path dataFolder, StoreSettings settings) {
        DataFolder folder = DataFolder.take(dataFolder);
        try {
            return new EmbeddedStore(folder, settings);
        } catch (SQLException e) {
            release(folder, e);
            throw new StoreFileException("data folder " + dataFolder + " cannot be opened: " + e.getMessage(), e);
        } catch (StoreFileException e) {
            release(folder, e);
            throw e;
        }
    }

    private static void release(DataFolder folder, Exception cause) {
        try {
            folder.close();
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    /// Brings `live` and `productTotals` to where they were, then starts writing. Nothing may be counted before this
    /// returns.
    public void start(Applications live, ProductTotals productTotals) {
        long began = System.nanoTime();
        long rows;
        ApplicationReader reader = new ApplicationReader(catalogFile, usageFile, journalFile);
        try (reader) {
            reader.hold();
            rows = new Recovery(usage, reader, live, productTotals).run();
            if (rows > 0) {
                log.info(
                        "replayed {} journal rows of {} applications in {} ms",
                        rows,
                        live.resident(),
                        Duration.ofNanos(System.nanoTime() - began).toMillis());
            }
        } catch (SQLException e) {
            throw new StoreFileException(usageFile.file() + " could not be read: " + e.getMessage(), e);
        }
        applications = live;
        journal.start(live, productTotals::apply);
        Snapshots started =
                new Snapshots(
                        journal,
                        usage,
                        events,
                        live,
                        productTotals,
                        settings.clock(),
                        settings.snapshots(),
                        settings.eventsKept(),
                        settings.history());
        snapshots = started;
        loader.room(started::awaitRoom);
        started.start(rows > 0);
    }

    public CatalogStore catalog() {
        return catalog;
    }

    public UsageJournal journal() {
        return journal;
    }

    public UsageStore usage() {
        return usage;
    }

    public EventStore events() {
        return events;
    }

    public FlightStore flights() {
        return flights;
    }

    public IntegrationErrors errors() {
        return errors;
    }

    public Loader loader() {
        return loader;
    }

    /// Latest second at which something in the journal was decided; 0 if it is empty. The clock should not start more
    /// than a minute below.
    public long lastTime() {
        return lastTime;
    }

    public StoreHealth health() {
        Snapshots running = snapshots;
        Applications live = applications;
        return new StoreHealth(
                journal.health(),
                running == null ? 0 : running.count(),
                running == null ? settings.clock().instant() : running.last(),
                running == null ? null : running.fault(),
                live == null ? 0 : live.dirty(),
                live == null ? 0 : live.resident(),
                live == null ? 0 : live.weight(),
                flights.lost(),
                errors.lost());
    }

    /// Makes a last snapshot, writes what is queued, closes all. Nobody may call any more.
    @Override
    public void close() {
        try {
            if (snapshots != null) {
                snapshots.close();
            }
            loader.close();
            journal.close();
            events.close();
            usage.close();
            catalog.close();
            flights.close();
            errors.close();
            folder.close();
        } catch (SQLException | IOException e) {
            throw new StoreFileException(
                    "data folder " + folder.path() + " could not be closed cleanly: " + e.getMessage()
                            + ". Nothing acknowledged is lost; the next start replays it.",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
