package io.tollkeeper.gateway.exchange;

import java.util.function.Supplier;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A place where an exchange waits: taken with [Exchange#park], left once with [#resume], or taken away by the deadline
/// or by a client that left. One object per wait, so that a late resume finds nobody.
public final class Parking {

    private static final Logger LOG = LoggerFactory.getLogger(Parking.class);

    private final Exchange exchange;
    private final @Nullable Reason reason;
    private boolean left;

    Parking(Exchange exchange, @Nullable Reason reason) {
        this.exchange = exchange;
        this.reason = reason;
    }

    /// The exchange goes on with `step`. Any thread; on a foreign one it is posted to the exchange's loop. Does nothing
    /// if the exchange does not wait here any more.
    public void resume(Step step) {
        if (exchange.loop().isCurrent()) {
            leave(step);
        } else {
            exchange.loop().execute(() -> leave(step));
        }
    }

    /// Takes a further step and goes on as it says; `WAIT` means that it parked anew. On the exchange's loop. A step
    /// that throws becomes 500, as it would on the chain itself.
    public void resumeWith(Supplier<Step> further) {
        if (!isTaken()) {
            return;
        }
        Step step;
        try {
            step = further.get();
        } catch (RuntimeException e) {
            LOG.error("request {}: a step after a wait failed", exchange.id(), e);
            step = exchange.failInternally("a step after a wait threw " + e);
        }
        if (step != Step.WAIT) {
            leave(step);
        }
    }

    /// Whether the exchange still waits here. On its loop.
    public boolean isTaken() {
        return !left && exchange.isParkedAt(this);
    }

    /// There is nothing to wait for after all: the step that parked goes on. On the exchange's loop.
    public void abandon() {
        if (isTaken()) {
            left = true;
            exchange.leaveParking();
        }
    }

    private void leave(Step step) {
        if (isTaken()) {
            left = true;
            exchange.resumedAt(step);
        }
    }

    /// The deadline has passed.
    void expire() {
        if (isTaken() && reason != null) {
            left = true;
            exchange.refuse(reason, "waited in vain until the deadline");
            exchange.resumedAt(Step.DONE);
        }
    }
}
