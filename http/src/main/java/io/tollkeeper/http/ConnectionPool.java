package io.tollkeeper.http;

import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.Set;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// One loop's connections to one destination: the idle ones, last used first, and the calls that wait because the limit
/// over all loops is reached. On its loop, unless said otherwise.
final class ConnectionPool {

    private final UpstreamPool upstreams;
    private final Loop loop;
    private final Destination destination;
    private final ArrayDeque<UpstreamConnection> idle = new ArrayDeque<>();
    private final ArrayDeque<OutgoingCall> waiting = new ArrayDeque<>();
    private Set<InetAddress> left = Set.of();
    private long lastServed = System.nanoTime();
    private boolean closed;

    ConnectionPool(UpstreamPool upstreams, Loop loop, Destination destination) {
        this.upstreams = upstreams;
        this.loop = loop;
        this.destination = destination;
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
        UpstreamConnection connection = call.isRetry() ? null : takeIdle(now);
        if (connection != null) {
            connection.exchange(call, now);
        } else if (destination.takeSlot(call.upstream().maxConnections())) {
            new ConnectAttempt(this, call).start();
        } else {
            waiting.addLast(call);
            call.waitsForSlot(upstreams.settings().slotWait().toNanos());
            destination.waits(this);
        }
    }

    private @Nullable UpstreamConnection takeIdle(long now) {
        UpstreamConnection connection;
        while ((connection = idle.pollLast()) != null) {
            if (connection.isUsable(now)) {
                return connection;
            }
            connection.close();
        }
        return null;
    }

    /// The call waits no longer.
    void forget(OutgoingCall call) {
        if (waiting.remove(call)) {
            destination.waitsNoMore();
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
            new ConnectAttempt(this, call).start();
        }
    }

    // ---- connections -----------------------------------------------------------------------------------------------

    /// A connection is free: it was just opened for a call that left, or its exchange is over.
    void release(UpstreamConnection connection, long now) {
        if (closed || !connection.isUsable(now)) {
            connection.close();
            return;
        }
        OutgoingCall next = waiting.pollFirst();
        if (next != null) {
            destination.waitsNoMore();
            connection.exchange(next, now);
            return;
        }
        connection.rest(now, destination.idleLimit(upstreams.settings().idle().toNanos()));
        idle.addLast(connection);
    }

    /// An idle connection ended.
    void removeIdle(UpstreamConnection connection) {
        idle.removeLastOccurrence(connection);
    }

    /// For another loop that needs the slot.
    ///
    /// @return false if there is none
    boolean closeOldestIdle() {
        UpstreamConnection oldest = idle.pollFirst();
        if (oldest == null) {
            return false;
        }
        oldest.close();
        return true;
    }

    /// Whether nothing was asked of it for `time`, and nothing is left of what was.
    boolean isForgotten(long now, long time) {
        return idle.isEmpty() && waiting.isEmpty() && destination.open() == 0 && now - lastServed > time;
    }

    /// Keeps the name's answer fresh while there are connections to it, and closes idle ones that are too old or lead to
    /// an address that left.
    void sweep(long now) {
        String host = destination.key().resolved();
        if (destination.open() > 0) {
            upstreams.resolver().keepFresh(host);
        }
        left = upstreams.resolver().left(host);
        idle.removeIf(connection -> {
            if (connection.isUsable(now)) {
                return false;
            }
            connection.close();
            return true;
        });
    }

    boolean hasLeft(InetAddress address) {
        return !left.isEmpty() && left.contains(address);
    }

    void close() {
        closed = true;
        while (closeOldestIdle()) {}
        OutgoingCall call;
        while ((call = waiting.pollFirst()) != null) {
            destination.waitsNoMore();
            call.fail(Reason.DRAINING, "the gateway shuts down");
        }
    }
}
