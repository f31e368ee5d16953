package io.tollkeeper.http;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One call of an upstream from [UpstreamPool#call] to its end, over one connection or, after a retry, two. Part of its
/// request and reused with it. On its loop.
///
/// ```
///   OVER ──▶ WAITING (for a slot) ──▶ CONNECTING ──▶ EXCHANGING ──▶ OVER
///     └──────────────(pooled connection)───────────────▲  └─ retry, once ─▶ CONNECTING
/// ```
final class OutgoingCall implements UpstreamCall {

    private static final Logger LOG = LoggerFactory.getLogger(UpstreamPool.class);

    private enum State { OVER, WAITING, CONNECTING, EXCHANGING }

    private final UpstreamRequest request;
    private final UpstreamFacts facts = new UpstreamFacts();
    private State state = State.OVER;
    private boolean retry;
    private @Nullable ConnectionPool pool;
    private @Nullable Upstream upstream;
    private @Nullable UpstreamHandler handler;
    private @Nullable ConnectAttempt attempt;
    private @Nullable CallCarrier carrier;

    private final DeadlineWheel.Deadline totalDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            totalOver();
        }
    };
    private final DeadlineWheel.Deadline slotDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            if (state == State.WAITING) {
                pool().slotWaitOver(OutgoingCall.this);
            }
        }
    };

    OutgoingCall(UpstreamRequest request) {
        this.request = request;
    }

    UpstreamRequest request() {
        return request;
    }

    Upstream upstream() {
        Upstream u = upstream;
        if (u == null) {
            throw new IllegalStateException("call used before its start");
        }
        return u;
    }

    Upstream.Timeouts timeouts() {
        Upstream.Timeouts own = request.timeouts;
        return own == null ? upstream().timeouts() : own;
    }

    private ConnectionPool pool() {
        ConnectionPool p = pool;
        if (p == null) {
            throw new IllegalStateException("call used before its start");
        }
        return p;
    }

    private UpstreamHandler handler() {
        UpstreamHandler h = handler;
        if (h == null) {
            throw new IllegalStateException("call used before its start");
        }
        return h;
    }

    @Override
    public UpstreamFacts facts() {
        return facts;
    }

    /// Whether this is the second attempt, which gets a connection of its own.
    boolean isRetry() {
        return retry;
    }

    void start(ConnectionPool newPool, Upstream newUpstream, UpstreamHandler newHandler) {
        if (state != State.OVER) {
            throw new IllegalStateException("a request can be in one call at a time: " + newUpstream.describe());
        }
        pool = newPool;
        upstream = newUpstream;
        handler = newHandler;
        retry = false;
        facts.reset();
        long now = System.nanoTime();
        facts.startedNanos = now;
        long total = timeouts().total().toNanos();
        if (total > 0) {
            newPool.loop().deadlines().setAt(totalDeadline, now + total);
        }
        state = State.CONNECTING;
        newPool.serve(this, now);
    }

    // ---- told by the pool and its connections ----------------------------------------------------------------------

    void waitsForSlot(long nanos) {
        state = State.WAITING;
        pool().loop().deadlines().set(slotDeadline, nanos);
    }

    void connecting(ConnectAttempt newAttempt) {
        state = State.CONNECTING;
        slotDeadline.clear();
        attempt = newAttempt;
    }

    /// A connection is being opened for others: there may be room on it for this one too.
    void boards() {
        state = State.WAITING;
    }

    void exchanging(CallCarrier newCarrier) {
        state = State.EXCHANGING;
        slotDeadline.clear();
        attempt = null;
        carrier = newCarrier;
    }

    /// May the request be sent once more after its connection broke without a byte of an answer? (architecture.md 8.6)
    ///
    /// @param handed whether bytes of it were handed to the socket
    boolean mayRepeat(boolean handed) {
        return whyNotRepeated(handed) == null;
    }

    /// Why it is not sent once more, null if it is.
    @Nullable String whyNotRepeated(boolean handed) {
        if (retry) {
            return "it had been sent a second time already";
        }
        Body body = request.body;
        if (!body.isEmpty() && !body.isReplayable() && body.received() > 0) {
            return "its body is no longer held";
        }
        if (!handed) {
            return null;
        }
        if (!facts.reused) {
            return "the connection was new";
        }
        if (!isIdempotent(request.method)) {
            return request.method + " is not idempotent";
        }
        return request.repeatable ? null : "it is not declared repeatable";
    }

    private static boolean isIdempotent(String method) {
        return switch (method) {
            case "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE" -> true;
            default -> false;
        };
    }

    void repeat() {
        carrier = null;
        retry = true;
        state = State.CONNECTING;
        pool().serve(this, System.nanoTime());
    }

    void answered(UpstreamResponse response) {
        try {
            handler().answered(response);
        } catch (RuntimeException e) {
            LOG.error("handler of a call to {} fails", upstream().describe(), e);
            cancel();
            tellFailure(Reason.INTERNAL, "the handler of the answer failed: " + e);
        }
    }

    /// The answer is a tunnel, which may stand as long as bytes flow.
    void tunnelled() {
        totalDeadline.clear();
    }

    /// The answer is complete and taken.
    void ended() {
        over();
        try {
            handler().ended();
        } catch (RuntimeException e) {
            LOG.error("handler of a call to {} fails at its end", upstream().describe(), e);
        }
    }

    /// Leaves the reason where whoever hears first of the broken answer finds it.
    void note(Reason reason, String evidence) {
        facts.failure = reason;
        facts.evidence = evidence;
        if (facts.endedNanos == 0) {
            facts.endedNanos = System.nanoTime();
        }
    }

    /// There is no answer, or no complete one. Not told if the call was cancelled meanwhile.
    void fail(Reason reason, String evidence) {
        if (state == State.OVER) {
            return;
        }
        over();
        note(reason, evidence);
        tellFailure(reason, evidence);
    }

    private void tellFailure(Reason reason, String evidence) {
        try {
            handler().failed(reason, evidence);
        } catch (RuntimeException e) {
            LOG.error("handler of a call to {} fails on {}", upstream().describe(), reason.code(), e);
        }
    }

    private void over() {
        state = State.OVER;
        attempt = null;
        carrier = null;
        // Not only cleared: the request may be garbage from here on, and a cleared deadline keeps it for up to 51 s.
        totalDeadline.discard();
        slotDeadline.discard();
    }

    // ---- told by the caller and the clock --------------------------------------------------------------------------

    @Override
    public void cancel() {
        State was = state;
        ConnectAttempt a = attempt;
        CallCarrier c = carrier;
        over();
        switch (was) {
            case OVER -> {}
            case WAITING -> pool().forget(this);
            case CONNECTING -> {
                if (a != null) {
                    a.abandon();
                }
            }
            case EXCHANGING -> {
                if (c != null) {
                    c.abandon(this);
                }
            }
        }
        if (was != State.OVER && facts.endedNanos == 0) {
            facts.endedNanos = System.nanoTime();
        }
    }

    private void totalOver() {
        State was = state;
        String where = switch (was) {
            case OVER -> "";
            case WAITING -> "it was waiting for a free connection";
            case CONNECTING -> "it was connecting";
            case EXCHANGING -> facts.firstByteNanos != 0
                    ? "the answer had begun " + Evidence.time(System.nanoTime() - facts.firstByteNanos) + " ago, "
                            + facts.bytesReceived + " bytes received"
                    : facts.requestSentNanos != 0
                            ? "the request was sent " + Evidence.time(System.nanoTime() - facts.requestSentNanos)
                                    + " ago, no byte of an answer received"
                            : "it was sending the request, " + facts.bytesSent + " bytes so far";
        };
        String evidence = "total of " + Evidence.time(timeouts().total().toNanos()) + " is over for "
                + upstream().describe() + (facts.address == null ? "" : " at " + facts.address + ":" + facts.port) + "; " + where;
        CallCarrier c = carrier;
        switch (was) {
            case OVER -> {}
            case WAITING, CONNECTING -> {
                cancel();
                note(Reason.UPSTREAM_TOTAL_TIMEOUT, evidence);
                tellFailure(Reason.UPSTREAM_TOTAL_TIMEOUT, evidence);
            }
            case EXCHANGING -> {
                if (c != null) {
                    c.fail(Reason.UPSTREAM_TOTAL_TIMEOUT, evidence);
                }
            }
        }
    }
}
