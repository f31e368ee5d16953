package io.tollkeeper.http.recorder;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.FlightRing;
import io.tollkeeper.core.flight.RequestIds;
import org.jspecify.annotations.Nullable;

/// The recorder's part on one event loop: makes the ids of its exchanges and takes what is left of them. On that loop
/// only, but for what others read of it; no locks, no waiting.
public final class LoopRecorder {

    private final RequestIds ids;
    private final FlightRing flights;
    private final @Nullable LogRing log;
    /// Written by the loop, read by whoever asks for metrics: late by a moment, never torn.
    private long kept;

    LoopRecorder(long seed, FlightRing flights, @Nullable LogRing log) {
        this.ids = new RequestIds(seed);
        this.flights = flights;
        this.log = log;
    }

    /// Makes the id of an exchange.
    public void identify(FlightRecord record, long nowMillis) {
        ids.next(nowMillis);
        record.id(ids.high(), ids.low());
    }

    /// Keeps a copy of a finished record if the quotas allow.
    public void keep(FlightRecord record, long nowNanos) {
        if (flights.offer(record, nowNanos)) {
            kept++;
        }
    }

    /// The same; only a record that is kept gets the details.
    public void keep(FlightRecord record, long nowNanos, FlightRecord.Details details) {
        if (flights.offer(record, nowNanos, details)) {
            kept++;
        }
    }

    /// The access log line to fill; none if there is no access log, or its ring is full (the line is lost then, and
    /// counted). Followed by [#publish].
    public @Nullable LogEntry claimLine() {
        return log == null ? null : log.claim();
    }

    /// Hands the claimed line to the writer.
    public void publish() {
        if (log != null) {
            log.publish();
        }
    }

    FlightRing flights() {
        return flights;
    }

    @Nullable LogRing log() {
        return log;
    }

    long kept() {
        return kept;
    }
}
