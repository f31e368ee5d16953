package io.tollkeeper.core.authorize;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;

import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.CatalogCommit;
import io.tollkeeper.core.catalog.CatalogStore;

/// The one way to change the catalogue: the store first, then memory, one change after the other. When [#write] returns,
/// every call that begins sees the change. Blocks; never called from an event loop.
public final class CatalogWriter {

    private final CatalogStore store;
    private final Catalog catalog;
    private final Applications applications;
    private final ReentrantLock writing = new ReentrantLock();
    private final List<Consumer<CatalogCommit>> followers = new CopyOnWriteArrayList<>();

    public CatalogWriter(CatalogStore store, Catalog catalog, Applications applications) {
        this.store = store;
        this.catalog = catalog;
        this.applications = applications;
    }

    /// Lets somebody know of every commit after memory has it, before [#write] returns; in order, on the writing thread.
    public void follow(Consumer<CatalogCommit> follower) {
        followers.add(follower);
    }

    /// Writes the changes that `changes` makes of what is there now; nobody else writes in between, so what it read is
    /// still true. No changes, no transaction: then none is returned but the empty commit.
    public CatalogCommit write(Function<Catalog.Snapshot, List<CatalogChange>> changes) {
        writing.lock();
        try {
            Catalog.Snapshot before = catalog.current();
            List<CatalogChange> wanted = changes.apply(before);
            if (wanted.isEmpty()) {
                return new CatalogCommit(before.sequence(), List.of());
            }
            CatalogCommit commit = store.apply(wanted);
            catalog.apply(commit);
            applications.apply(commit);
            followers.forEach(follower -> follower.accept(commit));
            return commit;
        } finally {
            writing.unlock();
        }
    }

    /// Writes changes that depend on nothing that is there.
    public CatalogCommit write(List<CatalogChange> changes) {
        return write(_ -> changes);
    }
}
