package io.tollkeeper.meter.internalapi;

import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.ProductTotals;
import io.tollkeeper.core.usage.Slot;
import io.tollkeeper.core.usage.StoredPast;
import io.tollkeeper.core.usage.StoredUsage;
import io.tollkeeper.core.usage.UsageCounters;
import io.tollkeeper.core.usage.UsageJournal;
import io.tollkeeper.core.usage.UsageStore;
import org.jspecify.annotations.Nullable;

/// Reads counters for the Internal API, put together from memory and the store. Blocks; on virtual threads.
public final class UsageReader {

    private static final long PATIENCE_SECONDS = 10;

    private final Applications applications;
    private final ProductTotals totals;
    private final UsageStore store;
    private final UsageJournal journal;
    private final InstantSource clock;

    public UsageReader(
            Applications applications,
            ProductTotals totals,
            UsageStore store,
            UsageJournal journal,
            InstantSource clock) {
        this.applications = applications;
        this.totals = totals;
        this.store = store;
        this.journal = journal;
        this.clock = clock;
    }

    long now() {
        return Math.floorDiv(clock.millis(), 1_000);
    }

    /// Waits until everything that was answered before this call is in what can be read (design, 9.9). While the
    /// journal cannot be written there is nothing to wait for.
    void barrier() {
        var passed = new CompletableFuture<Boolean>();
        long seq = journal.append(JournalRow.barrier(new CommitWaiter() {
            @Override
            public Executor executor() {
                return Runnable::run;
            }

            @Override
            public void committed(boolean durable) {
                passed.complete(durable);
            }
        }));
        if (seq < 0) {
            return;
        }
        try {
            passed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the journal did not pass a barrier within " + PATIENCE_SECONDS + " s", e);
        }
    }

    /// Value of a counter of an application, by the application's number.
    long ofApplication(long number, int key, Period period, long at) {
        long now = now();
        Slot slot = new Slot(key, period, period.start(at));
        StoredPast past = isClosed(slot, now) ? store.loadPast(number, List.of(slot)) : null;
        if (applications.isResident(number)) {
            return applications.value(number, slot, now, past);
        }
        // Whoever is not in memory has everything in its snapshot.
        StoredUsage snapshot = store.load(number);
        if (snapshot == null) {
            return stored(past, slot);
        }
        UsageCounters counters = UsageCounters.of(UsageCounters.APPLICATION_PERIODS, snapshot.slots());
        return counters.value(slot, now, past == null ? new StoredPast(number, snapshot.seq(), Map.of()) : past);
    }

    /// Value of a counter of a product, by the product's number.
    long ofProduct(int number, int key, Period period, long at) {
        long now = now();
        Slot slot = new Slot(key, period, period.start(at));
        StoredPast past = isClosed(slot, now) ? store.loadPastTotals(number, List.of(slot)) : null;
        return totals.value(number, slot, now, past);
    }

    private static boolean isClosed(Slot slot, long now) {
        return slot.period() != Period.MINUTE && slot.start() < slot.period().start(now);
    }

    private static long stored(@Nullable StoredPast past, Slot slot) {
        return past == null ? 0 : past.values().getOrDefault(slot, 0L);
    }
}
