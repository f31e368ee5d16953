package io.tollkeeper.meter;

import java.util.concurrent.atomic.AtomicLong;

/// Bytes of form bodies that may be in memory at once, over all connections. Any thread; never blocks.
final class FormBudget {

    private final AtomicLong free;

    FormBudget(long bytes) {
        free = new AtomicLong(bytes);
    }

    /// Takes so many bytes; false if there are not enough left.
    boolean take(long bytes) {
        if (free.addAndGet(-bytes) >= 0) {
            return true;
        }
        free.addAndGet(bytes);
        return false;
    }

    void giveBack(long bytes) {
        free.addAndGet(bytes);
    }
}
