package io.tollkeeper.gateway.meter;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

import io.tollkeeper.core.proxy.BackendEndpoint;
import io.tollkeeper.http.Loop;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Counts of calls that were let in and are not handed in to a meter of ours yet, on disk. One thread of its own, which
/// blocks freely, seals what the loops wrote once a second, hands it in, and deletes what the meter acknowledged. What an
/// earlier process left is handed in first.
///
/// A file is handed in under ids made of its name, so the meter counts it once however often it comes: after a lost
/// answer, a kill between the acknowledgement and the deletion, or half of a file's forms.
final class Spool implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Spool.class);
    private static final String SUFFIX = ".spool";
    private static final long EVERY = 1_000;
    private static final int SPARES = 3;
    /// A call of the meter ends by itself; this is for a loop that died.
    private static final long LONGEST_CALL = 300;
    /// The meter forgets ids of batches after this time, and counts nothing older.
    private static final Duration TOO_OLD = Duration.ofDays(7).minusHours(1);

    private final RemoteMeter meter;
    private final Path folder;
    private final long room;
    private final List<Loop> loops;
    private final List<LoopSpool> perLoop = new ArrayList<>();
    private final String instance;
    private final Semaphore work = new Semaphore(0);
    private final Queue<SpoolSegment> sealed = new ConcurrentLinkedQueue<>();
    private final Thread thread;
    private long number;
    private volatile boolean closing;
    private volatile int waiting;

    // ---- on the thread
    private final List<Path> files = new ArrayList<>();
    private long retryAt;
    private long pause = EVERY;
    private long bytes;

    /// @param room bytes of files that may wait; beyond it nothing more is noted
    Spool(RemoteMeter meter, Path folder, long room, List<Loop> loops) throws IOException {
        this.meter = meter;
        this.folder = folder;
        this.room = room;
        this.loops = loops;
        byte[] random = new byte[8];
        new SecureRandom().nextBytes(random);
        instance = java.util.HexFormat.of().formatHex(random);
        Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try (Stream<Path> left = Files.list(folder)) {
            for (Path file : left.filter(file -> file.toString().endsWith(SUFFIX)).sorted(Comparator.naturalOrder()).toList()) {
                if (SpoolReader.forms(Files.readAllBytes(file)).isEmpty()) {
                    Files.delete(file);
                } else {
                    files.add(file);
                }
            }
        }
        if (!files.isEmpty()) {
            LOG.info("{} files of counts that an earlier process could not hand in wait in {}", files.size(), folder);
        }
        for (int i = 0; i < loops.size(); i++) {
            perLoop.add(new LoopSpool(this));
        }
        prepare();
        waiting = files.size();
        thread = Thread.ofPlatform().name("spool").daemon().start(this::run);
    }

    LoopSpool of(Loop loop) {
        return perLoop.get(loop.index());
    }

    /// Files that wait. Any thread.
    int waiting() {
        return waiting;
    }

    /// A file was written to its end. On its loop.
    void sealed(SpoolSegment segment) {
        sealed.add(segment);
        work.release();
    }

    /// There may be something to do before the second is over. Any thread.
    void wake() {
        work.release();
    }

    private void run() {
        try {
            while (!closing) {
                if (work.tryAcquire(EVERY, TimeUnit.MILLISECONDS)) {
                    work.drainPermits();
                } else if (files.isEmpty()) {
                    sealAll();
                } else {
                    // The meter is away: files fill up to their end, and what is in them shall survive the machine too.
                    perLoop.forEach(LoopSpool::force);
                }
                round();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("the spool in {} has stopped; counts are not handed in until a restart", folder, e);
        }
    }

    private void round() throws InterruptedException {
        takeSealed();
        if (System.nanoTime() - retryAt >= 0) {
            handIn();
        }
        waiting = files.size();
        prepare();
    }

    private void sealAll() throws InterruptedException {
        List<CompletableFuture<Void>> done = new ArrayList<>();
        for (Loop loop : loops) {
            done.add(CompletableFuture.runAsync(of(loop)::seal, loop));
        }
        try {
            CompletableFuture.allOf(done.toArray(new CompletableFuture<?>[0])).get(5, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("event loops do not seal their counts: {}", e.toString());
        }
    }

    private void takeSealed() {
        for (SpoolSegment segment = sealed.poll(); segment != null; segment = sealed.poll()) {
            segment.release(!files.isEmpty());
            files.add(segment.file());
        }
    }

    /// Hands in file by file, the oldest first, until one cannot be.
    private void handIn() throws InterruptedException {
        for (int i = 0; i < files.size() && !Thread.currentThread().isInterrupted(); ) {
            Path file = files.get(i);
            try {
                if (!handIn(file) && !isTooOld(file)) {
                    pause = Math.min(pause * 2, 30_000);
                    retryAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pause);
                    return;
                }
                Files.delete(file);
                files.remove(i);
                pause = EVERY / 2;
            } catch (IOException e) {
                LOG.error("{} cannot be read or deleted ({}); its counts are handed in after a restart if it can be then", file, e.toString());
                files.remove(i);
            }
        }
    }

    private static boolean isTooOld(Path file) throws IOException {
        boolean old = Files.getLastModifiedTime(file).toInstant().isBefore(java.time.Instant.now().minus(TOO_OLD));
        if (old) {
            LOG.error("{} is too old to be counted; its counts are lost", file);
        }
        return old;
    }

    private boolean handIn(Path file) throws IOException, InterruptedException {
        List<SpoolReader.Form> forms = SpoolReader.forms(Files.readAllBytes(file));
        String name = file.getFileName().toString();
        String id = name.substring(0, name.length() - SUFFIX.length());
        boolean all = true;
        for (int i = 0; i < forms.size(); i++) {
            all &= handIn(forms.get(i), id + "-" + i);
        }
        return all;
    }

    private boolean handIn(SpoolReader.Form form, String id) throws InterruptedException {
        BackendEndpoint configured = new BackendEndpoint(form.url(), form.host());
        if (!(MeterEndpoint.read(configured, meter.settings().tls(), meter.settings().proxies()) instanceof MeterEndpoint.Read.Good(var endpoint))) {
            LOG.error("{} names no meter that can be called; its counts are lost", id);
            return true;
        }
        Loop loop = loops.getFirst();
        CompletableFuture<Integer> answered = new CompletableFuture<>();
        loop.execute(() -> meter.of(loop).take().report(endpoint, form.target(), form.form(), id, answer -> {
            if (answer.status() < 200 || answer.status() > 299) {
                meter.outage(endpoint, answer);
            }
            answered.complete(answer.status());
        }));
        try {
            int status = answered.get(LONGEST_CALL, TimeUnit.SECONDS);
            return status >= 200 && status <= 299;
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("handing in {} did not come to an end: {}", id, e.toString());
            return false;
        }
    }

    /// Empty files for each loop. A full disk is told; then calls are authorized one by one.
    private void prepare() {
        try {
            bytes = (long) files.size() * SpoolSegment.SIZE;
            for (int i = 0; i < perLoop.size(); i++) {
                Queue<SpoolSegment> spares = perLoop.get(i).spares();
                while (spares.size() < SPARES && bytes < room) {
                    spares.add(new SpoolSegment(folder.resolve(instance + "-" + i + "-" + ++number + SUFFIX)));
                    bytes += SpoolSegment.SIZE;
                }
            }
        } catch (IOException e) {
            LOG.error("no room for counts in {}: {}", folder, e.toString());
        }
    }

    /// Hands in what there is for at most so long; what is left is handed in by the next process. Blocks.
    void close(Duration patience) {
        closing = true;
        work.release();
        try {
            thread.join(patience);
            if (thread.isAlive()) {
                thread.interrupt();
                thread.join(Duration.ofSeconds(1));
                return;
            }
            sealAll();
            takeSealed();
            retryAt = System.nanoTime();
            Thread last = Thread.ofVirtual().start(() -> {
                try {
                    handIn();
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                }
            });
            last.join(patience);
            last.interrupt();
            last.join(Duration.ofSeconds(1));
            if (!files.isEmpty()) {
                LOG.warn("{} files of counts wait in {} for the next start", files.size(), folder);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        deleteEmpty();
    }

    private void deleteEmpty() {
        for (LoopSpool loop : perLoop) {
            for (SpoolSegment spare = loop.spares().poll(); spare != null; spare = loop.spares().poll()) {
                try {
                    spare.release(false);
                    Files.deleteIfExists(spare.file());
                } catch (IOException e) {
                    LOG.warn("{} holds nothing but cannot be deleted: {}", spare.file(), e.toString());
                }
            }
        }
    }

    @Override
    public void close() {
        close(Duration.ofSeconds(10));
    }
}
