package io.tollkeeper.gateway.exchange;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// A place where an exchange waits: taken with [Exchange#park], left once with [#resume], or taken away by the deadline
/// or by a client that left. One object per wait, so that a late resume finds nobody.
public final class Parking {

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

    /// Whether the exchange still waits here. On its loop.
    public boolean isTaken() {
        return !left && exchange.isParkedAt(this);
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
