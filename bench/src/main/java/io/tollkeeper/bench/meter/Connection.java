package io.tollkeeper.bench.meter;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/// One keep-alive connection with at most one request under way. Belongs to [Load]'s thread; never blocks.
final class Connection {

    private static final byte[] CURRENT_VALUE = "<current_value>".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CONTENT_LENGTH = "\r\ncontent-length:".getBytes(StandardCharsets.US_ASCII);

    final int number;
    final int[] applications;
    boolean underWay;
    long sentAt;

    private final SocketChannel channel;
    private final SelectionKey key;
    private final ByteBuffer in = ByteBuffer.allocate(16 * 1024);
    private ByteBuffer out = ByteBuffer.allocate(0);

    Connection(int number, int width, int port, Selector selector) throws IOException {
        this.number = number;
        this.applications = new int[width];
        this.channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.configureBlocking(false);
        key = channel.register(selector, SelectionKey.OP_READ, this);
    }

    void send(byte[] request, long now) throws IOException {
        sentAt = now;
        underWay = true;
        ByteBuffer bytes = ByteBuffer.wrap(request);
        channel.write(bytes);
        if (bytes.hasRemaining()) {
            // The template is used again at once: the rest needs bytes of its own.
            out = ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
            key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        }
    }

    /// Goes on writing and reading; the answer's status, or 0 if it is not complete. An end of the stream is an
    /// [IOException].
    int ready() throws IOException {
        if (out.hasRemaining()) {
            channel.write(out);
            if (!out.hasRemaining()) {
                key.interestOps(SelectionKey.OP_READ);
            }
        }
        int read = channel.read(in);
        if (read < 0) {
            throw new IOException("closed by the meter");
        }
        return read > 0 ? status() : 0;
    }

    private int status() throws IOException {
        byte[] bytes = in.array();
        int bodyFrom = bodyFrom(bytes, in.position());
        if (bodyFrom < 0) {
            return 0;
        }
        int length = 0;
        int at = indexOf(bytes, CONTENT_LENGTH, 0, bodyFrom, true);
        if (at < 0) {
            throw new IOException("an answer without content-length");
        }
        for (int i = at + CONTENT_LENGTH.length; bytes[i] != '\r'; i++) {
            if (bytes[i] != ' ') {
                length = length * 10 + bytes[i] - '0';
            }
        }
        if (in.position() < bodyFrom + length) {
            return 0;
        }
        return (bytes[9] - '0') * 100 + (bytes[10] - '0') * 10 + bytes[11] - '0';
    }

    /// The first `current_value` of the answer that is complete.
    long firstValue() throws IOException {
        byte[] bytes = in.array();
        int at = indexOf(bytes, CURRENT_VALUE, 0, in.position(), false);
        if (at < 0) {
            throw new IOException("an answer without a value: " + text());
        }
        long value = 0;
        for (int i = at + CURRENT_VALUE.length; bytes[i] != '<'; i++) {
            value = value * 10 + bytes[i] - '0';
        }
        return value;
    }

    String text() {
        return new String(in.array(), 0, in.position(), StandardCharsets.UTF_8);
    }

    /// Forgets the answer.
    void answered() {
        in.clear();
        underWay = false;
    }

    void close() throws IOException {
        channel.close();
    }

    private static int bodyFrom(byte[] bytes, int to) {
        for (int i = 3; i < to; i++) {
            if (bytes[i] == '\n' && bytes[i - 1] == '\r' && bytes[i - 2] == '\n' && bytes[i - 3] == '\r') {
                return i + 1;
            }
        }
        return -1;
    }

    private static int indexOf(byte[] bytes, byte[] wanted, int from, int to, boolean anyCase) {
        for (int i = from; i + wanted.length <= to; i++) {
            int same = 0;
            while (same < wanted.length && isSame(bytes[i + same], wanted[same], anyCase)) {
                same++;
            }
            if (same == wanted.length) {
                return i;
            }
        }
        return -1;
    }

    private static boolean isSame(byte a, byte b, boolean anyCase) {
        return a == b || anyCase && (a | 0x20) == b && b >= 'a';
    }
}
