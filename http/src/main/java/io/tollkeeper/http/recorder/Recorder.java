package io.tollkeeper.http.recorder;

import java.nio.channels.WritableByteChannel;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import io.tollkeeper.core.flight.FlightQuota;
import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.FlightRing;
import io.tollkeeper.core.flight.FlightStore;
import io.tollkeeper.core.flight.Flights;
import io.tollkeeper.core.flight.RequestId;
import io.tollkeeper.http.Loop;
import io.tollkeeper.http.metrics.PrometheusText;
import org.jspecify.annotations.Nullable;

/// The memory of a node: flight records and access log of everything that its event loops serve, gateway and meter
/// alike. One per engine. Any thread; looking for records may block, for they may be on disk.
public final class Recorder implements Flights, AutoCloseable {

    private final List<LoopRecorder> loops;
    private final @Nullable FlightStore store;
    private final LogWriter writer;
    private final boolean logged;

    /// @param loops     all event loops of the engine
    /// @param accessLog where access log lines go; none for no access log. Not closed by the recorder
    /// @param store     where flight records are kept beyond memory, or none
    public Recorder(
            List<Loop> loops, RecorderSettings settings, @Nullable WritableByteChannel accessLog, @Nullable FlightStore store) {
        this.store = store;
        this.logged = accessLog != null;
        FlightQuota node = FlightQuota.ofNode(loops.size());
        FlightQuota quota = new FlightQuota(
                node.failuresPerSecond(), Math.max(1, settings.successesPerSecond() / loops.size()), node.successesOneIn());
        SecureRandom seeds = new SecureRandom();
        this.loops = loops.stream()
                .map(_ -> new LoopRecorder(
                        seeds.nextLong(),
                        new FlightRing(settings.flightRecords(), quota),
                        logged ? new LogRing(settings.logLines()) : null))
                .toList();
        writer = new LogWriter(
                        this.loops.stream().map(LoopRecorder::log).filter(Objects::nonNull).toList(),
                        accessLog,
                        this.loops.stream().map(LoopRecorder::flights).toList(),
                        store,
                        settings.logFormat())
                .start();
    }

    /// The part of one loop: for whoever serves on it.
    public LoopRecorder of(Loop loop) {
        return loops.get(loop.index());
    }

    @Override
    public @Nullable FlightRecord find(RequestId id) {
        for (LoopRecorder loop : loops) {
            FlightRecord record = loop.flights().find(id.high(), id.low());
            if (record != null) {
                return record;
            }
        }
        return store == null ? null : store.find(id);
    }

    /// Those on disk, or, without a store, those in memory.
    @Override
    public List<FlightRecord> newest(int limit) {
        if (store != null) {
            return store.newest(limit);
        }
        List<FlightRecord> records = new ArrayList<>();
        for (LoopRecorder loop : loops) {
            records.addAll(loop.flights().newest(limit));
        }
        records.sort((a, b) -> Long.compare(b.receivedMillis(), a.receivedMillis()));
        return records.subList(0, Math.min(limit, records.size()));
    }

    /// Appends what the recorder counted in Prometheus' text format.
    public void metrics(PrometheusText out) {
        long kept = 0;
        for (LoopRecorder loop : loops) {
            kept += loop.kept();
        }
        out.counter("tollkeeper_flight_records_kept_total", "Requests whose record was kept for explain.", kept);
        out.counter("tollkeeper_access_log_lines_total", "Access log lines written.", logged ? writer.written() : 0);
        out.counter("tollkeeper_access_log_dropped_total", "Access log lines dropped because their ring was full.", writer.dropped());
    }

    /// Writes what is left of log and flight records. Blocks for at most five seconds.
    @Override
    public void close() {
        writer.close();
    }
}
