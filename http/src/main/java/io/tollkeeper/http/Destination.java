package io.tollkeeper.http;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What all loops share about one upstream: how many connections are open, and after what time it was seen to close
/// idle ones. Any thread.
final class Destination {

    private static final Logger LOG = LoggerFactory.getLogger(UpstreamPool.class);

    private static final long SECOND = 1_000_000_000L;
    /// A close after less idle time says nothing about a limit: a restart, or a connection that had served enough.
    private static final long TOO_SOON_TO_LEARN = SECOND;
    /// What was learned is forgotten unless seen again: a restart closes connections of any idle time.
    private static final long FORGET = 600 * SECOND;
    private static final long BETWEEN_WARNINGS = 10 * SECOND;

    /// What makes connections equal.
    ///
    /// @param tls        null for plain HTTP
    /// @param serverName name for SNI, null for none
    /// @param proxy      proxy on the way, null for none
    record Key(
            @Nullable ClientTls tls,
            String host,
            int port,
            @Nullable String serverName,
            Upstream.Protocol protocol,
            @Nullable ForwardProxy proxy) {

        static Key of(Upstream upstream) {
            return new Key(upstream.tls(), upstream.host(), upstream.port(), upstream.serverName(), upstream.protocol(),
                    upstream.proxy());
        }

        /// The name whose addresses are connected to.
        String resolved() {
            return proxy == null ? host : proxy.host();
        }
    }

    private final Key key;
    private final String name;
    private final ConnectionBudget budget;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicReferenceArray<@Nullable ConnectionPool> perLoop;
    private final AtomicLong lastWarning = new AtomicLong();
    private final AtomicLong closesSeen = new AtomicLong();
    private volatile long shortestClose;
    private volatile long learnedAt;

    Destination(Key key, String name, ConnectionBudget budget, int loops) {
        this.key = key;
        this.name = name;
        this.budget = budget;
        this.perLoop = new AtomicReferenceArray<>(loops);
    }

    Key key() {
        return key;
    }

    /// `http://host:port`.
    String name() {
        return name;
    }

    // ---- slots -----------------------------------------------------------------------------------------------------

    /// Takes the right to one more connection; false if `limit` are in use, or all that the process may have.
    boolean takeSlot(int limit) {
        if (open.incrementAndGet() > limit) {
            open.decrementAndGet();
            return false;
        }
        if (!budget.take()) {
            open.decrementAndGet();
            return false;
        }
        return true;
    }

    /// A connection is gone: whoever waits, on whichever loop, may try again.
    void giveSlot() {
        open.decrementAndGet();
        serveWaiting();
        budget.give();
    }

    /// Lets calls that wait try again, each on its loop.
    void serveWaiting() {
        if (waiting.get() > 0) {
            for (int i = 0; i < perLoop.length(); i++) {
                ConnectionPool pool = perLoop.get(i);
                if (pool != null) {
                    pool.loop().execute(pool::serveWaiting);
                }
            }
        }
    }

    int open() {
        return open.get();
    }

    /// A call waits on `pool`'s loop. Asks the other loops, one after the other, to give up an idle connection; if it
    /// is the process that has no more, any idle connection to anybody will do.
    void waits(ConnectionPool pool) {
        waiting.incrementAndGet();
        askNext(pool.loop().index(), 1);
        if (budget.isUsedUp()) {
            budget.starves(this);
            pool.upstreams().closeSomeIdle();
        }
    }

    void waitsNoMore() {
        waiting.decrementAndGet();
    }

    private void askNext(int asking, int distance) {
        if (distance >= perLoop.length()) {
            return;
        }
        ConnectionPool pool = perLoop.get((asking + distance) % perLoop.length());
        if (pool == null) {
            askNext(asking, distance + 1);
            return;
        }
        pool.loop().execute(() -> {
            if (!pool.closeOldestIdle()) {
                askNext(asking, distance + 1);
            }
        });
    }

    void join(ConnectionPool pool) {
        perLoop.set(pool.loop().index(), pool);
    }

    /// @return whether that was the last one
    boolean leave(ConnectionPool pool) {
        perLoop.set(pool.loop().index(), null);
        for (int i = 0; i < perLoop.length(); i++) {
            if (perLoop.get(i) != null) {
                return false;
            }
        }
        return open.get() == 0;
    }

    // ---- idle times ------------------------------------------------------------------------------------------------

    /// The upstream closed a connection that had been idle for so long.
    void sawClose(long idle) {
        closesSeen.incrementAndGet();
        long now = System.nanoTime();
        long shortest = shortestClose;
        if (idle >= TOO_SOON_TO_LEARN && (shortest == 0 || idle <= shortest + SECOND || now - learnedAt > FORGET)) {
            shortestClose = shortest == 0 || now - learnedAt > FORGET ? idle : Math.min(idle, shortest);
            learnedAt = now;
        }
    }

    /// How long a connection may be idle here: a second less than the shortest close seen, at least half of it.
    long idleLimit(long wanted) {
        long shortest = shortestClose;
        if (shortest == 0 || System.nanoTime() - learnedAt > FORGET) {
            return wanted;
        }
        return Math.min(wanted, Math.max(shortest - SECOND, shortest / 2));
    }

    /// `closes idle connections after 60.0 s (shortest of 214 closes seen)`, for evidence.
    String learned() {
        long shortest = shortestClose;
        return shortest == 0
                ? "no close of an idle connection was seen from it yet"
                : "it was seen to close idle connections after " + Evidence.time(shortest) + " (shortest of " + closesSeen.get()
                        + " closes)";
    }

    /// Logs, but not with every request.
    void warn(String what) {
        long now = System.nanoTime();
        long last = lastWarning.get();
        if ((last == 0 || now - last > BETWEEN_WARNINGS) && lastWarning.compareAndSet(last, now)) {
            LOG.warn("{}: {}", name, what);
        }
    }
}
