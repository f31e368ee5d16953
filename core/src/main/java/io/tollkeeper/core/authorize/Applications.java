package io.tollkeeper.core.authorize;

import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogCommit;
import io.tollkeeper.core.usage.JournalFailure;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.UsageJournal;
import io.tollkeeper.core.usage.UsageSnapshot;
import java.util.List;

/// The applications in memory: definition and usage, two separate things under one lock per application. Lookups and
/// loads are called from event loops and never block; snapshots, undo and replay from the store's threads.
public final class Applications implements JournalFailure {

    public Applications(Catalog catalog, Loader loader) {
        throw new IllegalStateException("being built: " + catalog + loader);
    }

    /// Loads what a decision missed. One load per key is under way at a time; `waiter` is told on its own loop. False
    /// if the loader's queue is full (`M-OVERLOAD`).
    public boolean load(LoadKey key, LoadWaiter waiter) {
        throw new IllegalStateException("being built: " + key + waiter);
    }

    /// Takes over committed catalogue changes: swaps definitions under their locks, forgets negative entries and
    /// mappings that are no longer true, marks loads that are under way as stale. Called after [Catalog#apply].
    public void apply(CatalogCommit commit) {
        throw new IllegalStateException("being built: " + commit);
    }

    /// Makes an application resident before replay; without a definition (deleted) its usage is still kept.
    public void admit(long application, int product, Loaded.Definition found) {
        throw new IllegalStateException("being built: " + application + product + found);
    }

    public boolean isResident(long application) {
        throw new IllegalStateException("being built: " + application);
    }

    /// Applies one row of the journal at start: the same code as live. Applications whose snapshot includes the row
    /// are skipped. Every application of the row must be resident ([#admit]).
    public void replay(long seq, byte[] body) {
        throw new IllegalStateException("being built: " + seq + body.length);
    }

    /// Copies up to `max` applications that changed since their last copy, each under its lock. Each copy takes a mark
    /// in the journal; write the copies when the journal has committed past the highest sequence among them.
    public List<UsageSnapshot> copyDirty(UsageJournal journal, int max) {
        throw new IllegalStateException("being built: " + journal + max);
    }

    /// Tells that copies are in the store.
    public void written(List<UsageSnapshot> copies) {
        throw new IllegalStateException("being built: " + copies);
    }

    /// Tells that copies could not be written: they are dirty again.
    public void notWritten(List<UsageSnapshot> copies) {
        throw new IllegalStateException("being built: " + copies);
    }

    /// How many applications changed since their last copy.
    public int dirty() {
        throw new IllegalStateException("being built");
    }

    /// How many applications are in memory.
    public int resident() {
        throw new IllegalStateException("being built");
    }

    /// Lets go of applications that were not used for `idleSeconds` (least recently used first) until at most `target`
    /// remain, as far as their snapshots include everything.
    public int evict(int target, long idleSeconds, long now) {
        throw new IllegalStateException("being built: " + target + idleSeconds + now);
    }

    @Override
    public void undo(JournalRow row) {
        throw new IllegalStateException("being built: " + row);
    }

    @Override
    public void quiesce() {
        throw new IllegalStateException("being built");
    }
}
