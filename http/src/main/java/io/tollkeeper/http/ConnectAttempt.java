package io.tollkeeper.http;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// Opens one connection: resolves the name, tries up to three addresses in turn, then TLS. Owns a slot of its
/// destination until a connection takes it over. On its loop.
final class ConnectAttempt {

    private static final int MOST_ADDRESSES = 3;
    private static final AtomicLong CONNECTIONS = new AtomicLong();

    private final ConnectionPool pool;
    private final Destination destination;
    private final Upstream upstream;
    private @Nullable OutgoingCall call;
    private List<InetAddress> addresses = List.of();
    private int first;
    private int tried;
    private long triedAt;
    private @Nullable Reason reason;
    private final StringBuilder evidence = new StringBuilder();

    ConnectAttempt(ConnectionPool pool, OutgoingCall call) {
        this.pool = pool;
        this.destination = pool.destination();
        this.upstream = call.upstream();
        this.call = call;
    }

    void start() {
        OutgoingCall c = call;
        if (c != null) {
            c.connecting(this);
        }
        pool.upstreams().resolver().resolve(pool.loop(), upstream.host(), this::resolved);
    }

    /// The call left. What is being opened goes to the pool.
    void abandon() {
        call = null;
    }

    private void resolved(Resolution resolution) {
        switch (resolution) {
            case Resolution.Failed(var why, var text) -> giveUp(why, text);
            case Resolution.Found(var found, var stale) -> {
                OutgoingCall c = call;
                if (c == null || pool.isClosed()) {
                    giveUp(Reason.DRAINING, "the gateway shuts down");
                    return;
                }
                c.facts().resolvedNanos = System.nanoTime();
                c.facts().staleAnswer = stale;
                addresses = found;
                first = pool.upstreams().nextTurn();
                tryNext();
            }
        }
    }

    private void tryNext() {
        InetSocketAddress address =
                new InetSocketAddress(addresses.get((first + tried) % addresses.size()), upstream.port());
        tried++;
        triedAt = System.nanoTime();
        OutgoingCall c = call;
        if (c != null) {
            UpstreamFacts facts = c.facts();
            facts.addressesTried = tried;
            facts.address = address.getAddress().getHostAddress();
            facts.port = address.getPort();
        }
        UpstreamConnection connection = new UpstreamConnection(pool, address, CONNECTIONS.incrementAndGet());
        // One silent address must not use up the time of the others.
        long millis = upstream.timeouts().connect().toMillis() / Math.min(addresses.size(), MOST_ADDRESSES);
        pool.upstreams()
                .bootstrap(pool.loop())
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) Math.min(Integer.MAX_VALUE, millis))
                .handler(connection)
                .connect(address)
                .addListener(done -> connected((ChannelFuture) done, connection, address));
    }

    private void connected(ChannelFuture done, UpstreamConnection connection, InetSocketAddress address) {
        if (done.isSuccess()) {
            done.channel().closeFuture().addListener(closed -> destination.giveSlot());
            stands(connection);
            return;
        }
        note(address, done.cause());
        if (tried < Math.min(addresses.size(), MOST_ADDRESSES) && call != null && !pool.isClosed()) {
            tryNext();
            return;
        }
        Reason why = reason;
        giveUp(why == null ? Reason.INTERNAL : why, evidence.toString());
    }

    private void stands(UpstreamConnection connection) {
        long now = System.nanoTime();
        connection.opened(now);
        OutgoingCall c = call;
        call = null;
        if (c == null) {
            pool.release(connection, now);
        } else {
            c.facts().connectedNanos = now;
            connection.exchange(c, now);
        }
    }

    private void giveUp(Reason why, String text) {
        destination.giveSlot();
        OutgoingCall c = call;
        call = null;
        if (c != null) {
            c.fail(why, text);
        }
    }

    private void note(InetSocketAddress address, Throwable cause) {
        long took = System.nanoTime() - triedAt;
        String at = Evidence.address(address);
        evidence.append(evidence.isEmpty() ? destination.name() + ": " : "; ");
        String message = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
        if (cause instanceof ConnectTimeoutException || message.contains("timed out")) {
            reason = Reason.UPSTREAM_CONNECT_TIMEOUT;
            evidence.append(at).append(" did not answer the connection attempt within ").append(Evidence.time(took));
        } else if (cause instanceof NoRouteToHostException || message.contains("unreachable")) {
            reason = Reason.UPSTREAM_UNROUTABLE;
            evidence.append("no route to ").append(at).append(" (").append(cause.getMessage()).append(')');
        } else if (cause instanceof ConnectException && message.contains("refused")) {
            reason = Reason.UPSTREAM_REFUSED;
            evidence.append(at).append(" refused the connection after ").append(Evidence.time(took));
        } else if (cause instanceof IOException && message.contains("reset")) {
            reason = Reason.UPSTREAM_RESET_EARLY;
            evidence.append(at).append(" reset the connection attempt after ").append(Evidence.time(took));
        } else {
            // No local ports, no file descriptors: ours to mend, not the upstream's.
            reason = Reason.INTERNAL;
            evidence.append("connecting to ").append(at).append(" failed: ").append(cause);
        }
    }
}
