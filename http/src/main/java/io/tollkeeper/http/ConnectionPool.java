package io.tollkeeper.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Set;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// One loop's connections to one destination: those that can take a call, last used first, and the calls that wait. On its
/// loop, unless said otherwise.
///
/// | a call finds | HTTP/1 | HTTP/2 |
/// |---|---|---|
/// | a connection without a call | takes it | takes a stream of it |
/// | one with calls | | takes a stream of it, while the upstream allows more |
/// | one that is being opened | opens another | boards it |
/// | none | opens one, or waits if the limit over all loops is reached | the same |
final class ConnectionPool {

    private final UpstreamPool upstreams;
    private final Loop loop;
    private final Destination destination;
    private final boolean http2;
    private final ArrayDeque<PooledConnection> free = new ArrayDeque<>();
    private final ArrayDeque<OutgoingCall> waiting = new ArrayDeque<>();
    /// Calls that wait for a connection of HTTP/2 that is being opened.
    private final ArrayDeque<OutgoingCall> boarding = new ArrayDeque<>();
    private int attempts;
    private Set<InetAddress> left = Set.of();
    private long lastServed = System.nanoTime();
    private boolean closed;

    ConnectionPool(UpstreamPool upstreams, Loop loop, Destination destination) {
        this.upstreams = upstreams;
        this.loop = loop;
        this.destination = destination;
        this.http2 = destination.key().protocol() == Upstream.Protocol.HTTP_2;
    }

    UpstreamPool upstreams() {
        return upstreams;
    }

    /// Any thread.
    Loop loop() {
        return loop;
    }

    Destination destination() {
        return destination;
    }

    boolean isClosed() {
        return closed;
    }

    // ---- calls -----------------------------------------------------------------------------------------------------

    /// Gives the call a connection, now or later, or refuses it.
    void serve(OutgoingCall call, long now) {
        lastServed = now;
        // A second attempt gets a connection of its own: others that lay idle as long may be dead as well.
        PooledConnection connection = call.isRetry() && !http2 ? null : take(now);
        if (connection != null) {
            connection.exchange(call, now);
        } else if (boarding.size() < attempts * Http2UpstreamConnection.ASSUMED_STREAMS) {
            call.boards();
            boarding.addLast(call);
        } else if (destination.takeSlot(call.upstream().maxConnections())) {
            connect(call);
        } else {
            waiting.addLast(call);
            call.waitsForSlot(upstreams.settings().slotWait().toNanos());
            destination.waits(this);
        }
    }

    private @Nullable PooledConnection take(long now) {
        PooledConnection connection;
        while ((connection = free.peekLast()) != null) {
            boolean usable = connection.isUsable(now);
            if (!usable || !connection.takesMoreThanOne()) {
                free.removeLast();
            }
            if (usable) {
                return connection;
            }
            connection.retire();
        }
        return null;
    }

    private void connect(OutgoingCall call) {
        if (http2) {
            attempts++;
        }
        new ConnectAttempt(this, call).start();
    }

    PooledConnection newConnection(InetSocketAddress address, long number) {
        return http2 ? new Http2UpstreamConnection(this, address, number) : new UpstreamConnection(this, address, number);
    }

    /// A connection stands.
    ///
    /// @param call for which it was opened, null if that left
    void stands(PooledConnection connection, @Nullable OutgoingCall call, long now) {
        if (call != null) {
            connection.exchange(call, now);
        }
        if (!http2) {
            if (call == null) {
                release(connection, now);
            }
            return;
        }
        attempts--;
        release(connection, now);
        // Those that found no room look for another.
        for (int n = boarding.size(); n > 0 && attempts == 0; n--) {
            OutgoingCall next = boarding.pollFirst();
            if (next != null) {
                serve(next, now);
            }
        }
    }

    /// A connection could not be opened.
    ///
    /// @param tried false if it was given up because its call had left
    void attemptFailed(boolean tried, Reason why, String evidence) {
        if (!http2) {
            return;
        }
        attempts--;
        OutgoingCall call;
        while ((call = boarding.pollFirst()) != null) {
            if (tried) {
                call.fail(why, evidence);
            } else {
                serve(call, System.nanoTime());
                return; // the others board with it
            }
        }
    }

    /// The call waits no longer.
    void forget(OutgoingCall call) {
        if (waiting.remove(call)) {
            destination.waitsNoMore();
        } else {
            boarding.remove(call);
        }
    }

    /// The call has waited long enough.
    void slotWaitOver(OutgoingCall call) {
        int others = waiting.size() - 1;
        forget(call);
        call.fail(
                Reason.UPSTREAM_POOL_EXHAUSTED,
                destination.open() + " connections to " + destination.name() + " are open over all loops, limit "
                        + call.upstream().maxConnections()
                        + (upstreams.budget().isUsedUp()
                                ? ", and all upstreams together have used up the limit of " + upstreams.budget().limit()
                                : "")
                        + "; waited "
                        + Evidence.time(upstreams.settings().slotWait().toNanos()) + " for one; " + others
                        + " more calls wait on this loop");
    }

    /// There may be a free slot.
    void serveWaiting() {
        OutgoingCall call;
        while ((call = waiting.peekFirst()) != null && destination.takeSlot(call.upstream().maxConnections())) {
            waiting.removeFirst();
            destination.waitsNoMore();
            connect(call);
        }
    }

    // ---- connections -----------------------------------------------------------------------------------------------

    /// A connection can take a call: it was just opened, or one of its exchanges is over.
    void release(PooledConnection connection, long now) {
        if (closed || !connection.isUsable(now)) {
            connection.retire();
            return;
        }
        OutgoingCall next;
        while ((next = nextWaiting()) != null) {
            boolean more = connection.takesMoreThanOne();
            connection.exchange(next, now);
            if (!more) {
                return;
            }
        }
        connection.rest(now, destination.idleLimit(upstreams.settings().idle().toNanos()));
        free.addLast(connection);
    }

    private @Nullable OutgoingCall nextWaiting() {
        OutgoingCall boarder = boarding.pollFirst();
        if (boarder != null) {
            return boarder;
        }
        OutgoingCall next = waiting.pollFirst();
        if (next != null) {
            destination.waitsNoMore();
        }
        return next;
    }

    /// A connection takes no more calls.
    void remove(PooledConnection connection) {
        free.removeLastOccurrence(connection);
    }

    /// For another loop that needs the slot.
    ///
    /// @return false if there is none
    boolean closeOldestIdle() {
        for (PooledConnection connection : free) {
            if (connection.isIdle()) {
                free.remove(connection);
                connection.close();
                return true;
            }
        }
        return false;
    }

    /// Whether nothing was asked of it for `time`, and nothing is left of what was.
    boolean isForgotten(long now, long time) {
        return free.isEmpty() && waiting.isEmpty() && destination.open() == 0 && now - lastServed > time;
    }

    /// Keeps the name's answer fresh while there are connections to it, and closes idle ones that are too old or lead to
    /// an address that left.
    void sweep(long now) {
        String host = destination.key().resolved();
        if (destination.open() > 0) {
            upstreams.resolver().keepFresh(host);
        }
        left = upstreams.resolver().left(host);
        free.removeIf(connection -> {
            if (connection.isUsable(now)) {
                return false;
            }
            connection.retire();
            return true;
        });
    }

    boolean hasLeft(InetAddress address) {
        return !left.isEmpty() && left.contains(address);
    }

    void close() {
        closed = true;
        PooledConnection connection;
        while ((connection = free.pollLast()) != null) {
            connection.retire();
        }
        OutgoingCall call;
        while ((call = waiting.pollFirst()) != null) {
            destination.waitsNoMore();
            call.fail(Reason.DRAINING, "the gateway shuts down");
        }
    }
}
