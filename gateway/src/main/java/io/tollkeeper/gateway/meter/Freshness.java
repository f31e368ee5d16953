package io.tollkeeper.gateway.meter;

import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/// When a meter of ours was last asked about a key, how much it had left of its limits then, and how many calls were let in
/// since without asking. Any thread.
///
/// Calls of the last two to four seconds count as not handed in: a hand-in takes a second. So what this gateway lets in
/// without asking never passes what the meter had left, and a limit is broken at most by what *other* gateways let in
/// meanwhile.
final class Freshness {

    private static final long ASK_EVERY = TimeUnit.SECONDS.toNanos(1);
    private static final long WINDOW = TimeUnit.SECONDS.toNanos(2);

    private long askedAt;
    private long left;
    private long window;
    private long inWindow;
    private long inWindowBefore;

    /// @param left calls that the meter would still let in; -1: as many as come
    Freshness(long now, long left) {
        this.askedAt = now;
        this.left = left;
    }

    /// The meter was asked again.
    synchronized void asked(long now, long newLeft) {
        askedAt = now;
        left = newLeft;
    }

    /// Whether it is time to ask again; whoever hears yes does it.
    synchronized boolean isDue(long now) {
        if (now - askedAt < ASK_EVERY) {
            return false;
        }
        askedAt = now;
        return true;
    }

    /// Whether one more call may be let in without asking; then it is counted here.
    synchronized boolean letsIn(long now) {
        turn(now);
        if (left >= 0 && inWindow + inWindowBefore >= left) {
            return false;
        }
        inWindow++;
        return true;
    }

    /// A call was let in that the meter was asked about, but that it does not count by itself.
    synchronized void letIn(long now) {
        turn(now);
        inWindow++;
    }

    /// Calls that the meter may not know of yet.
    synchronized long unknown(long now) {
        turn(now);
        return inWindow + inWindowBefore;
    }

    private void turn(long now) {
        long current = now / WINDOW;
        if (current != window) {
            inWindowBefore = current == window + 1 ? inWindow : 0;
            inWindow = 0;
            window = current;
        }
    }

    /// What a header says; -1 without one.
    static long number(@Nullable String text) {
        if (text == null || text.isEmpty() || text.length() > 18) {
            return -1;
        }
        long number = 0;
        for (int i = 0; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number;
    }
}
