package io.tollkeeper.http;

/// What a client of HTTP/2 may do on one connection. Who exceeds one of the last two is sent away with GOAWAY
/// (ENHANCE_YOUR_CALM).
///
/// @param streams       requests under way at a time; one more is refused with REFUSED_STREAM
/// @param resets        streams that end before their answer is complete (reset by the client, or by us for its mistakes)
///                      within 30 s beyond those that ended well: each of them has cost us a call and the client nothing
/// @param uselessFrames frames within 30 s that move nothing (PING, SETTINGS, PRIORITY, empty DATA, window updates nobody
///                      needs) beyond those that do
public record Http2Limits(int streams, int resets, int uselessFrames) {

    /// 128 streams, 200 resets, 2 000 useless frames.
    public static final Http2Limits DEFAULT = new Http2Limits(128, 200, 2000);
}
