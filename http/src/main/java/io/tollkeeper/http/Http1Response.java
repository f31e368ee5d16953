package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// An answer on an HTTP/1 connection. One per connection, reused. On its loop.
final class Http1Response extends Response {

    private static final byte[] CLOSE = "Connection: close\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] KEEP_ALIVE = "Connection: keep-alive\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CHUNKED = "Transfer-Encoding: chunked\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CONTENT_LENGTH = "Content-Length: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    /// A first piece of body up to this size is copied behind the head, so that both go out in one piece.
    private static final int MERGE = 2048;
    /// Longest text of a `Content-Length` or of a chunk's size.
    private static final int DIGITS = 20;

    private enum Framing { NONE, COUNTED, CHUNKED, UNTIL_CLOSE }

    private final Http1Connection connection;
    private final Sink sink = new Sink();
    private Framing framing = Framing.NONE;
    private boolean committed;
    private boolean finished;
    private long remaining;
    private @Nullable ByteBuf head;

    Http1Response(Http1Connection connection) {
        this.connection = connection;
    }

    void begin() {
        status = 200;
        reasonPhrase = null;
        headers.clear();
        bodyBytes = 0;
        committed = false;
        finished = false;
        remaining = 0;
        framing = Framing.NONE;
    }

    void release() {
        ByteBuf unsent = head;
        head = null;
        if (unsent != null) {
            unsent.release();
        }
    }

    @Override
    public boolean isCommitted() {
        return committed;
    }

    @Override
    public void closeAfterwards() {
        connection.closeAfterAnswer();
    }

    @Override
    public void send(byte[] body) {
        if (finished) {
            return;
        }
        announceClose();
        boolean bodyAllowed = bodyAllowed();
        ByteBuf out = head(bodyAllowed || status >= 200 && status != 204 && status != 304 ? body.length : NO_BODY, body.length);
        if (bodyAllowed && body.length > 0) {
            bodyBytes = body.length;
            if (body.length <= 16 * 1024) {
                out.writeBytes(body);
                connection.write(out);
            } else {
                connection.write(out);
                connection.write(Unpooled.wrappedBuffer(body));
            }
        } else {
            connection.write(out);
        }
        done();
    }

    @Override
    public void sendHeadOnly(long length) {
        if (finished) {
            return;
        }
        announceClose();
        connection.write(head(length < 0 ? HEAD_OF_UNKNOWN : length, 0));
        done();
    }

    @Override
    public BodySink stream(long length) {
        if (finished || committed) {
            return sink;
        }
        if (!bodyAllowed()) {
            framing = Framing.NONE;
            boolean declares = connection.request().method.equals("HEAD") && status != 204 && status != 304;
            head = head(declares ? (length < 0 ? HEAD_OF_UNKNOWN : length) : NO_BODY, 0);
        } else if (length >= 0) {
            framing = Framing.COUNTED;
            remaining = length;
            head = head(length, (int) Math.min(length, MERGE));
        } else if (connection.request().minorVersion == 0) {
            framing = Framing.UNTIL_CLOSE;
            connection.closeAfterAnswer();
            head = head(HEAD_OF_UNKNOWN, MERGE);
        } else {
            framing = Framing.CHUNKED;
            head = head(CHUNKED_BODY, MERGE + DIGITS);
        }
        return sink;
    }

    /// A complete answer to a request whose body nobody reads ends the connection. A streamed answer cannot know yet.
    private void announceClose() {
        if (connection.leavesBodyUnread()) {
            connection.closeAfterAnswer();
        }
    }

    private boolean bodyAllowed() {
        return status >= 200 && status != 204 && status != 304 && !connection.request().method.equals("HEAD");
    }

    @Override
    public void abort(Reason reason) {
        if (!finished) {
            finished = true;
            release();
            connection.truncate();
        }
    }

    /// The handler threw: answer if that is still possible.
    void failInternally() {
        if (finished) {
            return;
        }
        if (committed) {
            abort(Reason.INTERNAL);
        } else {
            status(500);
            headers.clear();
            connection.closeAfterAnswer();
            send();
        }
    }

    /// Nobody is there to read the rest: its source must stop.
    void clientGone() {
        finished = true;
        release();
        Body source = sink.source();
        sink.detach();
        if (source != null) {
            source.cancel();
        }
    }

    /// The socket takes bytes again.
    void writable() {
        Body source = sink.source();
        if (source != null && !finished) {
            source.demand();
        }
    }

    private void done() {
        finished = true;
        connection.flush();
        connection.answered();
    }

    // ---- the head --------------------------------------------------------------------------------------------------

    private static final long NO_BODY = -1;
    private static final long HEAD_OF_UNKNOWN = -2;
    private static final long CHUNKED_BODY = -3;

    /// Writes the head into a buffer with `room` bytes to spare.
    ///
    /// @param length bytes of the body, or one of the constants above
    private ByteBuf head(long length, int room) {
        committed = true;
        byte[] line = StatusLine.bytes(status, reasonPhrase);
        byte[] date = connection.loop().date().line();
        ByteBuf out = connection.allocate(line.length + date.length + headers.wireLength() + 96 + room);
        out.writeBytes(line);
        for (int i = 0; i < headers.size(); i++) {
            if (!writtenByUs(headers.knownName(i))) {
                headers.writeField(i, out);
            }
        }
        out.writeBytes(date);
        if (length >= 0) {
            out.writeBytes(CONTENT_LENGTH);
            Digits.decimal(length, out);
            out.writeShort('\r' << 8 | '\n');
        } else if (length == CHUNKED_BODY) {
            out.writeBytes(CHUNKED);
        }
        if (connection.closesAfterAnswer()) {
            out.writeBytes(CLOSE);
        } else if (connection.request().minorVersion == 0) {
            out.writeBytes(KEEP_ALIVE);
        }
        out.writeShort('\r' << 8 | '\n');
        return out;
    }

    private static boolean writtenByUs(@Nullable HeaderName name) {
        return name == HeaderName.CONTENT_LENGTH
                || name == HeaderName.TRANSFER_ENCODING
                || name == HeaderName.CONNECTION
                || name == HeaderName.KEEP_ALIVE
                || name == HeaderName.DATE;
    }

    // ---- the body --------------------------------------------------------------------------------------------------

    /// Takes the body of a streamed answer.
    private final class Sink extends BodySink {

        @Override
        void data(ByteBuf bytes) {
            int n = bytes.readableBytes();
            if (finished || framing == Framing.NONE || n == 0) {
                bytes.release();
                return;
            }
            if (framing == Framing.COUNTED && n > remaining) {
                // More than was declared: the receiver would take the rest for the next answer.
                bytes.release();
                abort(Reason.INTERNAL);
                return;
            }
            remaining -= n;
            bodyBytes += n;
            ByteBuf first = head;
            head = null;
            if (framing == Framing.CHUNKED) {
                ByteBuf size = first != null ? first : connection.allocate(DIGITS);
                Digits.hexadecimal(n, size);
                size.writeShort('\r' << 8 | '\n');
                if (first != null && n <= MERGE) {
                    first.writeBytes(bytes).writeShort('\r' << 8 | '\n');
                    bytes.release();
                    connection.write(first);
                } else {
                    connection.write(size);
                    connection.write(bytes);
                    connection.write(CRLF.duplicate());
                }
            } else if (first != null && n <= MERGE && first.writableBytes() >= n) {
                first.writeBytes(bytes);
                bytes.release();
                connection.write(first);
            } else {
                if (first != null) {
                    connection.write(first);
                }
                connection.write(bytes);
            }
        }

        @Override
        void flush() {
            if (finished) {
                return;
            }
            ByteBuf first = head;
            if (first != null) {
                // The head does not wait for a body that takes its time.
                head = null;
                connection.write(first);
            }
            connection.flush();
        }

        @Override
        void end(@Nullable Headers trailers) {
            if (finished) {
                return;
            }
            if (framing == Framing.COUNTED && remaining > 0) {
                abort(Reason.INTERNAL);
                return;
            }
            ByteBuf first = head;
            head = null;
            if (framing == Framing.CHUNKED) {
                ByteBuf last = first != null ? first : connection.allocate(8 + (trailers == null ? 0 : trailers.wireLength()));
                if (trailers == null) {
                    last.writeBytes(LAST_CHUNK);
                } else {
                    last.writeByte('0').writeShort('\r' << 8 | '\n');
                    for (int i = 0; i < trailers.size(); i++) {
                        trailers.writeField(i, last);
                    }
                    last.writeShort('\r' << 8 | '\n');
                }
                connection.write(last);
            } else if (first != null) {
                connection.write(first);
            }
            detach();
            done();
        }

        @Override
        void fail(Reason reason, String evidence) {
            detach();
            abort(reason);
        }

        @Override
        boolean isWritable() {
            return finished || connection.isWritable();
        }
    }

    private static final ByteBuf CRLF =
            Unpooled.unreleasableBuffer(Unpooled.directBuffer(2).writeShort('\r' << 8 | '\n')).asReadOnly();
}
