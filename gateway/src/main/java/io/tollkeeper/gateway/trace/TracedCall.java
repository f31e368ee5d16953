package io.tollkeeper.gateway.trace;

import io.tollkeeper.core.flight.FlightRecord;

/// A call that is over and whose trace is to be sent: its flight record (a copy, credentials shortened) and what a trace
/// needs besides. Immutable.
///
/// @param meterNanos      how long the meter took, 0 if it was not asked
/// @param upstreamStarted [System#nanoTime] when the upstream was called, 0 if it was not
/// @param upstreamNanos   how long that took
public record TracedCall(
        FlightRecord record,
        long traceHigh,
        long traceLow,
        long parent,
        long span,
        long meterSpan,
        long upstreamSpan,
        String scheme,
        int clientPort,
        int serverPort,
        long meterNanos,
        long upstreamStarted,
        long upstreamNanos) {

    /// How many spans it makes.
    int spans() {
        return 1 + (meterNanos > 0 ? 1 : 0) + (upstreamStarted != 0 ? 1 : 0);
    }
}
