package io.tollkeeper.store.usage;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.event.EventStoreException;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.ProductTotals;
import io.tollkeeper.core.usage.UsageSnapshot;
import io.tollkeeper.core.usage.UsageStoreException;
import io.tollkeeper.store.journal.SqliteEventStore;
import io.tollkeeper.store.journal.SqliteJournal;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Copies what changed in memory to `usage.db`, on a thread of its own, and then lets the journal forget. Also lets go
/// of applications that were not used for long, for only those that a snapshot includes may leave memory.
///
/// ```
/// copy ≤ 512 applications, each under its lock, with a mark in the journal's queue
/// wait until the journal is durable behind the marks      else: the copies are void, they are dirty again
/// write them in one transaction                           else: likewise
/// … until all that were dirty at the beginning are written, then the product totals
/// delete journal rows below the oldest that some application's snapshot does not include
/// ```
///
/// When the applications in memory weigh too much, those that were not used for longest leave; if too few may, a
/// snapshot is made at once. Meanwhile loads wait ([#awaitRoom]): memory is bounded, whatever is called.
///
/// Copies are void as well if anything was taken back between copying and writing ([SqliteJournal#age]): they may
/// include it.
public final class Snapshots {

    private static final Logger log = LoggerFactory.getLogger(Snapshots.class);

    /// Few at a time, with the wait for the journal in between: calls go on beside a snapshot, on the same core maybe.
    private static final int AT_ONCE = 128;

    /// Many at a time, when memory or the bound on what changed demands it.
    private static final int AT_ONCE_IN_HASTE = 512;

    private static final long LOOK_EVERY_MILLIS = 200;
    private static final long ROOM_EVERY_MILLIS = 20;

    /// Copies after which a snapshot under way looks whether applications have to leave.
    private static final int LOOK_FOR_ROOM_EVERY = 10_000;

    /// How long a load waits for room before it is given up.
    private static final long ROOM_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final Duration PRUNE_EVERY = Duration.ofDays(1);

    /// When a snapshot is due (whatever comes first), and how many bytes of heap applications in memory may take.
    public record Limits(Duration every, long journalRows, long journalBytes, int dirty, long residentBytes) {

        /// Beyond this, loads wait.
        long fullBytes() {
            return residentBytes + residentBytes / 8;
        }

        /// Looking for the least recently used visits all, so that some more than necessary leave at a time.
        long emptiedBytes() {
            return residentBytes - residentBytes / 10;
        }
    }

    private final SqliteJournal journal;
    private final SqliteUsageStore store;
    private final SqliteEventStore events;
    private final Applications applications;
    private final ProductTotals totals;
    private final InstantSource clock;
    private final Limits limits;
    private final Duration eventsKept;
    private final History history;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition wanted = lock.newCondition();
    private final Condition room = lock.newCondition();
    private final Thread thread;
    private volatile boolean closing;

    /// Guarded by the lock: a load waits.
    private boolean awaited;

    private volatile Instant last;
    private volatile @Nullable String fault;
    private long lastNanos = System.nanoTime();
    private long lastRows;
    private long lastBytes;
    private final AtomicLong count = new AtomicLong();
    private Instant nextPrune;

    public Snapshots(
            SqliteJournal journal,
            SqliteUsageStore store,
            SqliteEventStore events,
            Applications applications,
            ProductTotals totals,
            InstantSource clock,
            Limits limits,
            Duration eventsKept,
            History history) {
        this.journal = journal;
        this.store = store;
        this.events = events;
        this.applications = applications;
        this.totals = totals;
        this.clock = clock;
        this.limits = limits;
        this.eventsKept = eventsKept;
        this.history = history;
        this.last = clock.instant();
        this.nextPrune = last.plus(Duration.ofHours(1));
        this.thread = Thread.ofPlatform().name("store-snapshots").daemon().unstarted(this::run);
    }

    /// Starts the thread. `atOnce`: the journal held rows, so that another crash must not find even more of them.
    public void start(boolean atOnce) {
        if (atOnce) {
            lastNanos -= limits.every.toNanos();
        }
        thread.start();
    }

    /// How many were made since the start.
    public long count() {
        return count.get();
    }

    /// When the last snapshot was complete; at first, when the store was opened.
    public Instant last() {
        return last;
    }

    /// Why the last attempt failed, or none.
    public @Nullable String fault() {
        return fault;
    }

    /// Waits until there is room in memory for another application; false if none could be made. Called by loaders;
    /// blocks.
    public boolean awaitRoom() throws InterruptedException {
        if (applications.weight() <= limits.fullBytes()) {
            return true;
        }
        long left = ROOM_PATIENCE_NANOS;
        lock.lockInterruptibly();
        try {
            while (applications.weight() > limits.fullBytes()) {
                if (left <= 0 || closing) {
                    return false;
                }
                awaited = true;
                wanted.signal();
                left = room.awaitNanos(left);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Ends the thread, then makes a last snapshot, so that the next start has nothing to replay. Blocks.
    public void close() throws InterruptedException {
        lock.lock();
        try {
            closing = true;
            wanted.signal();
            room.signalAll();
        } finally {
            lock.unlock();
        }
        thread.join();
        attempt();
    }

    private void run() {
        try {
            while (!closing) {
                if (isDue()) {
                    attempt();
                }
                if (!makeRoom()) {
                    attempt();
                    makeRoom();
                }
                rest();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @SuppressWarnings("WaitNotInLoop") // waking too early only means to look too early
    private void rest() throws InterruptedException {
        lock.lock();
        try {
            if (!closing) {
                // Even when a load waits: nothing may be allowed to leave while the disk is full.
                wanted.await(awaited ? ROOM_EVERY_MILLIS : LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
                awaited = false;
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean isDue() {
        return System.nanoTime() - lastNanos >= limits.every.toNanos()
                || journal.health().rows() - lastRows >= limits.journalRows
                || journal.health().bytes() - lastBytes >= limits.journalBytes
                || applications.dirty() >= limits.dirty;
    }

    /// Lets applications go if there are too many; false if there still are.
    private boolean makeRoom() {
        if (applications.weight() > limits.residentBytes) {
            applications.evict(limits.emptiedBytes(), clock.instant().getEpochSecond());
            lock.lock();
            try {
                room.signalAll();
            } finally {
                lock.unlock();
            }
        }
        return applications.weight() <= limits.residentBytes;
    }

    private void attempt() {
        long rows = journal.health().rows();
        long bytes = journal.health().bytes();
        try {
            if (!journal.isWritable()) {
                return;
            }
            if (snapshot()) {
                last = clock.instant();
                fault = null;
                lastRows = rows;
                lastBytes = bytes;
                count.incrementAndGet();
                prune();
            }
        } catch (UsageStoreException | EventStoreException e) {
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
        int sinceLook = 0;
        applications.arrangeDirty();
        while (left > 0) {
            long age = journal.age();
            List<UsageSnapshot> copies = applications.copyDirty(journal, Math.min(atOnce(), left));
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
            sinceLook += copies.size();
            if (sinceLook >= LOOK_FOR_ROOM_EVERY) {
                sinceLook = 0;
                makeRoom();
            }
        }
        writeTotals();
        store.truncateBelow(Math.min(applications.oldestUncovered(next), totals.oldestUncovered(next)));
        return true;
    }

    private int atOnce() {
        return closing || applications.dirty() >= limits.dirty || applications.weight() > limits.residentBytes
                ? AT_ONCE_IN_HASTE
                : AT_ONCE;
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

    private void prune(Period period, Duration kept, Instant now) {
        if (!kept.isZero()) {
            store.prune(period, now.minus(kept).getEpochSecond());
        }
    }

    private void prune() {
        Instant now = clock.instant();
        if (now.isBefore(nextPrune)) {
            return;
        }
        nextPrune = now.plus(PRUNE_EVERY);
        prune(Period.HOUR, history.hours(), now);
        prune(Period.DAY, history.days(), now);
        long gone = eventsKept.isZero() ? 0 : events.deleteBefore(now.minus(eventsKept).getEpochSecond());
        if (gone > 0) {
            log.warn(
                    "{} events that nobody fetched within {} days are gone; a portal fetches and deletes them over"
                            + " /internal/events/",
                    gone,
                    eventsKept.toDays());
        }
    }
}
