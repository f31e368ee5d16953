package io.tollkeeper.store;

import java.sql.SQLException;

import io.tollkeeper.core.authorize.LoadKey;
import io.tollkeeper.core.authorize.Loaded;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.store.catalog.CatalogReader;
import io.tollkeeper.store.journal.EventReader;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.store.usage.UsageReader;
import org.jspecify.annotations.Nullable;

/// Reads applications with their usage, on connections of its own. Belongs to one thread; blocks.
///
/// Definition, usage and what is remembered of its events come from three files, hence from three moments. That does no
/// harm: the latter two change only while the application is in memory, and a definition that changed meanwhile is found
/// by the catalogue's sequence.
final class ApplicationReader implements AutoCloseable {

    private final Database catalogFile;
    private final Database usageFile;
    private final Database journalFile;
    private @Nullable CatalogReader catalog;
    private @Nullable UsageReader usage;
    private @Nullable EventReader events;

    ApplicationReader(Database catalogFile, Database usageFile, Database journalFile) {
        this.catalogFile = catalogFile;
        this.usageFile = usageFile;
        this.journalFile = journalFile;
    }

    /// What a load asked for. Files that cannot be read are an outcome, not an exception.
    Loaded read(LoadKey key) {
        try {
            return switch (key) {
                case LoadKey.ById(var product, var id) -> definition(id, catalog().application(product, id));
                case LoadKey.ByUserKey(var product, var userKey) -> {
                    String id = catalog().applicationIdOfUserKey(product, userKey);
                    yield id == null
                            ? new Loaded.Definition(null, null, null, null)
                            : definition(id, catalog().application(product, id));
                }
                case LoadKey.ByNumber(var number) -> read(number);
                case LoadKey.Past(var number, var slots) -> new Loaded.Past(usage().applicationPast(number, slots));
            };
        } catch (SQLException e) {
            String message = "could not read " + key + ": " + e.getMessage();
            try {
                close();
            } catch (SQLException unclosed) {
                message += "; " + unclosed.getMessage();
            }
            return new Loaded.Failed(message);
        }
    }

    /// Looks at one state of usage and events until it is closed: for replay, while nobody writes.
    void hold() throws SQLException {
        usage().hold();
        events().hold();
    }

    /// The usage of an application by number, for replay.
    Loaded.Definition read(long number) throws SQLException {
        return new Loaded.Definition(null, null, usage().application(number), events().notices(number));
    }

    private Loaded.Definition definition(String id, @Nullable Application application) throws SQLException {
        return application == null
                ? new Loaded.Definition(id, null, null, null)
                : new Loaded.Definition(
                        id,
                        application,
                        usage().application(application.number()),
                        events().notices(application.number()));
    }

    private CatalogReader catalog() throws SQLException {
        CatalogReader open = catalog;
        if (open == null) {
            open = new CatalogReader(catalogFile);
            catalog = open;
        }
        return open;
    }

    private UsageReader usage() throws SQLException {
        UsageReader open = usage;
        if (open == null) {
            open = new UsageReader(usageFile);
            usage = open;
        }
        return open;
    }

    private EventReader events() throws SQLException {
        EventReader open = events;
        if (open == null) {
            open = new EventReader(journalFile);
            events = open;
        }
        return open;
    }

    /// Closes the connections; the next read opens new ones.
    @Override
    public void close() throws SQLException {
        CatalogReader openCatalog = catalog;
        UsageReader openUsage = usage;
        EventReader openEvents = events;
        catalog = null;
        usage = null;
        events = null;
        if (openCatalog != null) {
            openCatalog.close();
        }
        if (openUsage != null) {
            openUsage.close();
        }
        if (openEvents != null) {
            openEvents.close();
        }
    }
}
