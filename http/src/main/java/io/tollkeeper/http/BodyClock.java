package io.tollkeeper.http;

import java.util.concurrent.TimeUnit;

import io.tollkeeper.core.reason.Reason;

/// Notices a client that sends its body too slowly: no byte for long, or too few per second on average. Runs only while
/// somebody wants the body: whoever does not read cannot blame the sender. One per message, reused; on its loop.
abstract class BodyClock {

    private final DeadlineWheel deadlines;
    private final WireLimits limits;
    private final long idleNanos;
    private final WireBody body;
    private long startedNanos;

    private final DeadlineWheel.Deadline idle = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            if (body.wants()) {
                stop();
                tooSlow(Reason.BODY_IDLE, "no byte of the body for " + TimeUnit.NANOSECONDS.toMillis(idleNanos) + " ms after "
                        + body.received() + " bytes");
            }
        }
    };
    private final DeadlineWheel.Deadline rate = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            checkRate();
        }
    };

    BodyClock(DeadlineWheel deadlines, WireLimits limits, ListenerSettings.Timeouts timeouts, WireBody body) {
        this.deadlines = deadlines;
        this.limits = limits;
        this.idleNanos = timeouts.body().toNanos();
        this.body = body;
    }

    /// The body must be given up.
    abstract void tooSlow(Reason reason, String evidence);

    /// A head was read, and a body is to follow.
    final void begin(long nanos) {
        startedNanos = nanos;
    }

    /// Somebody waits for bytes.
    final void wanted() {
        if (idle.isSet()) {
            return;
        }
        deadlines.set(idle, idleNanos);
        if (limits.minimumBodyRate() > 0 && !rate.isSet()) {
            deadlines.set(rate, limits.bodyRateGrace().toNanos());
        }
    }

    /// Bytes came.
    final void progress() {
        deadlines.set(idle, idleNanos);
    }

    /// The body is complete, or nobody waits for it any more.
    final void stop() {
        idle.clear();
        rate.clear();
    }

    /// The owner is gone.
    final void discard() {
        idle.discard();
        rate.discard();
    }

    private void checkRate() {
        long seconds = Math.max(1, (System.nanoTime() - startedNanos) / 1_000_000_000L);
        if (body.wants() && body.received() / seconds < limits.minimumBodyRate()) {
            stop();
            tooSlow(Reason.BODY_SLOW, body.received() + " bytes of the body in " + seconds + " s, at least "
                    + limits.minimumBodyRate() + " bytes per second are expected");
            return;
        }
        deadlines.set(rate, TimeUnit.SECONDS.toNanos(1));
    }
}
