package io.tollkeeper.http;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
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
    private final Upstream.Timeouts timeouts;
    private @Nullable OutgoingCall call;
    private @Nullable ClientTlsContext tls;
    private boolean slotHandedOver;
    private List<InetAddress> addresses = List.of();
    private int first;
    private int tried;
    private long triedAt;
    private String firstBytes = "";
    private @Nullable Reason reason;
    private final StringBuilder evidence = new StringBuilder();

    ConnectAttempt(ConnectionPool pool, OutgoingCall call) {
        this.pool = pool;
        this.destination = pool.destination();
        this.upstream = call.upstream();
        this.timeouts = call.timeouts();
        this.call = call;
    }

    void start() {
        OutgoingCall c = call;
        if (c != null) {
            c.connecting(this);
        }
        ClientTls settings = upstream.tls();
        if (settings == null) {
            resolve();
            return;
        }
        tls = pool.upstreams().preparedTls(settings, upstream.protocol());
        if (tls != null) {
            resolve();
        } else {
            // Reads files: once per settings, and not on the loop.
            Thread.ofVirtual().name("tls-settings").start(() -> prepare(settings));
        }
    }

    private void prepare(ClientTls settings) {
        try {
            ClientTlsContext made = pool.upstreams().contextOf(settings, upstream.protocol());
            pool.loop().execute(() -> {
                tls = made;
                resolve();
            });
        } catch (IllegalArgumentException e) {
            pool.loop().execute(() -> giveUp(Reason.UPSTREAM_TLS_SETTINGS, destination.name() + ": " + e.getMessage()));
        }
    }

    private void resolve() {
        pool.upstreams().resolver().resolve(pool.loop(), upstream.nextHost(), this::resolved);
    }

    /// The call left. What is being opened goes to the pool.
    void abandon() {
        call = null;
    }

    private void resolved(Resolution resolution) {
        switch (resolution) {
            case Resolution.Failed(var why, var text) -> {
                if (upstream.proxy() == null) {
                    giveUp(why, text);
                } else {
                    giveUp(Reason.PROXY_UNREACHABLE, destination.name() + ": " + why.code() + ", " + text);
                }
            }
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
                new InetSocketAddress(addresses.get((first + tried) % addresses.size()), upstream.nextPort());
        tried++;
        triedAt = System.nanoTime();
        OutgoingCall c = call;
        if (c != null) {
            UpstreamFacts facts = c.facts();
            facts.addressesTried = tried;
            facts.address = address.getAddress().getHostAddress();
            facts.port = address.getPort();
        }
        PooledConnection connection = pool.newConnection(address, CONNECTIONS.incrementAndGet());
        // One silent address must not use up the time of the others.
        long millis = timeouts.connect().toMillis() / Math.min(addresses.size(), MOST_ADDRESSES);
        pool.upstreams()
                .bootstrap(pool.loop())
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) Math.min(Integer.MAX_VALUE, millis))
                .handler(new Pipeline(connection, address))
                .connect(address)
                .addListener(done -> connected((ChannelFuture) done, connection, address));
    }

    /// A proxy that has to be asked, TLS where it is wanted, then the connection.
    private final class Pipeline extends ChannelInitializer<Channel> {
        private final PooledConnection connection;
        private final InetSocketAddress address;

        Pipeline(PooledConnection connection, InetSocketAddress address) {
            this.connection = connection;
            this.address = address;
        }

        @Override
        protected void initChannel(Channel channel) {
            ReadStop.addTo(channel, pool.upstreams().transport());
            ForwardProxy proxy = upstream.proxy();
            if (tls != null && proxy != null) {
                channel.pipeline().addLast(proxyTunnel(proxy, channel)).addLast(connection);
            } else {
                channel.pipeline().addLast(connection);
                addTls(channel, connection);
            }
        }

        private ProxyTunnel proxyTunnel(ForwardProxy proxy, Channel channel) {
            return new ProxyTunnel(upstream, proxy, pool.upstreams().headLimits(), pool.loop(), timeouts.connect().toNanos(),
                    new ProxyTunnel.Outcome() {
                        @Override
                        public void open() {
                            addTls(channel, connection);
                            secure(channel, connection, address);
                            channel.read();
                        }

                        @Override
                        public void failed(Reason why, String what) {
                            giveUp(why, destination.name() + " at " + Evidence.address(address) + ": " + what);
                            connection.close();
                        }
                    });
        }
    }

    private void addTls(Channel channel, PooledConnection connection) {
        if (tls != null) {
            String behind = channel.pipeline().context(connection).name();
            channel.pipeline()
                    .addBefore(behind, null, new FirstBytes())
                    .addBefore(behind, null, tls.newHandler(channel.alloc(), upstream, timeouts.handshake()));
        }
    }

    /// Remembers what came first, for the evidence of a handshake with something that speaks no TLS; then goes.
    private final class FirstBytes extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof ByteBuf bytes) {
                firstBytes = Evidence.firstBytes(bytes, bytes.readerIndex());
            }
            context.fireChannelRead(message);
            context.pipeline().remove(this);
        }
    }

    private void connected(ChannelFuture done, PooledConnection connection, InetSocketAddress address) {
        if (done.isSuccess()) {
            slotHandedOver = true;
            done.channel().closeFuture().addListener(closed -> destination.giveSlot());
            if (done.channel().pipeline().get(ProxyTunnel.class) == null) {
                secure(done.channel(), connection, address);
            }
            return;
        }
        note(address, done.cause());
        if (tried < Math.min(addresses.size(), MOST_ADDRESSES) && call != null && !pool.isClosed()) {
            tryNext();
            return;
        }
        Reason why = reason;
        if (why != null && why != Reason.INTERNAL && upstream.proxy() != null) {
            why = Reason.PROXY_UNREACHABLE;
        }
        giveUp(why == null ? Reason.INTERNAL : why, evidence.toString());
    }

    /// Waits for TLS, if there is any.
    private void secure(Channel channel, PooledConnection connection, InetSocketAddress address) {
        SslHandler secured = channel.pipeline().get(SslHandler.class);
        if (secured == null) {
            stands(connection);
            return;
        }
        long started = System.nanoTime();
        secured.handshakeFuture().addListener(shaken -> {
            if (shaken.isSuccess()) {
                stands(connection);
            } else {
                handshakeFailed(shaken.cause(), address, System.nanoTime() - started);
                connection.close();
            }
        });
    }

    private void stands(PooledConnection connection) {
        long now = System.nanoTime();
        connection.opened(now);
        OutgoingCall c = call;
        call = null;
        if (c != null) {
            c.facts().connectedNanos = now;
        }
        pool.stands(connection, c, now);
    }

    private void handshakeFailed(Throwable cause, InetSocketAddress address, long took) {
        String name = upstream.serverName();
        String text = destination.name() + " at " + Evidence.address(address) + ", TLS handshake ("
                + (name == null ? "no SNI sent" : "SNI sent: " + name) + "): ";
        UntrustedException verdict = CertificateCheck.in(cause);
        int alert = TlsAlert.number(cause);
        if (verdict != null) {
            giveUp(verdict.reason(), text + verdict.getMessage());
        } else if (alert >= 0) {
            giveUp(Reason.UPSTREAM_TLS_ALERT, text + "the upstream ended it with " + TlsAlert.describe(alert));
        } else if (cause instanceof NotSslRecordException) {
            giveUp(Reason.UPSTREAM_TLS_PROTOCOL,
                    text + "the answer is no TLS; " + firstBytes + "; the port speaks plain text: use http://");
        } else if (cause instanceof SslHandshakeTimeoutException) {
            giveUp(Reason.UPSTREAM_TLS_PROTOCOL, text + "not complete after " + Evidence.time(took)
                    + ", although the connection stands; perhaps the port speaks plain text");
        } else if (cause instanceof ClosedChannelException || cause instanceof SSLException closed && closed.getMessage() != null
                && closed.getMessage().contains("closed")) {
            giveUp(Reason.UPSTREAM_TLS_PROTOCOL, text + "the upstream closed the connection after " + Evidence.time(took)
                    + " without an alert");
        } else if (cause instanceof SSLException) {
            giveUp(Reason.UPSTREAM_TLS_PROTOCOL, text + cause.getMessage());
        } else {
            giveUp(Reason.UPSTREAM_TLS_PROTOCOL, text + "the connection broke after " + Evidence.time(took) + " ("
                    + cause.getMessage() + ")");
        }
    }

    private void giveUp(Reason why, String text) {
        if (!slotHandedOver) {
            destination.giveSlot();
        }
        OutgoingCall c = call;
        call = null;
        if (c != null) {
            c.fail(why, text);
        }
        pool.attemptFailed(c != null, why, text);
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
