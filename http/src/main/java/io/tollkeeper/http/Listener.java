package io.tollkeeper.http;

import java.net.InetSocketAddress;
import java.security.cert.Certificate;
import java.security.cert.CertificateEncodingException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

import io.netty.channel.Channel;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A socket that accepts connections, and the connections it accepted. Made by [Engine#listen].
public final class Listener implements AutoCloseable {

    private final LongAdder acceptedCount = new LongAdder();

    private static final Logger LOG = LoggerFactory.getLogger(Listener.class);
    private static final AtomicLong CONNECTIONS = new AtomicLong();
    private static final int KEPT_STREAMS = 256;
    private static final long NOTE_EVERY = TimeUnit.SECONDS.toNanos(10);

    private final ListenerSettings settings;
    private final ExchangeHandler.Factory handlers;
    private final @Nullable ServerTlsContext tls;
    private final Set<ServerConnection> connections = ConcurrentHashMap.newKeySet();
    /// Streams of HTTP/2 that wait for their next use, per loop.
    private final ArrayDeque<Http2Exchange>[] streams;
    private final AtomicLong attacks = new AtomicLong();
    private final AtomicLong attackNoted = new AtomicLong(System.nanoTime() - NOTE_EVERY - 1);
    private volatile @Nullable Channel channel;
    private volatile boolean draining;

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of generic elements
    Listener(ListenerSettings settings, ExchangeHandler.Factory handlers, int loops) {
        this.settings = settings;
        this.handlers = handlers;
        this.tls = settings.tls() == null
                ? null
                : ServerTlsContext.of(settings.tls(), settings.timeouts().handshake(), settings.http2() != null);
        this.streams = new ArrayDeque[loops];
        for (int i = 0; i < loops; i++) {
            streams[i] = new ArrayDeque<>();
        }
    }

    /// A stream of HTTP/2 to use; on its loop.
    Http2Exchange takeStream(Loop loop) {
        Http2Exchange stream = streams[loop.index()].pollFirst();
        return stream == null ? new Http2Exchange(loop, this) : stream;
    }

    /// The stream is free for others.
    void giveStream(Http2Exchange stream) {
        ArrayDeque<Http2Exchange> free = streams[stream.loop().index()];
        stream.rest();
        if (free.size() < KEPT_STREAMS) {
            free.addFirst(stream);
        }
    }

    /// A client does what only an attacker does: told in the log now and then.
    void noteAttack(Request.Peer peer, String what) {
        attacks.incrementAndGet();
        if (mayNote()) {
            LOG.warn("{}: client {} was sent away: {} ({} such connections so far)",
                    settings.name(), peer.address(), what, attacks.get());
        }
    }

    private boolean mayNote() {
        long now = System.nanoTime();
        long last = attackNoted.get();
        return now - last > NOTE_EVERY && attackNoted.compareAndSet(last, now);
    }

    ListenerSettings settings() {
        return settings;
    }

    ExchangeHandler.Factory handlers() {
        return handlers;
    }

    long nextConnectionNumber() {
        return CONNECTIONS.incrementAndGet();
    }

    /// The address in use; tells the port where 0 was asked for.
    public InetSocketAddress address() {
        Channel c = channel;
        if (c == null) {
            throw new IllegalStateException("the listener is not open yet");
        }
        return (InetSocketAddress) c.localAddress();
    }

    /// Connections open now.
    public int openConnections() {
        return connections.size();
    }

    /// Connections accepted so far.
    public long acceptedConnections() {
        return acceptedCount.sum();
    }

    boolean isDraining() {
        return draining;
    }

    /// Takes over certificates that were renewed. Blocks.
    void lookAtFiles() {
        if (tls != null && !draining) {
            tls.lookAtFiles(settings.name());
        }
    }

    void opened(Channel serverChannel) {
        channel = serverChannel;
    }

    /// A connection was accepted; on its loop.
    void accepted(SocketChannel accepted, Loop loop) {
        acceptedCount.increment();
        Http1Connection connection = new Http1Connection(this, loop, accepted);
        connections.add(connection);
        accepted.closeFuture().addListener(closed -> connections.remove(connection));
        if (settings.proxyProtocol()) {
            accepted.pipeline()
                    .addLast(new ProxyHeader(loop, accepted, () -> begin(accepted, connection), why -> noteStranger(accepted, why)));
        } else {
            begin(accepted, connection);
        }
    }

    private void begin(SocketChannel accepted, Http1Connection connection) {
        if (tls == null) {
            accepted.pipeline().addLast(connection);
        } else {
            tls.addTo(accepted, connection);
        }
    }

    /// A connection did not say whose it is.
    private void noteStranger(SocketChannel accepted, String why) {
        if (mayNote()) {
            LOG.warn("{}: connection from {} was closed: {}", settings.name(), accepted.remoteAddress(), why);
        }
    }

    /// The client of `before` speaks HTTP/2: that goes on in its place.
    Http2Connection replace(ServerConnection before, Http2Limits limits, Channel accepted) {
        Http2Connection connection = new Http2Connection(this, before.loop(), accepted, limits);
        connections.add(connection);
        connections.remove(before);
        accepted.closeFuture().addListener(closed -> connections.remove(connection));
        if (draining) {
            // Whoever tells all connections may have missed this one, and its predecessor hears nothing any more.
            before.loop().execute(connection::leaveSoon);
        }
        return connection;
    }

    /// Whether the connection is open and no other took its place.
    boolean has(ServerConnection connection) {
        return connections.contains(connection);
    }

    void closed(ServerConnection connection) {
        connections.remove(connection);
    }

    /// Stops accepting, closes idle connections, lets the others finish their exchange (their answers say
    /// `Connection: close`) for at most `patience`, then closes what is left. Blocks until all are closed.
    public void drain(Duration patience) {
        draining = true;
        Channel c = channel;
        if (c != null) {
            c.close().awaitUninterruptibly();
        }
        for (ServerConnection connection : connections) {
            connection.loop().execute(connection::leaveSoon);
        }
        if (!awaitClosed(patience)) {
            if (patience.isPositive()) {
                LOG.warn("{}: {} connections still busy after {} s are closed", settings.name(), connections.size(), patience.toSeconds());
            }
            for (ServerConnection connection : connections) {
                connection.loop().execute(connection::leaveNow);
            }
            awaitClosed(Duration.ofSeconds(2));
        }
    }

    private boolean awaitClosed(Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        while (!connections.isEmpty()) {
            if (System.nanoTime() - end >= 0) {
                return false;
            }
            try {
                TimeUnit.MILLISECONDS.sleep(10);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    /// Closes listener and connections at once.
    @Override
    public void close() {
        drain(Duration.ZERO);
    }

    Request.@Nullable Tls tlsFacts(Channel accepted) {
        ServerTls wanted = settings.tls();
        SslHandler handler = accepted.pipeline().get(SslHandler.class);
        if (wanted == null || handler == null) {
            return null;
        }
        SSLSession session = handler.engine().getSession();
        return new Request.Tls(session.getProtocol(), session.getCipherSuite(), ServerTlsContext.serverName(accepted),
                wanted.clientCertificates() == ServerTls.ClientCertificates.IGNORED
                        ? List.of()
                        : clientChain(session, wanted.verifyDepth() + 1));
    }

    private static List<byte[]> clientChain(SSLSession session, int most) {
        try {
            Certificate[] sent = session.getPeerCertificates();
            List<byte[]> chain = new ArrayList<>();
            for (int i = 0; i < Math.min(sent.length, most); i++) {
                chain.add(sent[i].getEncoded());
            }
            return chain;
        } catch (SSLPeerUnverifiedException _) {
            return List.of(); // it sent none
        } catch (CertificateEncodingException e) {
            LOG.debug("a client's certificate cannot be kept", e);
            return List.of();
        }
    }
}
