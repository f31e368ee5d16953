package io.tollkeeper.store.usage;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.ProductTotals;
import io.tollkeeper.core.usage.UsageSnapshot;
import io.tollkeeper.core.usage.UsageStoreException;
import io.tollkeeper.store.journal.SqliteJournal;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Copies what changed in memory to `usage.db`, on a thread of its own, and then lets the journal forget. Also lets go
/// of applications that were not used for long, for only those that a snapshot includes may leave memory.
///
/// ```
/// copy ≤ 500 applications, each under its lock, with a mark in the journal's queue
/// wait until the journal is durable behind the marks      else: the copies are void, they are dirty again
/// write them in one transaction                           else: likewise
/// … until all that were dirty at the beginning are written, then the product totals
/// delete journal rows below the oldest that some application's snapshot does not include
/// ```
///
/// Copies are void as well if anything was taken back between copying and writing ([SqliteJournal#age]): they may
/// include it.
public final class Snapshots {

    private static final Logger log = LoggerFactory.getLogger(Snapshots.class);

    private static final int AT_ONCE = 500;
    private static final long LOOK_EVERY_MILLIS = 1_000;
    private static final long IDLE_SECONDS = 1;
    private static final Duration HOURS_KEPT = Duration.ofDays(90);
    private static final Duration PRUNE_EVERY = Duration.ofDays(1);

    /// When a snapshot is due, and how many applications may stay in memory.
    public record Limits(Duration every, long journalRows, int dirty, int resident) {}

    private final SqliteJournal journal;
    private final SqliteUsageStore store;
    private final Applications applications;
    private final ProductTotals totals;
    private final InstantSource clock;
    private final Limits limits;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    private volatile Instant last;
    private volatile @Nullable String fault;
    private long lastNanos = System.nanoTime();
    private long lastRows;
    private Instant nextPrune;

    public Snapshots(
            SqliteJournal journal,
            SqliteUsageStore store,
            Applications applications,
            ProductTotals totals,
            InstantSource clock,
            Limits limits) {
        this.journal = journal;
        this.store = store;
        this.applications = applications;
        this.totals = totals;
        this.clock = clock;
        this.limits = limits;
        this.last = clock.instant();
        this.nextPrune = last.plus(Duration.ofHours(1));
        this.thread = Thread.ofPlatform().name("store-snapshots").daemon().unstarted(this::run);
    }

    public void start() {
        thread.start();
    }

    /// When the last snapshot was complete; at first, when the store was opened.
    public Instant last() {
        return last;
    }

    /// Why the last attempt failed, or none.
    public @Nullable String fault() {
        return fault;
    }

    /// Ends the thread, then makes a last snapshot, so that the next start has little to replay. Blocks.
    public void close() throws InterruptedException {
        closing.countDown();
        thread.join();
        attempt();
    }

    private void run() {
        try {
            while (!closing.await(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS)) {
                if (isDue()) {
                    attempt();
                }
                // With some slack, because looking for the least recently used visits all.
                if (applications.resident() > limits.resident + limits.resident / 10) {
                    applications.evict(limits.resident, IDLE_SECONDS, clock.instant().getEpochSecond());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isDue() {
        return System.nanoTime() - lastNanos >= limits.every.toNanos()
                || journal.health().rows() - lastRows >= limits.journalRows
                || applications.dirty() >= limits.dirty;
    }

    private void attempt() {
        long rows = journal.health().rows();
        try {
            if (!journal.isWritable()) {
                return;
            }
            if (snapshot()) {
                last = clock.instant();
                fault = null;
                lastRows = rows;
                prune();
            }
        } catch (UsageStoreException e) {
            // Nothing is lost: the journal keeps its rows until a snapshot includes them.
            String message = e.getMessage();
            if (fault == null) {
                log.error("no snapshot of usage could be made; will be tried again", e);
            }
            fault = message == null ? e.toString() : message;
        } finally {
            lastNanos = System.nanoTime();
        }
    }

    private boolean snapshot() {
        long next = journal.nextSeq();
        int left = applications.dirty();
        while (left > 0) {
            long age = journal.age();
            List<UsageSnapshot> copies = applications.copyDirty(journal, Math.min(AT_ONCE, left));
            if (copies.isEmpty()) {
                break;
            }
            left -= copies.size();
            boolean written = false;
            try {
                if (journal.awaitDurable() && journal.age() == age) {
                    store.write(copies);
                    applications.written(copies);
                    written = true;
                }
            } finally {
                if (!written) {
                    applications.notWritten(copies);
                }
            }
            if (!written) {
                return false;
            }
        }
        writeTotals();
        store.truncateBelow(Math.min(applications.oldestUncovered(next), totals.oldestUncovered(next)));
        return true;
    }

    /// Totals include committed rows only, so there is nothing to wait for.
    private void writeTotals() {
        List<UsageSnapshot> copies = totals.copyDirty();
        if (copies.isEmpty()) {
            return;
        }
        boolean written = false;
        try {
            store.writeTotals(copies);
            totals.written(copies);
            written = true;
        } finally {
            if (!written) {
                totals.notWritten(copies);
            }
        }
    }

    private void prune() {
        Instant now = clock.instant();
        if (now.isBefore(nextPrune)) {
            return;
        }
        nextPrune = now.plus(PRUNE_EVERY);
        store.prune(Period.HOUR, now.minus(HOURS_KEPT).getEpochSecond());
    }
}
