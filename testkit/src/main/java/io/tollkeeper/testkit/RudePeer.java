package io.tollkeeper.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

import org.jspecify.annotations.Nullable;

/// An upstream that misbehaves as told, on a free loopback port, and remembers what it received. One virtual thread per
/// connection; any thread may ask and change it.
///
/// ```java
/// try (var upstream = RudePeer.start(Manner.inTurn(Manner.citizen(), Manner.resetAfterRequest()))) {
///     … call http://127.0.0.1:upstream.port() …
///     assertThat(upstream.lastRequest().header("host")).isEqualTo("api.test");
/// }
/// ```
///
/// Refused and unanswered connects need no peer: [RefusingPort], [UnansweringPort].
public final class RudePeer implements AutoCloseable {

    private static final int MOST_CONNECTIONS = 20_000;
    private static final int KEPT_REQUESTS = 1_000;
    private static final int KEPT_FAILURES = 100;

    private final ServerSocket listener;
    private final @Nullable SSLContext tls;
    private final boolean wantsClientCertificate;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicLong received = new AtomicLong();
    private final ArrayDeque<ReceivedRequest> requests = new ArrayDeque<>();
    private final List<Exception> failures = new ArrayList<>();
    private volatile Script script;

    private RudePeer(
            ServerSocket listener, @Nullable SSLContext tls, boolean wantsClientCertificate, List<Manner> manners) {
        this.listener = listener;
        this.tls = tls;
        this.wantsClientCertificate = wantsClientCertificate;
        this.script = new Script(0, manners);
    }

    /// The first connection is met with the first manner, and so on; the last manner repeats.
    public static RudePeer start(Manner first, Manner... next) {
        return start(0, null, false, first, next);
    }

    /// On a given port: for an upstream that comes back where it was.
    public static RudePeer startOn(int port, Manner first, Manner... next) {
        return start(port, null, false, first, next);
    }

    /// On another address of this machine, such as 127.0.0.2, and a given port.
    public static RudePeer startAt(InetAddress address, int port, Manner first, Manner... next) {
        return start(new InetSocketAddress(address, port), null, false, first, next);
    }

    /// Speaks TLS with the certificate of that context; see [TestCertificates.Identity#context()].
    public static RudePeer startTls(SSLContext tls, Manner first, Manner... next) {
        return start(0, tls, false, first, next);
    }

    /// As [#startTls], and ends handshakes of clients without a certificate that the context trusts.
    public static RudePeer startMutualTls(SSLContext tls, Manner first, Manner... next) {
        return start(0, tls, true, first, next);
    }

    private static RudePeer start(
            int port, @Nullable SSLContext tls, boolean wantsClientCertificate, Manner first, Manner... next) {
        return start(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), tls, wantsClientCertificate, first, next);
    }

    private static RudePeer start(
            InetSocketAddress address, @Nullable SSLContext tls, boolean wantsClientCertificate, Manner first, Manner... next) {
        try {
            var listener = new ServerSocket();
            listener.setReuseAddress(true);
            listener.bind(address, 1024);
            var peer = new RudePeer(listener, tls, wantsClientCertificate, listOf(first, next));
            peer.threads.execute(peer::acceptAll);
            return peer;
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot listen on " + address, failure);
        }
    }

    private static List<Manner> listOf(Manner first, Manner... next) {
        var all = new ArrayList<Manner>();
        all.add(first);
        all.addAll(List.of(next));
        return List.copyOf(all);
    }

    public int port() {
        return listener.getLocalPort();
    }

    /// From the next connection on: the first one with the first manner, and so on; the last repeats.
    public void behave(Manner first, Manner... next) {
        script = new Script(accepted.get(), listOf(first, next));
    }

    /// Connections accepted so far.
    public int connections() {
        return accepted.get();
    }

    /// Connections that are open now.
    public int openConnections() {
        return open.size();
    }

    /// Requests whose head was received so far.
    public long received() {
        return received.get();
    }

    /// The last 1 000 requests, oldest first; a request is listed from its head on.
    public List<ReceivedRequest> requests() {
        synchronized (requests) {
            return List.copyOf(requests);
        }
    }

    /// The latest request; fails when there was none.
    public ReceivedRequest lastRequest() {
        synchronized (requests) {
            var last = requests.peekLast();
            if (last == null) {
                throw new AssertionError("the upstream on port " + port() + " received no request");
            }
            return last;
        }
    }

    /// What went wrong on connections, in the eyes of this peer: violations of the protocol, failed handshakes,
    /// connections that broke in the middle of a request.
    public List<Exception> failures() {
        synchronized (failures) {
            return List.copyOf(failures);
        }
    }

    private void acceptAll() {
        while (!listener.isClosed()) {
            try {
                var socket = listener.accept();
                var number = accepted.incrementAndGet();
                if (open.size() >= MOST_CONNECTIONS) {
                    socket.close();
                    continue;
                }
                open.add(socket);
                threads.execute(() -> serve(socket, number));
            } catch (IOException failure) {
                if (!listener.isClosed()) {
                    note(failure);
                }
            }
        }
    }

    private void serve(Socket socket, int number) {
        try (socket) {
            var manner = script.mannerFor(number);
            var conversation = new Conversation(socket, secured(socket), number, this::remember);
            try {
                converse(conversation, manner);
            } finally {
                conversation.end();
            }
        } catch (IOException | RuntimeException failure) {
            if (!listener.isClosed()) {
                note(failure);
            }
        } finally {
            open.remove(socket);
        }
    }

    private static void converse(Conversation conversation, Manner manner) throws IOException {
        try {
            do {
                conversation.nextExchange();
            } while (manner.meet(conversation));
        } catch (ProtocolViolation violation) {
            conversation.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            throw violation;
        }
    }

    private Socket secured(Socket socket) throws IOException {
        if (tls == null) {
            return socket;
        }
        var secured = (SSLSocket) tls.getSocketFactory().createSocket(socket, null, socket.getPort(), true);
        secured.setUseClientMode(false);
        secured.setNeedClientAuth(wantsClientCertificate);
        secured.setSoTimeout(10_000);
        secured.startHandshake();
        return secured;
    }

    private void remember(ReceivedRequest request) {
        received.incrementAndGet();
        synchronized (requests) {
            if (requests.size() == KEPT_REQUESTS) {
                requests.removeFirst();
            }
            requests.addLast(request);
        }
    }

    private void note(Exception failure) {
        synchronized (failures) {
            if (failures.size() < KEPT_FAILURES) {
                failures.add(failure);
            }
        }
    }

    /// Closes all open connections with FIN and goes on accepting new ones.
    public void dropConnections() throws IOException {
        for (var socket : open) {
            socket.close();
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        dropConnections();
        threads.shutdownNow();
        threads.close();
    }

    /// Manners by number of connection, counted from the connection after which they were told.
    private record Script(int after, List<Manner> manners) {

        Manner mannerFor(int connection) {
            return manners.get(Math.clamp(connection - after, 1, manners.size()) - 1);
        }
    }
}
