package io.tollkeeper.http;

import java.util.ArrayDeque;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// An answer on a stream of HTTP/2: head, body, trailers, and what of them waits for the client's windows. One per
/// stream, reused. On its loop.
///
/// Bytes are handed over by [Sink] and leave through [#pump], as far as the windows of stream and connection and the
/// other side's frame size allow. What cannot leave is held; its source is asked for more only when it has left.
final class Http2Response extends Response {

    /// A first piece of body up to this size is copied behind the head.
    private static final int MERGE = 2048;
    /// From so much on, pieces leave without waiting for a flush.
    private static final int ENOUGH = Http2.FRAME_SIZE;
    /// With so much held the source must wait.
    private static final int MOST_HELD = 64 * 1024;

    private final Http2Stream stream;
    private final Sink sink = new Sink();
    private final ArrayDeque<ByteBuf> queue = new ArrayDeque<>(2);
    private int queued;
    private boolean committed;
    private boolean finished;
    private boolean bodyless;
    /// Bytes of the declared length that are still to come, negative if none was declared.
    private long remaining;
    private @Nullable ByteBuf head;
    /// The source has given its last byte.
    private boolean atEnd;
    private @Nullable ByteBuf trailers;

    Http2Response(Http2Stream stream) {
        this.stream = stream;
    }

    void begin() {
        status = 200;
        reasonPhrase = null;
        headers.clear();
        bodyBytes = 0;
        committed = false;
        finished = false;
        bodyless = false;
        remaining = -1;
        atEnd = false;
    }

    /// Frees what has not left.
    void release() {
        finished = true;
        ByteBuf unsent = head;
        head = null;
        if (unsent != null) {
            unsent.release();
        }
        unsent = trailers;
        trailers = null;
        if (unsent != null) {
            unsent.release();
        }
        while ((unsent = queue.poll()) != null) {
            unsent.release();
        }
        queued = 0;
    }

    @Override
    public boolean isCommitted() {
        return committed;
    }

    @Override
    public void tunnel(UpstreamResponse answer) {
        throw new IllegalStateException("a tunnel was asked for on a stream of HTTP/2");
    }

    /// A stream ends with its answer anyway; the others on its connection have nothing to do with it.
    @Override
    public void closeAfterwards() {}

    @Override
    public void send(byte[] body) {
        if (finished) {
            return;
        }
        boolean allowed = bodyAllowed();
        commit(allowed || status >= 200 && status != 204 && status != 304 ? body.length : -1, allowed ? body.length : 0);
        if (allowed && body.length > 0) {
            bodyBytes = body.length;
            queue.add(Unpooled.wrappedBuffer(body));
            queued = body.length;
        }
        atEnd = true;
        leave();
    }

    @Override
    public void sendHeadOnly(long length) {
        if (finished) {
            return;
        }
        commit(length, 0);
        atEnd = true;
        leave();
    }

    @Override
    public BodySink stream(long length) {
        if (finished || committed) {
            return sink;
        }
        bodyless = !bodyAllowed();
        boolean declares = !bodyless || stream.request().method.equals("HEAD") && status != 204 && status != 304;
        commit(declares ? length : -1, bodyless ? 0 : MERGE);
        remaining = bodyless ? -1 : length;
        return sink;
    }

    private boolean bodyAllowed() {
        return status >= 200 && status != 204 && status != 304 && !stream.request().method.equals("HEAD");
    }

    @Override
    public void abort(Reason reason) {
        if (!finished) {
            release();
            stream.broken();
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
            send();
        }
    }

    /// Nobody is there to read the rest: its source must stop.
    void clientGone() {
        release();
        Body source = sink.source();
        sink.detach();
        if (source != null) {
            source.cancel();
        }
    }

    // ---- the head --------------------------------------------------------------------------------------------------

    /// @param length its Content-Length, negative for none
    private void commit(long length, int room) {
        committed = true;
        byte[] date = stream.connection().loop().date().line();
        int most = 64 + date.length + headers.wireLength() + HpackEncoder.most(0) * headers.size();
        ByteBuf out = stream.connection().allocate(most + Math.min(room, MERGE) + Http2.FRAME_HEADER);
        out.writeZero(Http2.FRAME_HEADER);
        HpackEncoder.status(status, out);
        for (int i = 0; i < headers.size(); i++) {
            HeaderName known = headers.knownName(i);
            if (!writtenByUs(known)) {
                headers.writeTo(i, known, out);
            }
        }
        HpackEncoder.date(date, out);
        if (length >= 0) {
            HpackEncoder.contentLength(length, out);
        }
        head = stream.connection().frames(Http2.HEADERS, stream.id(), out);
    }

    private static boolean writtenByUs(@Nullable HeaderName name) {
        return name == HeaderName.CONTENT_LENGTH
                || name == HeaderName.TRANSFER_ENCODING
                || name == HeaderName.CONNECTION
                || name == HeaderName.KEEP_ALIVE
                || name == HeaderName.PROXY_CONNECTION
                || name == HeaderName.UPGRADE
                || name == HeaderName.DATE;
    }

    // ---- the body --------------------------------------------------------------------------------------------------

    /// Whether the source may go on.
    boolean isWritable() {
        return finished || queued < MOST_HELD && stream.sendWindow() > 0 && stream.connection().maySend();
    }

    boolean isFinished() {
        return finished;
    }

    /// Bytes may leave again: asks the source for more if nothing is held.
    void demand() {
        Body source = sink.source();
        if (source != null && !finished && sink.isWritable()) {
            source.demand();
        }
    }

    private void leave() {
        Http2Connection connection = stream.connection(); // the stream may be free for others afterwards
        pump(Integer.MAX_VALUE);
        connection.flush();
    }

    /// Sends what is held, at most so many frames of it.
    void pump(int frames) {
        Http2Connection connection = stream.connection();
        ByteBuf first = head;
        if (first != null) {
            head = null;
            if (queue.isEmpty() && atEnd && trailers == null) {
                first.setByte(first.readerIndex() + 4, first.getByte(first.readerIndex() + 4) | Http2.END_STREAM);
                finished = true;
                connection.write(first);
                stream.answered();
                return;
            }
            ByteBuf body = queue.peek();
            if (body != null && body.readableBytes() <= Math.min(MERGE, first.writableBytes() - Http2.FRAME_HEADER)
                    && body.readableBytes() <= connection.window(stream)) {
                queue.remove();
                int n = body.readableBytes();
                queued -= n;
                boolean last = queue.isEmpty() && atEnd && trailers == null;
                Http2.frameHeader(n, Http2.DATA, last ? Http2.END_STREAM : 0, stream.id(), first);
                first.writeBytes(body);
                body.release();
                connection.sent(stream, n);
                connection.write(first);
                if (last) {
                    finished = true;
                    stream.answered();
                    return;
                }
            } else {
                connection.write(first);
            }
        }
        ByteBuf next;
        while ((next = queue.peek()) != null) {
            int n = Math.min(next.readableBytes(), connection.window(stream));
            if (n <= 0 || frames-- <= 0) {
                connection.waits(stream);
                return;
            }
            queued -= n;
            boolean whole = n == next.readableBytes();
            boolean last = whole && queue.size() == 1 && atEnd && trailers == null;
            ByteBuf header = connection.allocate(Http2.FRAME_HEADER + (n <= MERGE ? n : 0));
            Http2.frameHeader(n, Http2.DATA, last ? Http2.END_STREAM : 0, stream.id(), header);
            if (n <= MERGE) {
                header.writeBytes(next, n);
                connection.write(header);
                if (whole) {
                    queue.remove().release();
                }
            } else {
                connection.write(header);
                connection.write(whole ? queue.remove() : next.readRetainedSlice(n));
            }
            connection.sent(stream, n);
            if (!whole && n < Http2.FRAME_HEADER) {
                connection.tinyWindow();
            }
            if (finished) {
                return;
            }
            if (last) {
                finished = true;
                stream.answered();
                return;
            }
        }
        if (atEnd && !finished) {
            finished = true;
            ByteBuf fields = trailers;
            trailers = null;
            connection.write(fields != null
                    ? fields
                    : Http2.frameHeader(0, Http2.DATA, Http2.END_STREAM, stream.id(), connection.allocate(Http2.FRAME_HEADER)));
            stream.answered();
        }
    }

    /// Takes the body of a streamed answer.
    private final class Sink extends BodySink {

        @Override
        void data(ByteBuf bytes) {
            int n = bytes.readableBytes();
            if (finished || bodyless || n == 0) {
                bytes.release();
                return;
            }
            if (remaining >= 0) {
                if (n > remaining) {
                    bytes.release();
                    abort(Reason.INTERNAL);
                    return;
                }
                remaining -= n;
            }
            bodyBytes += n;
            queue.add(bytes);
            queued += n;
            if (queued >= ENOUGH) {
                pump(Integer.MAX_VALUE);
            }
        }

        @Override
        void flush() {
            if (!finished) {
                leave();
            }
        }

        @Override
        void end(@Nullable Headers fields) {
            if (finished) {
                return;
            }
            if (remaining > 0) {
                abort(Reason.INTERNAL);
                return;
            }
            atEnd = true;
            if (fields != null && fields.size() > 0 && !bodyless) {
                trailers = trailerFrames(fields);
            }
            detach();
            leave();
        }

        private ByteBuf trailerFrames(Headers fields) {
            ByteBuf out = stream.connection().allocate(
                    Http2.FRAME_HEADER + fields.wireLength() + HpackEncoder.most(0) * fields.size());
            out.writeZero(Http2.FRAME_HEADER);
            for (int i = 0; i < fields.size(); i++) {
                HeaderName known = fields.knownName(i);
                if (!writtenByUs(known) || known == HeaderName.DATE) {
                    fields.writeTo(i, known, out);
                }
            }
            ByteBuf frames = stream.connection().frames(Http2.HEADERS, stream.id(), out);
            frames.setByte(frames.readerIndex() + 4, frames.getByte(frames.readerIndex() + 4) | Http2.END_STREAM);
            return frames;
        }

        @Override
        void fail(Reason reason, String evidence) {
            detach();
            abort(reason);
        }

        @Override
        boolean isWritable() {
            boolean writable = Http2Response.this.isWritable();
            if (!writable) {
                stream.connection().waits(stream);
            }
            return writable;
        }
    }
}
