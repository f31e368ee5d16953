package io.tollkeeper.http;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// How many connections may be open to all upstreams together, over all loops. Any thread.
///
/// Descriptors are the process's, not an upstream's: many slow upstreams, each within its own limit, must not use up
/// those that clients need.
final class ConnectionBudget {

    private final int limit;
    private final AtomicInteger open = new AtomicInteger();
    private final Set<Destination> starving = ConcurrentHashMap.newKeySet();

    ConnectionBudget(int limit) {
        this.limit = limit;
    }

    int limit() {
        return limit;
    }

    /// Takes one; false if all are in use.
    boolean take() {
        if (open.incrementAndGet() <= limit) {
            return true;
        }
        open.decrementAndGet();
        return false;
    }

    /// Gives one back and lets destinations that found none try again.
    void give() {
        open.decrementAndGet();
        if (!starving.isEmpty()) {
            starving.removeIf(destination -> {
                destination.serveWaiting();
                return true;
            });
        }
    }

    boolean isUsedUp() {
        return open.get() >= limit;
    }

    /// Calls of this destination wait because all are in use.
    void starves(Destination destination) {
        starving.add(destination);
        // One may have come back between the vain attempt and this entry.
        if (!isUsedUp() && starving.remove(destination)) {
            destination.serveWaiting();
        }
    }
}
