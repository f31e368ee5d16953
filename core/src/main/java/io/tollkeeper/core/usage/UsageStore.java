package io.tollkeeper.core.usage;

import java.util.List;

import org.jspecify.annotations.Nullable;

/// Where usage survives: snapshots, closed slots and the journal behind them. Every method blocks; called from loader,
/// snapshot and recovery threads, never from an event loop. Failures are [UsageStoreException]s.
public interface UsageStore {

    /// The last snapshot of an application, or none.
    @Nullable StoredUsage load(long application);

    /// Closed slots of an application, read together with its snapshot's sequence.
    StoredPast loadPast(long application, List<Slot> slots);

    /// Closed slots of an application in a range, at most `most` of them, and its snapshot.
    StoredSeries loadSeries(long application, SlotRange range, int most);

    /// One slot of many applications, in their order, each with its snapshot.
    List<StoredSeries> loadSlot(List<Long> applications, Slot slot);

    /// All closed slots of an application, and its snapshot.
    StoredSeries loadAll(long application);

    /// Writes snapshots of applications in one transaction: rows replaced, past amounts added
    /// (a closed slot that comes to 0 is not kept). A snapshot whose
    /// sequence is not above the stored one changes nothing (writing a batch twice counts once).
    void write(List<UsageSnapshot> applications);

    /// The last snapshots of all product totals; `number` is the product's.
    List<StoredUsage> loadTotals();

    /// Closed slots of a product's totals.
    StoredPast loadPastTotals(int product, List<Slot> slots);

    /// Closed slots of a product's totals in a range, at most `most` of them, and their snapshot.
    StoredSeries loadTotalSeries(int product, SlotRange range, int most);

    /// Writes product totals in one transaction, as [#write] does for applications.
    void writeTotals(List<UsageSnapshot> products);

    /// Remembers that the usage of a product is to be deleted; a later one for the same product replaces it. Durable
    /// when this returns.
    void ask(UsageDeletion deletion);

    /// Remembers how far a deletion got, unless another was asked for meanwhile.
    void advance(UsageDeletion deletion);

    /// Forgets a deletion that is done, unless another was asked for meanwhile.
    void done(UsageDeletion deletion);

    /// Deletions that are not done, oldest first.
    List<UsageDeletion> deletions();

    /// Replays all rows of the journal in ascending sequence.
    void replay(RowVisitor visitor);

    /// Forgets journal rows with a sequence below `seq`.
    void truncateBelow(long seq);

    /// Sees one row of the journal.
    @FunctionalInterface
    interface RowVisitor {
        void row(long seq, byte[] body);
    }
}
