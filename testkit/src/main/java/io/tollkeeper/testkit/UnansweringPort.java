package io.tollkeeper.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;

/// A loopback port on which a connect gets no answer at all, as behind a firewall that drops packets.
///
/// It listens with a queue of one, never accepts and fills the queue itself; the kernel then drops further SYNs.
public final class UnansweringPort implements AutoCloseable {

    private static final int MOST_FILLERS = 16;
    private static final int FILLED_AFTER_MILLIS = 200;

    private final ServerSocket listener;
    private final List<Socket> fillers = new ArrayList<>();

    private UnansweringPort(ServerSocket listener) {
        this.listener = listener;
    }

    public static UnansweringPort open() throws IOException {
        var port = new UnansweringPort(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
        for (var i = 0; i < MOST_FILLERS; i++) {
            if (!port.takesAnother()) {
                return port;
            }
        }
        port.close();
        throw new IOException("the queue of a listener with backlog 1 took " + MOST_FILLERS + " connections");
    }

    private boolean takesAnother() throws IOException {
        var filler = new Socket();
        fillers.add(filler);
        try {
            filler.connect(listener.getLocalSocketAddress(), FILLED_AFTER_MILLIS);
            return true;
        } catch (SocketTimeoutException _) {
            return false;
        }
    }

    public int port() {
        return listener.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (var filler : fillers) {
            filler.close();
        }
    }
}
