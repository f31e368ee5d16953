package io.tollkeeper.http;

import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/// Counts what a client of HTTP/2 makes us do for nothing, per connection and 30 s; on its loop.
///
/// | attack | counted as |
/// |---|---|
/// | rapid reset (CVE-2023-44487): request, RST_STREAM, request, … | reset |
/// | MadeYouReset (CVE-2025-8671): request, then a mistake for which we reset it | reset |
/// | streams beyond the allowed number | reset |
/// | floods of PING, SETTINGS, PRIORITY, empty DATA, unknown frames, tiny windows | useless frame |
///
/// A stream that ended well takes one reset back, and a frame that moves a request or a body forward some useless ones:
/// clients that cancel now and then, or update windows eagerly, are left alone.
final class Http2Guard {

    private static final long PERIOD = TimeUnit.SECONDS.toNanos(30);
    /// A client may answer each piece of a body with a window update or two and a ping.
    private static final int USEFUL = 4;

    private final Http2Limits limits;
    private int resets;
    private int useless;
    private long since = System.nanoTime();

    Http2Guard(Http2Limits limits) {
        this.limits = limits;
    }

    /// A stream ended with a complete answer.
    void endedWell() {
        if (resets > 0) {
            resets--;
        }
    }

    /// A frame moved something.
    void useful() {
        useless = Math.max(0, useless - USEFUL);
    }

    /// A stream was reset.
    ///
    /// @return why the connection must end, null if it may go on
    @Nullable String reset() {
        forget();
        return ++resets <= limits.resets()
                ? null
                : "more than " + limits.resets() + " streams reset within 30 s beyond those that ended well";
    }

    /// A frame moved nothing.
    @Nullable String useless() {
        if (++useless <= limits.uselessFrames()) {
            return null;
        }
        forget();
        return useless == 0 ? null : "more than " + limits.uselessFrames() + " frames within 30 s that move nothing";
    }

    private void forget() {
        long now = System.nanoTime();
        if (now - since > PERIOD) {
            since = now;
            resets = 0;
            useless = 0;
        }
    }
}
