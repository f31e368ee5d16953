package io.tollkeeper.store.journal;

import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import io.tollkeeper.core.event.EventStoreException;
import io.tollkeeper.core.event.Notice;
import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.core.usage.JournalBody;
import io.tollkeeper.core.usage.JournalFailure;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.UsageJournal;
import io.tollkeeper.core.usage.UsageStore;
import io.tollkeeper.core.usage.UsageStoreException;
import io.tollkeeper.store.sqlite.Database;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The journal in `journal.db`: a queue, and behind it one writer thread that commits in groups. [#append] never
/// blocks; the writer does nothing else than write.
///
/// ```
/// event loops ── append ──▶ queue ──▶ group ── one transaction, fsync ──▶ totals ──▶ waiters, one task per loop
///                                        └── commit failed ──▶ undo, 503, probe each second ──▶ writable again
/// ```
///
/// When a commit fails, nobody can say whether its group is on disk. So memory goes back to before it (`undo`), the
/// connection is given up, and the first commit that succeeds again removes the group, should it be there. In-process
/// rows are not taken back, for nobody waits for them: they are held and written then.
public final class SqliteJournal implements UsageJournal, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SqliteJournal.class);

    /// Rows that may wait.
    public static final int QUEUE = 65_536;

    /// In-process rows that may wait while the disk cannot be written.
    public static final int HELD = 100_000;

    private static final int GROUP = 4_096;

    /// A group that somebody waits for is written this long after the last one began to be. A commit costs 80 to 120 µs
    /// of CPU however small it is (GroupBytes), so a disk that syncs at once would have a core spent on 10 000 commits a
    /// second; a disk that takes a millisecond is never made to wait.
    private static final long PACE = TimeUnit.MILLISECONDS.toNanos(1);

    /// A group that nobody waits for gathers this long: the more rows of an application, the more are merged.
    private static final long GATHER = TimeUnit.MILLISECONDS.toNanos(10);

    private static final long PROBE = TimeUnit.SECONDS.toNanos(1);
    private static final long BATCHES_KEPT_SECONDS = 7 * 86_400;
    private static final JournalRow BLANK = JournalRow.copied(-1);
    private static final boolean[] NONE_LEFT = new boolean[GROUP];

    // What the writer is doing, for those who may have to wake it.
    private static final int AWAKE = 0;
    private static final int WAKES_FOR_WAITERS = 1;
    private static final int WAKES_FOR_ALL = 2;

    private final Database database;
    private final InstantSource clock;
    private final JournalQueue queue;
    private final Checkpointer checkpointer;
    private final Thread thread;
    private final AtomicInteger mood = new AtomicInteger(AWAKE);

    private volatile boolean unwritable;
    private volatile boolean closing;
    private volatile int held;
    private volatile boolean closed;
    private volatile @Nullable Truncation truncation;
    private final ConcurrentLinkedQueue<EventDeletion> deletions = new ConcurrentLinkedQueue<>();
    private volatile @Nullable String fault;
    private final AtomicLong age = new AtomicLong();
    private final AtomicLong commits = new AtomicLong();
    private final AtomicLong rows = new AtomicLong();
    private final AtomicLong bytesWritten = new AtomicLong();
    private volatile long lastCommitMicros;

    // The writer's own.
    private JournalFailure failure = Nobody.INSTANCE;
    private UsageStore.RowVisitor committed = (_, _) -> {};
    private @Nullable JournalFile file;
    private final JournalRow[] group = new JournalRow[GROUP];
    private final boolean[] repeated = new boolean[GROUP];
    private final GroupMerger merger = new GroupMerger(GROUP);
    private final GroupBytes bytes = new GroupBytes();
    private final JournalBody.Reader reader = new JournalBody.Reader();
    private final Completions completions = new Completions();
    private final ArrayDeque<JournalRow> heldRows = new ArrayDeque<>();
    private long lastBegan = System.nanoTime() - GATHER;
    private long nextProbe;
    private long failedFrom = Long.MAX_VALUE;
    private final List<Notice> failedNotices = new ArrayList<>();
    private long lastEvent;
    private @Nullable EventDeletion deleting;

    /// Opens the journal for writing; `firstSeq` is above every sequence that was ever given. Nothing is written
    /// before [#start].
    public SqliteJournal(Database database, long firstSeq, InstantSource clock) throws SQLException {
        this.database = database;
        this.clock = clock;
        this.queue = new JournalQueue(QUEUE, firstSeq);
        JournalFile opened = new JournalFile(database);
        this.file = opened;
        this.lastEvent = opened.events().lastId();
        this.checkpointer = new Checkpointer(database);
        this.thread = Thread.ofPlatform().name("store-journal").unstarted(this::run);
    }

    /// Sequence of the journal's last row and latest second at which one of its rows was decided; zeros if it is empty.
    public record End(long seq, long at) {}

    /// Where the journal in a file ends; blocks.
    public static End end(Database database) throws SQLException {
        return JournalFile.end(database);
    }

    /// Starts the writer. `undo` takes back what could not be committed; `rowCommitted` sees every row that was, in
    /// ascending sequence, before its waiter does.
    public void start(JournalFailure undo, UsageStore.RowVisitor rowCommitted) {
        failure = undo;
        committed = rowCommitted;
        checkpointer.start();
        thread.start();
    }

    @Override
    public long append(JournalRow row) {
        if (unwritable && isRefusedWhileUnwritable(row)) {
            return row.kind() == JournalRow.Kind.MARK ? FULL : UNWRITABLE;
        }
        long seq = queue.append(row);
        if (seq >= 0) {
            int current = mood.get();
            if (current == WAKES_FOR_ALL || current == WAKES_FOR_WAITERS && row.waiter() != null) {
                wake(current);
            }
        }
        return seq;
    }

    private boolean isRefusedWhileUnwritable(JournalRow row) {
        return switch (row.kind()) {
            case CALL -> true;
            case MERGEABLE -> held >= HELD || closed;
            case MARK -> closed;
        };
    }

    private void wake(int current) {
        if (mood.compareAndSet(current, AWAKE)) {
            LockSupport.unpark(thread);
        }
    }

    /// Changes whenever something that was counted is taken back. Copies of counters that were begun at another age
    /// may include what was never counted, and must not be stored.
    public long age() {
        return age.get();
    }

    public boolean isWritable() {
        return !unwritable;
    }

    /// The sequence that the next row will get.
    public long nextSeq() {
        return queue.nextSeq();
    }

    public JournalHealth health() {
        return new JournalHealth(!unwritable, queue.size(), held, commits.get(), rows.get(), bytesWritten.get(), lastCommitMicros, fault);
    }

    /// Waits until everything appended so far is durable; false if it cannot be made so. Blocks.
    public boolean awaitDurable() {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        JournalRow barrier = JournalRow.barrier(CommitWaiter.completing(done));
        while (append(barrier) < 0) {
            if (closed) {
                return false;
            }
            // The queue is full, so the writer is busy: there is room after its next group.
            LockSupport.parkNanos(this, PACE);
        }
        return done.join();
    }

    /// Shows every row on disk to `visitor`, in ascending sequence; blocks.
    public void replay(UsageStore.RowVisitor visitor) {
        JournalFile.replay(database, visitor);
    }

    /// Deletes rows below `seq`, a few groups per commit; blocks until it is done.
    public void truncateBelow(long seq) {
        Truncation wanted = new Truncation(seq, new CompletableFuture<>());
        truncation = wanted;
        if (closing || unwritable) {
            wanted.done.completeExceptionally(new UsageStoreException(
                    database.file() + ": old rows cannot be deleted now", new IllegalStateException("not writable")));
        }
        wake(WAKES_FOR_ALL);
        try {
            wanted.done.join();
        } catch (CompletionException e) {
            throw new UsageStoreException(database.file() + ": old rows could not be deleted", e);
        }
    }

    /// Deletes events; blocks until it is done. How many there were.
    long deleteEvents(EventDeletion wanted) {
        deletions.add(wanted);
        if (unwritable) {
            giveUpDeletions(new IllegalStateException("not writable"));
        }
        wake(WAKES_FOR_ALL);
        try {
            return wanted.done().join();
        } catch (CompletionException e) {
            throw new EventStoreException(database.file() + ": events could not be deleted", e);
        }
    }

    private record Truncation(long below, CompletableFuture<Boolean> done) {}

    /// Writes what is queued, then closes. Nothing may be appended any more.
    @Override
    public void close() throws SQLException {
        closing = true;
        if (thread.getState() != Thread.State.NEW) {
            wake(WAKES_FOR_ALL);
            wake(WAKES_FOR_WAITERS);
            join();
        }
        JournalFile open = file;
        if (open != null) {
            file = null;
            open.close();
        }
    }

    private void join() {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                checkpointer.stop();
                break;
            } catch (InterruptedException e) {
                // What was acknowledged has to reach the disk first.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- below: the writer's thread

    private void run() {
        try {
            while (true) {
                if (unwritable) {
                    if (closing) {
                        // One last attempt for the rows that are held.
                        refuseQueued();
                        probe();
                        if (unwritable) {
                            break;
                        }
                        continue;
                    }
                    awaitProbe();
                    continue;
                }
                int size = gather();
                if (size > 0) {
                    write(group, size);
                } else if (truncation != null) {
                    truncateOnly();
                } else if (!deletions.isEmpty()) {
                    deleteOnly();
                } else if (closing) {
                    break;
                }
            }
        } catch (Error e) {
            log.error("the journal's writer died; nothing can be counted until the program is started again", e);
            fault = "the journal's writer died: " + e;
            throw e;
        } finally {
            closed = true;
            unwritable = true;
            refuseQueued();
            completions.tell(false);
            giveUpTruncation(new IllegalStateException("the journal was closed"));
            giveUpDeletions(new IllegalStateException("the journal was closed"));
            if (!heldRows.isEmpty()) {
                log.error(
                        "{} in-process calls could not be written to {} and are not counted any more",
                        heldRows.size(),
                        database.file());
            }
        }
    }

    /// Takes rows until a group is due; 0 if there is none and something else is to be done.
    private int gather() {
        int size = 0;
        boolean awaited = false;
        while (true) {
            int before = size;
            size = queue.take(group, size);
            for (int i = before; i < size; i++) {
                awaited |= group[i].waiter() != null;
            }
            if (size == GROUP || closing) {
                return size;
            }
            if (size == 0) {
                if (hasOtherWork()) {
                    return 0;
                }
                park(WAKES_FOR_ALL, Long.MAX_VALUE);
                continue;
            }
            long wait = lastBegan + (awaited ? PACE : GATHER) - System.nanoTime();
            if (wait <= 0) {
                return size;
            }
            park(awaited ? AWAKE : WAKES_FOR_WAITERS, wait);
        }
    }

    /// Whether there is something to do without any row.
    private boolean hasOtherWork() {
        return truncation != null || !deletions.isEmpty();
    }

    /// Sleeps, unless a row came in the moment before everybody could see that we would.
    private void park(int wakesFor, long nanos) {
        mood.set(wakesFor);
        if ((wakesFor == AWAKE || queue.isEmpty()) && !closing && (wakesFor != WAKES_FOR_ALL || !hasOtherWork())) {
            LockSupport.parkNanos(this, nanos);
        }
        mood.set(AWAKE);
    }

    /// Writes a group in one transaction and tells its waiters; false if that failed.
    private boolean write(JournalRow[] taken, int size) {
        long began = System.nanoTime();
        boolean anyRepeated;
        // Marks have nothing to write: who waits behind them waits for what was committed before.
        if (!anyToWrite(taken, size)) {
            tellWaiters(taken, size);
            return true;
        }
        try {
            JournalFile open = opened();
            open.begin();
            anyRepeated = findRepeated(open, taken, size);
            merger.merge(taken, size, anyRepeated ? repeated : NONE_LEFT);
            if (merger.count() > 0) {
                bytes.begin(merger.seq(0));
                for (int i = 0; i < merger.count(); i++) {
                    bytes.add(merger.seq(i), merger.body(i));
                }
                byte[] blob = bytes.end();
                open.insert(merger.seq(0), merger.seq(merger.count() - 1), merger.at(), blob);
                checkpointer.committed(blob.length + 4 * 4096);
                bytesWritten.addAndGet(blob.length);
            }
            long newest = insertEvents(open, taken, size, anyRepeated);
            boolean truncated = truncateSome(open);
            int deleted = deleteSome(open);
            open.commit();
            lastEvent = newest;
            deletionCommitted(deleted);
            lastBegan = began;
            lastCommitMicros = (System.nanoTime() - began) / 1_000;
            commits.incrementAndGet();
            rows.addAndGet(merger.count());
            if (truncated) {
                truncated();
            }
        } catch (SQLException | RuntimeException e) {
            fail(taken, size, e);
            return false;
        }
        if (anyRepeated) {
            takeBackRepeated(taken, size);
        }
        for (int i = 0; i < merger.count(); i++) {
            tellCommitted(merger.seq(i), merger.body(i));
        }
        merger.clear();
        tellWaiters(taken, size);
        if (checkpointer.finishing()) {
            finishCheckpoint();
        }
        return true;
    }

    private static boolean anyToWrite(JournalRow[] taken, int size) {
        for (int i = 0; i < size; i++) {
            if (taken[i].kind() != JournalRow.Kind.MARK) {
                return true;
            }
        }
        return false;
    }

    private void tellWaiters(JournalRow[] taken, int size) {
        for (int i = 0; i < size; i++) {
            CommitWaiter waiter = taken[i].waiter();
            if (waiter != null) {
                completions.add(waiter);
            }
        }
        completions.tell(true);
        Arrays.fill(taken, 0, size, BLANK);
    }

    private void tellCommitted(long seq, byte[] body) {
        try {
            committed.row(seq, body);
        } catch (RuntimeException e) {
            // The row is on disk and its waiter must hear so, whatever went wrong in summing it up.
            log.error("row {} was committed but not added to the totals", seq, e);
        }
    }

    /// Inserts the events that the rows caused, but those of repeated rows; the id of the last event there is then.
    private long insertEvents(JournalFile open, JournalRow[] taken, int size, boolean anyRepeated) throws SQLException {
        int inserted = 0;
        for (int i = 0; i < size; i++) {
            List<Notice> notices = taken[i].notices();
            if (!notices.isEmpty() && !(anyRepeated && repeated[i])) {
                for (Notice notice : notices) {
                    open.events().insert(notice);
                }
                inserted += notices.size();
            }
        }
        if (inserted == 0) {
            return lastEvent;
        }
        checkpointer.committed(inserted * 4096);
        return open.events().lastId();
    }

    /// Finds calls that hand in a batch a second time.
    private boolean findRepeated(JournalFile open, JournalRow[] taken, int size) throws SQLException {
        boolean any = false;
        for (int i = 0; i < size; i++) {
            repeated[i] = false;
            if (taken[i].kind() == JournalRow.Kind.CALL) {
                reader.reset(taken[i].body());
                String batch = reader.batchId();
                if (batch != null && !open.firstSeen(batch, clock.instant().getEpochSecond())) {
                    repeated[i] = true;
                    any = true;
                }
            }
        }
        return any;
    }

    /// Counted in memory when it came, but it had been counted before. Its waiter hears that it is durable, for it is.
    private void takeBackRepeated(JournalRow[] taken, int size) {
        age.incrementAndGet();
        for (int i = 0; i < size; i++) {
            if (repeated[i]) {
                failure.undo(taken[i]);
            }
        }
        age.incrementAndGet();
    }

    // ---- truncation

    private boolean truncateSome(JournalFile open) throws SQLException {
        Truncation wanted = truncation;
        return wanted != null && !open.deleteSomeBelow(wanted.below);
    }

    private void truncated() {
        Truncation done = truncation;
        truncation = null;
        if (done != null) {
            done.done.complete(true);
        }
    }

    private void truncateOnly() {
        try {
            JournalFile open = opened();
            open.begin();
            boolean done = truncateSome(open);
            if (done) {
                open.forgetBatchesBefore(clock.instant().getEpochSecond() - BATCHES_KEPT_SECONDS);
            }
            open.commit();
            if (done) {
                truncated();
            }
        } catch (SQLException e) {
            fail(group, 0, e);
        }
    }

    // ---- deletion of events

    /// Deletes some of the events that somebody wants to be rid of; how many.
    private int deleteSome(JournalFile open) throws SQLException {
        EventDeletion wanted = deletions.peek();
        deleting = wanted;
        return wanted == null ? 0 : open.events().deleteSome(wanted);
    }

    private void deletionCommitted(int deleted) {
        EventDeletion wanted = deleting;
        if (wanted == null) {
            return;
        }
        boolean partial = EventSql.isPartial(deleted);
        if (!partial) {
            deletions.remove(wanted);
        }
        wanted.committed(deleted, partial);
    }

    private void deleteOnly() {
        try {
            JournalFile open = opened();
            open.begin();
            int deleted = deleteSome(open);
            open.commit();
            deletionCommitted(deleted);
        } catch (SQLException e) {
            fail(group, 0, e);
        }
    }

    private void giveUpDeletions(Exception cause) {
        for (EventDeletion wanted = deletions.poll(); wanted != null; wanted = deletions.poll()) {
            wanted.done().completeExceptionally(cause);
        }
    }

    private void finishCheckpoint() {
        try {
            opened().checkpoint();
        } catch (SQLException e) {
            fail(group, 0, e);
        }
    }

    // ---- when the disk cannot be written

    private JournalFile opened() throws SQLException {
        JournalFile open = file;
        if (open == null) {
            open = new JournalFile(database);
            file = open;
        }
        return open;
    }

    private void fail(JournalRow[] taken, int size, Exception cause) {
        boolean news = !unwritable;
        fault = database.file() + ": " + cause.getMessage();
        age.incrementAndGet();
        unwritable = true;
        if (news) {
            log.error(
                    "{} cannot be written; calls that count are answered 503 until it can: {}",
                    database.file(),
                    cause.getMessage(),
                    cause);
        }
        giveUpFile();
        for (int i = 0; i < size; i++) {
            failedFrom = Math.min(failedFrom, taken[i].seq());
            if (taken[i].kind() == JournalRow.Kind.CALL) {
                failedNotices.addAll(taken[i].notices());
            }
            refuse(taken[i]);
        }
        Arrays.fill(taken, 0, size, BLANK);
        merger.clear();
        refuseQueued();
        // Whoever saw the journal writable is through with its append when every lock was passed once.
        failure.quiesce();
        refuseQueued();
        completions.tell(false);
        giveUpTruncation(cause);
        giveUpDeletions(cause);
        nextProbe = System.nanoTime() + PROBE;
    }

    private void giveUpTruncation(Throwable cause) {
        Truncation open = truncation;
        truncation = null;
        if (open != null) {
            open.done.completeExceptionally(cause);
        }
    }

    private void giveUpFile() {
        JournalFile open = file;
        file = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException e) {
                log.debug("{}: closing after a failure", database.file(), e);
            }
        }
    }

    private void refuseQueued() {
        JournalRow[] rest = new JournalRow[GROUP];
        for (int size = queue.take(rest, 0); size > 0; size = queue.take(rest, 0)) {
            for (int i = 0; i < size; i++) {
                refuse(rest[i]);
            }
        }
    }

    private void refuse(JournalRow row) {
        switch (row.kind()) {
            case CALL -> failure.undo(row);
            case MERGEABLE -> hold(row);
            case MARK -> {}
        }
        CommitWaiter waiter = row.waiter();
        if (waiter != null) {
            completions.add(waiter);
        }
    }

    private void hold(JournalRow row) {
        heldRows.add(row);
        held = heldRows.size();
    }

    /// Waits for the next probe, meanwhile holding in-process rows and answering barriers.
    private void awaitProbe() {
        refuseQueued();
        completions.tell(false);
        long wait = nextProbe - System.nanoTime();
        if (wait > 0) {
            park(WAKES_FOR_WAITERS, Math.min(wait, GATHER));
            return;
        }
        probe();
    }

    private void probe() {
        try {
            opened().probe(failedFrom, clock.instant().getEpochSecond(), lastEvent, failedNotices);
        } catch (SQLException e) {
            fault = database.file() + ": " + e.getMessage();
            giveUpFile();
            nextProbe = System.nanoTime() + PROBE;
            return;
        }
        failedFrom = Long.MAX_VALUE;
        failedNotices.clear();
        if (!writeHeld()) {
            return;
        }
        fault = null;
        age.incrementAndGet();
        unwritable = false;
        log.info("{} can be written again", database.file());
    }

    private boolean writeHeld() {
        JournalRow[] some = new JournalRow[GROUP];
        while (!heldRows.isEmpty()) {
            int size = 0;
            while (size < GROUP && !heldRows.isEmpty()) {
                some[size++] = heldRows.remove();
            }
            if (!write(some, size)) {
                // They were put back behind those that were not tried.
                List<JournalRow> all = new ArrayList<>(heldRows);
                all.sort(Comparator.comparingLong(JournalRow::seq));
                heldRows.clear();
                heldRows.addAll(all);
                return false;
            }
            held = heldRows.size();
        }
        return true;
    }

    /// Before anybody is there to take something back.
    private enum Nobody implements JournalFailure {
        INSTANCE;

        @Override
        public void undo(JournalRow row) {}

        @Override
        public void quiesce() {}
    }
}
