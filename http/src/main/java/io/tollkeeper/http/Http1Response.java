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
    private static final byte[] UPGRADE = "Connection: Upgrade\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CHUNKED = "Transfer-Encoding: chunked\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CONTENT_LENGTH = "Content-Length: ".getBytes(StandardCharsets.US_ASCII);

    private final Http1Connection connection;
    private final Sink sink = new Sink();
    private boolean finished;

    Http1Response(Http1Connection connection) {
        this.connection = connection;
    }

    @Override
    void begin() {
        super.begin();
        finished = false;
    }

    @Override
    Request request() {
        return connection.request();
    }

    @Override
    boolean isFinished() {
        return finished;
    }

    void release() {
        sink.releaseHead();
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
        if (finished || isCommitted()) {
            return sink;
        }
        FramedSink.Framing framing = !bodyAllowed()
                ? FramedSink.Framing.NONE
                : length >= 0
                        ? FramedSink.Framing.COUNTED
                        : connection.request().minorVersion == 0 ? FramedSink.Framing.UNTIL_CLOSE : FramedSink.Framing.CHUNKED;
        if (framing == FramedSink.Framing.UNTIL_CLOSE) {
            connection.closeAfterAnswer();
        }
        sink.begin(framing, length, head(declared(framing, length), FramedSink.roomBehindHead(framing, length)));
        return sink;
    }

    @Override
    public void tunnel(UpstreamResponse answer) {
        TunnelEnd upstream = answer.tunnel;
        if (upstream == null || finished || isCommitted()) {
            throw new IllegalStateException("no tunnel: the upstream's answer was " + answer.status + ", ours "
                    + (isCommitted() ? "is sent" : "is not sent"));
        }
        status(101);
        connection.write(head(TUNNEL, 0));
        connection.tunnel(upstream);
    }

    /// A complete answer to a request whose body nobody reads ends the connection. A streamed answer cannot know yet.
    private void announceClose() {
        if (connection.leavesBodyUnread()) {
            connection.closeAfterAnswer();
        }
    }

    @Override
    public void abort(Reason reason) {
        if (!finished) {
            finished = true;
            release();
            connection.truncate();
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
    private static final long TUNNEL = -4;

    private long declared(FramedSink.Framing framing, long length) {
        return switch (framing) {
            case COUNTED -> length;
            case CHUNKED -> CHUNKED_BODY;
            case UNTIL_CLOSE -> HEAD_OF_UNKNOWN;
            case NONE -> {
                boolean declares = connection.request().method.equals("HEAD") && status != 204 && status != 304;
                yield !declares ? NO_BODY : length < 0 ? HEAD_OF_UNKNOWN : length;
            }
        };
    }

    /// Writes the head into a buffer with `room` bytes to spare.
    ///
    /// @param length bytes of the body, or one of the constants above
    private ByteBuf head(long length, int room) {
        committed();
        byte[] line = StatusLine.bytes(status, reasonPhrase);
        byte[] date = connection.loop().date().line();
        ByteBuf out = connection.allocate(line.length + date.length + headers.wireLength() + 96 + room);
        out.writeBytes(line);
        for (int i = 0; i < headers.size(); i++) {
            HeaderName known = headers.knownName(i);
            if (!HopByHop.isOfConnection(known) && known != HeaderName.DATE) {
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
        if (length == TUNNEL) {
            out.writeBytes(UPGRADE);
        } else if (connection.closesAfterAnswer()) {
            out.writeBytes(CLOSE);
        } else if (connection.request().minorVersion == 0) {
            out.writeBytes(KEEP_ALIVE);
        }
        out.writeShort('\r' << 8 | '\n');
        return out;
    }

    // ---- the body --------------------------------------------------------------------------------------------------

    /// Takes the body of a streamed answer.
    private final class Sink extends FramedSink {

        @Override
        boolean isFinished() {
            return finished;
        }

        @Override
        ByteBuf allocate(int capacity) {
            return connection.allocate(capacity);
        }

        @Override
        void write(ByteBuf bytes) {
            connection.write(bytes);
        }

        @Override
        void flushWire() {
            connection.flush();
        }

        @Override
        void counted(int bytes) {
            bodyBytes += bytes;
        }

        /// RFC 9110 section 6.5.1.
        @Override
        boolean passesTrailers() {
            return connection.request().takesTrailers();
        }

        @Override
        void lengthDiffers(String how) {
            abort(Reason.INTERNAL);
        }

        @Override
        void complete() {
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
}
