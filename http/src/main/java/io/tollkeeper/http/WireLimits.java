package io.tollkeeper.http;

/// What a listener accepts, in bytes and counts. Beyond each of them the request is refused with a reason of its own.
///
/// @param requestLine       longest request line
/// @param headerField       longest single header field (name and value)
/// @param headers           all header fields together
/// @param headerCount       number of header fields
/// @param body              largest body, -1 for no limit
/// @param minimumBodyRate   bytes per second a body must arrive with after 30 s, 0 for no minimum
public record WireLimits(
        int requestLine, int headerField, int headers, int headerCount, long body, int minimumBodyRate) {

    /// Request line and field 8 KiB, 32 KiB and 100 fields together, no limit on bodies.
    public static final WireLimits DEFAULT = new WireLimits(8192, 8192, 32768, 100, -1, 0);
}
