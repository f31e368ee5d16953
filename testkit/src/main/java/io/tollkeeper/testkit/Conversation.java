package io.tollkeeper.testkit;

import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLSocket;

import org.jspecify.annotations.Nullable;

/// One connection as the misbehaving peer sees it: what a [Manner] reads from and writes to. Runs on the connection's
/// own virtual thread; blocks freely.
public final class Conversation {

    private static final int KEPT_BODY = 64 * 1024;
    private static final int KEPT_RAW = 128 * 1024;
    private static final int PATIENCE_MILLIS = 120_000;

    private final Socket plain;
    private final Socket socket;
    private final WireReader reader;
    private final OutputStream out;
    private final int connection;
    private final Consumer<ReceivedRequest> journal;
    private int exchange;
    private @Nullable ReceivedRequest current;

    /// `plain` is the TCP socket, `socket` the same one or the TLS socket above it.
    Conversation(Socket plain, Socket socket, int connection, Consumer<ReceivedRequest> journal) throws IOException {
        this.plain = plain;
        this.socket = socket;
        this.connection = connection;
        this.journal = journal;
        plain.setTcpNoDelay(true);
        plain.setSoTimeout(PATIENCE_MILLIS);
        reader = new WireReader(socket.getInputStream());
        out = socket.getOutputStream();
    }

    /// Number of this connection at its peer, from 1.
    public int connection() {
        return connection;
    }

    /// Number of the current exchange on this connection, from 1.
    public int exchange() {
        return exchange;
    }

    void nextExchange() {
        exchange++;
        current = null;
    }

    /// Waits for the first byte of a request; false when the other side closed instead.
    public boolean awaitRequest() throws IOException {
        return reader.awaitByte();
    }

    /// As [#awaitRequest()], but false as well when nothing came in time.
    public boolean awaitRequest(Duration idle) throws IOException {
        socket.setSoTimeout(Math.max(1, Math.toIntExact(idle.toMillis())));
        try {
            return reader.awaitByte();
        } catch (SocketTimeoutException _) {
            return false;
        } finally {
            socket.setSoTimeout(PATIENCE_MILLIS);
        }
    }

    /// Reads a head and leaves the body on the wire; null when the other side closed instead of asking.
    public @Nullable ReceivedRequest readHead() throws IOException {
        if (!reader.awaitByte()) {
            return null;
        }
        var raw = new BoundedBytes(KEPT_RAW);
        reader.remember(raw);
        var head = reader.readHead();
        var request = new ReceivedRequest(connection, exchange, head, raw, new BoundedBytes(KEPT_BODY));
        current = request;
        journal.accept(request);
        return request;
    }

    /// Reads the body of the request whose head was read.
    public void readBody(ReceivedRequest request) throws IOException {
        var framing = WireReader.Framing.ofRequest(request.headers());
        request.completed(reader.readBody(framing, request.arriving()));
    }

    /// Reads a whole request; null when the other side closed instead of asking.
    public @Nullable ReceivedRequest readRequest() throws IOException {
        var request = readHead();
        if (request != null) {
            if ("100-continue".equalsIgnoreCase(request.header("expect"))) {
                write("HTTP/1.1 100 Continue\r\n\r\n");
            }
            readBody(request);
        }
        return request;
    }

    /// Reads so many bytes, whatever they mean.
    public byte[] readBytes(int count) throws IOException {
        var bytes = new byte[count];
        var one = new byte[1];
        for (var i = 0; i < count; i++) {
            if (reader.readSome(one, 1) == 0) {
                throw new EOFException("ended after " + i + " of " + count + " bytes");
            }
            bytes[i] = one[0];
        }
        return bytes;
    }

    /// From now on reads at most so many bytes at once, each time after a pause.
    public void readSlowly(int bytesPerRead, Duration pause) {
        reader.pace(bytesPerRead, pause);
    }

    /// Reads and drops everything until the other side closes.
    public void drain() throws IOException {
        var waste = new byte[16 * 1024];
        int n;
        do {
            n = reader.readSome(waste, waste.length);
        } while (n > 0);
    }

    /// Sends everything back as it comes, until the other side says FIN.
    ///
    /// @return bytes sent back
    public long echo() throws IOException {
        var piece = new byte[16 * 1024];
        long total = 0;
        for (var n = reader.readSome(piece, piece.length); n > 0; n = reader.readSome(piece, piece.length)) {
            out.write(piece, 0, n);
            out.flush();
            total += n;
        }
        return total;
    }

    /// Passes bytes on to a server on this machine and back, until it closes: what a proxy does behind CONNECT.
    public void relayTo(int port) throws IOException {
        try (var other = new Socket(InetAddress.getLoopbackAddress(), port)) {
            other.setTcpNoDelay(true);
            var onward = other.getOutputStream();
            Thread.ofVirtual().start(() -> {
                var piece = new byte[16 * 1024];
                try {
                    for (var n = reader.readSome(piece, piece.length); n > 0; n = reader.readSome(piece, piece.length)) {
                        onward.write(piece, 0, n);
                    }
                    other.shutdownOutput();
                } catch (IOException _) {
                    // The other direction ends with the server's connection, and tells.
                }
            });
            other.getInputStream().transferTo(out);
        }
    }

    /// Stays connected without reading or writing until the peer is closed.
    public void holdForEver() throws IOException {
        pause(Duration.ofHours(1));
    }

    public void pause(Duration time) throws IOException {
        try {
            Thread.sleep(time);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("peer is closing", interrupted);
        }
    }

    public void write(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }

    /// Writes text as ISO-8859-1, line ends as given.
    public void write(String text) throws IOException {
        write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    void write(byte[] bytes, int length) throws IOException {
        out.write(bytes, 0, length);
    }

    /// Says FIN and goes on reading.
    public void halfClose() throws IOException {
        socket.shutdownOutput();
    }

    /// Ends the connection with RST instead of FIN.
    public void reset() throws IOException {
        plain.setSoLinger(true, 0);
        plain.close();
    }

    /// The names that the client asked for by SNI; empty without TLS or without SNI.
    public List<String> serverNames() {
        if (!(socket instanceof SSLSocket tls)
                || !(tls.getSession() instanceof ExtendedSSLSession session)) {
            return List.of();
        }
        return session.getRequestedServerNames().stream()
                .map(name -> new String(name.getEncoded(), StandardCharsets.US_ASCII))
                .toList();
    }

    void end() throws IOException {
        if (current != null) {
            current.broken();
        }
        socket.close();
        plain.close();
    }
}
