package io.tollkeeper.testkit;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/// Sends bytes exactly as given and reads what comes back, with a deadline on every wait. Blocks; one thread reads, one
/// (perhaps another) writes.
///
/// ```java
/// try (var client = RawClient.connect(port)) {
///     client.send("GET / HTTP/1.1\r\nHost: api.test\r\n\r\n");
///     assertThat(client.answer().status()).isEqualTo(200);
/// }
/// ```
public final class RawClient implements AutoCloseable {

    private static final int KEPT = 1 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Socket plain;
    private final Socket socket;
    private final OutputStream out;
    private final WireReader reader;
    private Duration patience = PATIENCE;
    private long deadline;

    private RawClient(Socket plain, Socket socket) throws IOException {
        this.plain = plain;
        this.socket = socket;
        plain.setTcpNoDelay(true);
        out = socket.getOutputStream();
        reader = new WireReader(new UntilDeadline(socket.getInputStream()));
    }

    public static RawClient connect(int port) throws IOException {
        var socket = socketTo(port, 0);
        return new RawClient(socket, socket);
    }

    /// With a small receive window, so that an unread answer soon stops its sender.
    public static RawClient connectWithWindow(int port, int receiveBuffer) throws IOException {
        var socket = socketTo(port, receiveBuffer);
        return new RawClient(socket, socket);
    }

    /// Over TLS, asking for that name by SNI; the handshake is complete on return.
    public static RawClient connectTls(int port, SSLContext context, String serverName) throws IOException {
        return connectTlsBehind("", port, context, serverName);
    }

    /// As [#connectTls], with something in plain text before the handshake.
    public static RawClient connectTlsBehind(String first, int port, SSLContext context, String serverName)
            throws IOException {
        var plain = socketTo(port, 0);
        plain.getOutputStream().write(first.getBytes(StandardCharsets.ISO_8859_1));
        var tls = (SSLSocket) context.getSocketFactory().createSocket(plain, serverName, port, true);
        var parameters = tls.getSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName(serverName)));
        tls.setSSLParameters(parameters);
        tls.setSoTimeout(Math.toIntExact(PATIENCE.toMillis()));
        tls.startHandshake();
        return new RawClient(plain, tls);
    }

    private static Socket socketTo(int port, int receiveBuffer) throws IOException {
        var socket = new Socket();
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), Math.toIntExact(PATIENCE.toMillis()));
        return socket;
    }

    /// How long every later wait may take; 10 s otherwise.
    public RawClient patience(Duration patience) {
        this.patience = patience;
        return this;
    }

    /// Our own port of the connection: how the other side knows us.
    public int localPort() {
        return socket.getLocalPort();
    }

    /// Sends text as ISO-8859-1, line ends as given.
    public RawClient send(String text) throws IOException {
        return send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public RawClient send(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
        return this;
    }

    /// Sends so many bytes at a time, with a pause after each piece.
    public RawClient sendSlowly(String text, int bytesAtOnce, Duration pause) throws IOException {
        for (var i = 0; i < text.length(); i += bytesAtOnce) {
            send(text.substring(i, Math.min(text.length(), i + bytesAtOnce)));
            rest(pause);
        }
        return this;
    }

    /// Sends the first bytes of [Manner.Pattern]: a body of any length whose checksum the upstream can tell.
    public RawClient sendPattern(long length) throws IOException {
        var piece = new byte[64 * 1024];
        for (long done = 0; done < length; done += piece.length) {
            Manner.Pattern.fill(piece, done);
            out.write(piece, 0, (int) Math.min(piece.length, length - done));
        }
        out.flush();
        return this;
    }

    /// From now on reads at most so many bytes at once, each time after a pause.
    public RawClient readSlowly(int bytesPerRead, Duration pause) {
        reader.pace(bytesPerRead, pause);
        return this;
    }

    /// The next answer, to a request that was not HEAD.
    public RawAnswer answer() throws IOException {
        return answerTo("GET");
    }

    /// The next final answer; 1xx before it are listed in it. Fails when there is none in time, when the connection
    /// ends before its head, and when it is not HTTP.
    public RawAnswer answerTo(String method) throws IOException {
        startWaiting();
        var raw = new BoundedBytes(KEPT);
        reader.remember(raw);
        try {
            var interim = new ArrayList<Integer>();
            while (true) {
                if (!reader.awaitByte()) {
                    throw new EOFException("the connection was closed before the first byte of an answer");
                }
                var head = reader.readHead();
                var status = statusOf(head.startLine());
                if (status >= 200 || status == 101) {
                    return body(method, status, head, interim, raw);
                }
                interim.add(status);
            }
        } catch (SocketTimeoutException _) {
            throw new AssertionError("no whole answer within " + patience.toMillis() + " ms; received "
                    + raw.total() + " bytes: " + WireReader.latin1(raw.bytes()));
        }
    }

    private RawAnswer body(String method, int status, WireReader.Head head, List<Integer> interim, BoundedBytes raw)
            throws IOException {
        var body = new BoundedBytes(KEPT);
        var trailers = new Headers(List.of());
        var ending = RawAnswer.Ending.COMPLETE;
        try {
            trailers = reader.readBody(WireReader.Framing.ofAnswer(method, status, head.headers()), body);
        } catch (EOFException _) {
            ending = RawAnswer.Ending.CLOSED_EARLY;
        } catch (SocketException _) {
            ending = RawAnswer.Ending.RESET_EARLY;
        }
        return new RawAnswer(status, head, body, raw, trailers, ending, interim);
    }

    private static int statusOf(String statusLine) throws ProtocolViolation {
        if (!statusLine.matches("HTTP/1\\.[01] [1-9][0-9]{2} .*")) {
            throw new ProtocolViolation("status line: " + statusLine + " (expected: HTTP/1.1 200 OK)");
        }
        return Integer.parseInt(statusLine.substring(9, 12));
    }

    /// Everything until the other side ends the connection, and how it ended it.
    public Rest readToEnd() throws IOException {
        startWaiting();
        var bytes = new BoundedBytes(KEPT);
        var piece = new byte[16 * 1024];
        try {
            for (var n = reader.readSome(piece, piece.length); n > 0; n = reader.readSome(piece, piece.length)) {
                bytes.append(piece, 0, n);
            }
            return new Rest(WireReader.latin1(bytes.bytes()), bytes.total(), false);
        } catch (SocketTimeoutException _) {
            throw new AssertionError("the connection was not ended within " + patience.toMillis()
                    + " ms; received " + bytes.total() + " bytes: " + WireReader.latin1(bytes.bytes()));
        } catch (SocketException _) {
            return new Rest(WireReader.latin1(bytes.bytes()), bytes.total(), true);
        }
    }

    /// Reads exactly so many bytes of whatever it is, as ISO-8859-1.
    public String readText(int count) throws IOException {
        startWaiting();
        var bytes = new BoundedBytes(KEPT);
        var piece = new byte[16 * 1024];
        while (bytes.total() < count) {
            var n = reader.readSome(piece, (int) Math.min(piece.length, count - bytes.total()));
            if (n <= 0) {
                throw new EOFException("ended after " + bytes.total() + " of " + count + " bytes");
            }
            bytes.append(piece, 0, n);
        }
        return WireReader.latin1(bytes.bytes());
    }

    /// Reads so many bytes and tells their checksum, see [Manner.Pattern#checksum].
    public long readChecksum(long count) throws IOException {
        startWaiting();
        var sum = new CRC32();
        var piece = new byte[64 * 1024];
        for (long done = 0; done < count; ) {
            var n = reader.readSome(piece, (int) Math.min(piece.length, count - done));
            if (n <= 0) {
                throw new EOFException("ended after " + done + " of " + count + " bytes");
            }
            sum.update(piece, 0, n);
            done += n;
        }
        return sum.getValue();
    }

    /// What came until the end (first 1 MiB, as ISO-8859-1), how much it was, and whether the end was RST, not FIN.
    public record Rest(String text, long length, boolean reset) {}

    /// True when nothing at all, not even the end, came for so long.
    public boolean hearsNothingFor(Duration time) throws IOException {
        deadline = System.nanoTime() + time.toNanos();
        try {
            reader.awaitByte();
            return false;
        } catch (SocketTimeoutException _) {
            return true;
        } catch (SocketException _) {
            return false;
        }
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

    private void startWaiting() {
        deadline = System.nanoTime() + patience.toNanos();
    }

    private static void rest(Duration pause) throws IOException {
        try {
            Thread.sleep(pause);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted between two pieces", interrupted);
        }
    }

    @Override
    public void close() throws IOException {
        plain.close();
    }

    /// Reads with what is left of the current wait as timeout.
    private final class UntilDeadline extends InputStream {

        private final InputStream in;

        UntilDeadline(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            var left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new SocketTimeoutException("deadline passed");
            }
            socket.setSoTimeout((int) Math.min(left, Integer.MAX_VALUE));
            return in.read(into, offset, length);
        }
    }
}
