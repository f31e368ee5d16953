package io.tollkeeper.core.query;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;

import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.authorize.LoadKey;
import io.tollkeeper.core.authorize.LoadWaiter;
import io.tollkeeper.core.authorize.UsageEraser;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.KnownApplication;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.core.usage.StoredSeries;
import io.tollkeeper.core.usage.UsageDeletion;
import io.tollkeeper.core.usage.UsageJournal;
import io.tollkeeper.core.usage.UsageStore;
import org.jspecify.annotations.Nullable;

/// Deletes the usage of whole products, application by application, while calls go on. Blocks; [#run] is for one
/// background thread.
///
/// Each application is taken back in one atomic step ([UsageEraser]): what it counted before is gone, what it counts
/// after stays, and the product's total follows. A deletion is remembered before it begins and its rows have batch ids,
/// so that it goes on after a crash without taking back anything twice.
public final class UsageDeletions {

    private static final int PAGE = 200;

    /// Changed applications that may wait for the next snapshot before this waits as well.
    private static final int MOST_DIRTY = 50_000;

    private static final Duration PAUSE = Duration.ofMillis(100);

    private final Applications applications;
    private final UsageEraser eraser;
    private final UsageStore store;
    private final CatalogStore catalog;
    private final InstantSource clock;
    private final AtomicLong lastAsked = new AtomicLong();
    private final ConcurrentHashMap<Long, CompletableFuture<Boolean>> awaited = new ConcurrentHashMap<>();

    public UsageDeletions(
            Applications applications,
            UsageStore store,
            UsageJournal journal,
            CatalogStore catalog,
            InstantSource clock) {
        this.applications = applications;
        this.eraser = new UsageEraser(applications, journal);
        this.store = store;
        this.catalog = catalog;
        this.clock = clock;
    }

    /// Remembers, for good, that the product's usage is to be deleted; [#run] does it. What comes back completes then.
    public CompletableFuture<Boolean> ask(Product product) {
        long asked = lastAsked.updateAndGet(last -> Math.max(last + 1, clock.millis()));
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        // In this order: who is among the awaited is in the store, until it is done.
        store.ask(new UsageDeletion(product.number(), product.id(), asked, null));
        awaited.put(asked, done);
        return done;
    }

    /// Does all that was asked for, before a crash too; returns when nothing is left.
    public void run() throws InterruptedException {
        while (true) {
            Set<Long> asked = Set.copyOf(awaited.keySet());
            List<UsageDeletion> left = store.deletions();
            if (left.isEmpty()) {
                // Those that a later one replaced are done with it.
                asked.forEach(this::complete);
                return;
            }
            for (UsageDeletion deletion : left) {
                delete(deletion);
            }
        }
    }

    private void complete(Long asked) {
        CompletableFuture<Boolean> done = awaited.remove(asked);
        if (done != null) {
            done.complete(true);
        }
    }

    private void delete(UsageDeletion asked) throws InterruptedException {
        UsageDeletion deletion = asked;
        List<KnownApplication> page = catalog.knownApplications(deletion.productId(), deletion.after(), PAGE);
        while (!page.isEmpty()) {
            erase(deletion, page);
            deletion = deletion.doneUpTo(page.getLast().id());
            store.advance(deletion);
            while (applications.dirty() > MOST_DIRTY) {
                Thread.sleep(PAUSE);
            }
            page = catalog.knownApplications(deletion.productId(), deletion.after(), PAGE);
        }
        store.done(deletion);
    }

    /// Takes back all applications of a page; returns when that is durable.
    private void erase(UsageDeletion deletion, List<KnownApplication> page) throws InterruptedException {
        List<KnownApplication> left = page;
        while (!left.isEmpty()) {
            List<CompletableFuture<Boolean>> durable = new ArrayList<>();
            for (KnownApplication application : left) {
                durable.add(erase(deletion, application.number()));
            }
            List<KnownApplication> again = new ArrayList<>();
            for (int i = 0; i < left.size(); i++) {
                if (!outcome(durable.get(i))) {
                    again.add(left.get(i));
                }
            }
            if (!again.isEmpty()) {
                Thread.sleep(PAUSE);
            }
            left = again;
        }
    }

    /// Takes back one application; what comes back says whether it is durable. It is not, for now, if the journal cannot
    /// be written or nothing can be loaded.
    private CompletableFuture<Boolean> erase(UsageDeletion deletion, long number) throws InterruptedException {
        String batchId = "usage-deletion:" + deletion.product() + ":" + deletion.asked() + ":" + number;
        while (true) {
            boolean resident = applications.isResident(number);
            StoredSeries stored = store.loadAll(number);
            if (!resident) {
                if (stored.snapshot() == null && stored.past().values().isEmpty()) {
                    return CompletableFuture.completedFuture(true);
                }
                if (!load(number)) {
                    return CompletableFuture.completedFuture(false);
                }
            }
            CompletableFuture<Boolean> durable = new CompletableFuture<>();
            long now = Math.floorDiv(clock.millis(), 1_000);
            switch (eraser.erase(number, deletion.product(), now, stored, batchId, CommitWaiter.completing(durable))) {
                case ERASED -> {
                    return durable;
                }
                case NOTHING -> {
                    return CompletableFuture.completedFuture(true);
                }
                case UNAVAILABLE -> {
                    return CompletableFuture.completedFuture(false);
                }
                case READ_AGAIN -> {
                    // a snapshot was written, or it left memory: the loop reads what is there now
                }
            }
        }
    }

    private boolean load(long number) throws InterruptedException {
        CompletableFuture<Boolean> loaded = new CompletableFuture<>();
        boolean queued = applications.load(new LoadKey.ByNumber(number), new LoadWaiter() {
            @Override
            public Executor executor() {
                return Runnable::run;
            }

            @Override
            public void loaded(@Nullable Reason failure) {
                loaded.complete(failure == null);
            }
        });
        return queued && outcome(loaded);
    }

    private static boolean outcome(CompletableFuture<Boolean> future) throws InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
