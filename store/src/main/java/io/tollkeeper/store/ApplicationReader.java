package io.tollkeeper.store;

import java.sql.SQLException;

import io.tollkeeper.core.authorize.LoadKey;
import io.tollkeeper.core.authorize.Loaded;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.store.catalog.CatalogReader;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.store.usage.UsageReader;
import org.jspecify.annotations.Nullable;

/// Reads applications with their usage, on connections of its own. Belongs to one thread; blocks.
///
/// Definition and usage come from two files, hence from two moments. That does no harm: the snapshot of an application
/// changes only while it is in memory, and a definition that changed meanwhile is found by the catalogue's sequence.
final class ApplicationReader implements AutoCloseable {

    private final Database catalogFile;
    private final Database usageFile;
    private @Nullable CatalogReader catalog;
    private @Nullable UsageReader usage;

    ApplicationReader(Database catalogFile, Database usageFile) {
        this.catalogFile = catalogFile;
        this.usageFile = usageFile;
    }

    /// What a load asked for. Files that cannot be read are an outcome, not an exception.
    Loaded read(LoadKey key) {
        try {
            return switch (key) {
                case LoadKey.ById(var product, var id) -> definition(id, catalog().application(product, id));
                case LoadKey.ByUserKey(var product, var userKey) -> {
                    String id = catalog().applicationIdOfUserKey(product, userKey);
                    yield id == null
                            ? new Loaded.Definition(null, null, null)
                            : definition(id, catalog().application(product, id));
                }
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

    /// Looks at one state of the usage until it is closed: for replay, while nobody writes.
    void hold() throws SQLException {
        usage().hold();
    }

    /// The usage of an application by number, for replay.
    Loaded.Definition read(long number) throws SQLException {
        return new Loaded.Definition(null, null, usage().application(number));
    }

    private Loaded.Definition definition(String id, @Nullable Application application) throws SQLException {
        return new Loaded.Definition(
                id, application, application == null ? null : usage().application(application.number()));
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

    /// Closes the connections; the next read opens new ones.
    @Override
    public void close() throws SQLException {
        CatalogReader openCatalog = catalog;
        UsageReader openUsage = usage;
        catalog = null;
        usage = null;
        if (openCatalog != null) {
            openCatalog.close();
        }
        if (openUsage != null) {
            openUsage.close();
        }
    }
}
