package io.tollkeeper.meter;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tollkeeper.core.usage.Slot;
import io.tollkeeper.core.usage.SlotRange;
import io.tollkeeper.core.usage.StoredPast;
import io.tollkeeper.core.usage.StoredSeries;
import io.tollkeeper.core.usage.StoredUsage;
import io.tollkeeper.core.usage.UsageDeletion;
import io.tollkeeper.core.usage.UsageSnapshot;
import io.tollkeeper.core.usage.UsageStore;
import org.jspecify.annotations.Nullable;

/// A usage store without snapshots: everything is in memory and in no journal.
final class MemoryUsageStore implements UsageStore {

    private final List<UsageDeletion> deletions = new ArrayList<>();

    @Override
    public @Nullable StoredUsage load(long application) {
        return null;
    }

    @Override
    public StoredPast loadPast(long application, List<Slot> slots) {
        return new StoredPast(application, 0, Map.of());
    }

    @Override
    public StoredSeries loadSeries(long application, SlotRange range, int most) {
        return nothing(application);
    }

    @Override
    public List<StoredSeries> loadSlot(List<Long> applications, Slot slot) {
        return applications.stream().map(MemoryUsageStore::nothing).toList();
    }

    @Override
    public StoredSeries loadAll(long application) {
        return nothing(application);
    }

    @Override
    public StoredSeries loadTotalSeries(int product, SlotRange range, int most) {
        return nothing(product);
    }

    private static StoredSeries nothing(long number) {
        return new StoredSeries(null, new StoredPast(number, 0, Map.of()), true);
    }

    @Override
    public void write(List<UsageSnapshot> applications) {
        throw new AssertionError("no snapshots are taken in these tests");
    }

    @Override
    public List<StoredUsage> loadTotals() {
        return List.of();
    }

    @Override
    public StoredPast loadPastTotals(int product, List<Slot> slots) {
        return new StoredPast(product, 0, Map.of());
    }

    @Override
    public void writeTotals(List<UsageSnapshot> products) {
        throw new AssertionError("no snapshots are taken in these tests");
    }

    @Override
    public synchronized void ask(UsageDeletion deletion) {
        deletions.removeIf(other -> other.product() == deletion.product());
        deletions.add(deletion);
    }

    @Override
    public void advance(UsageDeletion deletion) {
        // nothing survives
    }

    @Override
    public synchronized void done(UsageDeletion deletion) {
        deletions.removeIf(other -> other.asked() == deletion.asked());
    }

    @Override
    public synchronized List<UsageDeletion> deletions() {
        return List.copyOf(deletions);
    }

    @Override
    public void replay(RowVisitor visitor) {
        // nothing survives
    }

    @Override
    public void truncateBelow(long seq) {
        // nothing survives
    }
}
