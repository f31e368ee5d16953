package io.tollkeeper.http;

import java.time.Duration;

/// What a listener accepts, in bytes and counts. Beyond each of them the request is refused with a reason of its own.
///
/// @param requestLine       longest request line
/// @param headerField       longest single header field (name and value)
/// @param headers           all header fields together
/// @param headerCount       number of header fields
/// @param body              largest body, -1 for no limit
/// @param minimumBodyRate   bytes per second that a body must have arrived with on average, 0 for no minimum
/// @param bodyRateGrace     how long a body may be slower than that
public record WireLimits(
        int requestLine,
        int headerField,
        int headers,
        int headerCount,
        long body,
        int minimumBodyRate,
        Duration bodyRateGrace) {

    /// With a grace of 30 s.
    public WireLimits(int requestLine, int headerField, int headers, int headerCount, long body, int minimumBodyRate) {
        this(requestLine, headerField, headers, headerCount, body, minimumBodyRate, Duration.ofSeconds(30));
    }

    /// Request line and field 8 KiB, 32 KiB and 100 fields together, no limit on bodies.
    public static final WireLimits DEFAULT = new WireLimits(8192, 8192, 32768, 100, -1, 0);
}
