package io.tollkeeper.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// An upstream of HTTP/2 that does what a test's script says, frame by frame, right or wrong: each connection has a
/// virtual thread that plays it.
final class FrameServer implements AutoCloseable {

    /// What happens on one connection.
    @FunctionalInterface
    interface Script {
        /// @param connection counts them, from 1
        void play(FrameClient peer, int connection) throws IOException;
    }

    private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final AtomicInteger connections = new AtomicInteger();
    private final List<Throwable> mistakes = new CopyOnWriteArrayList<>();

    private FrameServer(byte[] settings, Script script) throws IOException {
        Thread.ofVirtual().start(() -> accept(settings, script));
    }

    static FrameServer playing(Script script) throws IOException {
        return playing(new byte[0], script);
    }

    static FrameServer playing(byte[] settings, Script script) throws IOException {
        return new FrameServer(settings, script);
    }

    private void accept(byte[] settings, Script script) {
        while (true) {
            Socket accepted;
            try {
                accepted = listening.accept();
            } catch (IOException e) {
                if (!listening.isClosed()) {
                    mistakes.add(e);
                }
                return;
            }
            int number = connections.incrementAndGet();
            Thread.ofVirtual().start(() -> {
                try (FrameClient peer = new FrameClient(accepted, settings)) {
                    script.play(peer, number);
                } catch (IOException | RuntimeException | AssertionError e) {
                    mistakes.add(e);
                }
            });
        }
    }

    int port() {
        return listening.getLocalPort();
    }

    int connections() {
        return connections.get();
    }

    /// What went wrong in scripts: a test that expects none looks.
    List<Throwable> mistakes() {
        return mistakes;
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
