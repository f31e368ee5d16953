package io.tollkeeper.http.recorder;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.FlightRing;
import io.tollkeeper.core.flight.FlightStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes what the event loops left in their rings: access log lines to a channel, kept flight records to their store.
/// One thread, in batches; blocks as long as the disk or the pipe does, which costs lines but never time of a loop.
final class LogWriter implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LogWriter.class);
    /// A ring holds thousands of lines: looking this often is often enough, and costs next to nothing when idle.
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long SPILL_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final int BATCH = 128;

    private final List<LogRing> lines;
    private final @Nullable WritableByteChannel out;
    private final List<FlightRing> flights;
    private final @Nullable FlightStore store;
    private final long[] spilled;
    private final LogLine line;
    private final Thread thread;
    private volatile boolean closing;
    private final AtomicLong written = new AtomicLong();
    private long lastSpill;
    private long lastComplaint;

    /// @param out   where lines go, none for no access log
    /// @param store where flight records go, none for memory only
    LogWriter(
            List<LogRing> lines, @Nullable WritableByteChannel out, List<FlightRing> flights, @Nullable FlightStore store,
            LogFormat format) {
        this.line = new LogLine(format);
        this.lines = List.copyOf(lines);
        this.out = out;
        this.flights = List.copyOf(flights);
        this.store = store;
        this.spilled = new long[flights.size()];
        this.lastComplaint = System.nanoTime() - TimeUnit.HOURS.toNanos(1);
        this.thread = Thread.ofPlatform().name("access-log").daemon().unstarted(this::run);
    }

    LogWriter start() {
        thread.start();
        return this;
    }

    /// Lines written so far. Any thread.
    long written() {
        return written.get();
    }

    /// Lines dropped so far. Any thread.
    long dropped() {
        long sum = 0;
        for (LogRing ring : lines) {
            sum += ring.dropped();
        }
        return sum;
    }

    private void run() {
        while (!closing) {
            int count = writeLines();
            spill(false);
            if (count == 0) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        while (writeLines() > 0) {
            Thread.onSpinWait();
        }
        spill(true);
    }

    private int writeLines() {
        int count = 0;
        for (LogRing ring : lines) {
            int drained;
            do {
                drained = ring.drain(line, BATCH);
                count += drained;
                if (line.size() > 32 * 1024) {
                    flush();
                }
            } while (drained == BATCH);
        }
        flush();
        if (count > 0) {
            written.addAndGet(count);
        }
        return count;
    }

    private void flush() {
        if (line.size() == 0 || out == null) {
            line.clear();
            return;
        }
        ByteBuffer bytes = ByteBuffer.wrap(line.bytes(), 0, line.size());
        try {
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
        } catch (IOException e) {
            complain("access log: cannot be written, lines are lost", e);
        }
        line.clear();
    }

    private void spill(boolean now) {
        long nanos = System.nanoTime();
        if (store == null || !now && nanos - lastSpill < SPILL_NANOS) {
            return;
        }
        lastSpill = nanos;
        List<FlightRecord> records = new ArrayList<>();
        for (int i = 0; i < spilled.length; i++) {
            spilled[i] = flights.get(i).since(spilled[i], records);
        }
        if (!records.isEmpty()) {
            try {
                store.keep(records);
            } catch (RuntimeException e) {
                complain("flight records: cannot be kept", e);
            }
        }
    }

    private void complain(String what, Exception e) {
        long now = System.nanoTime();
        if (now - lastComplaint > TimeUnit.MINUTES.toNanos(1)) {
            lastComplaint = now;
            LOG.warn("{}: {}", what, e.getMessage());
        }
    }

    /// Writes what is left and ends the thread. Blocks for at most five seconds.
    @Override
    public void close() {
        closing = true;
        LockSupport.unpark(thread);
        try {
            thread.join(5_000);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
