package io.tollkeeper.http;

import java.util.ArrayDeque;

import io.netty.buffer.ByteBuf;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// A message that leaves on a stream of HTTP/2: head, body, trailers, and what of them waits for the other side's windows.
/// One per stream, reused. On its loop.
///
/// Bytes are handed over by [#sink] and leave through [#pump], as far as the windows of stream and connection and the
/// other side's frame size allow. What cannot leave is held; its source is asked for more only when it has left.
final class Http2Sender {

    /// A first piece of body up to this size is copied behind the head.
    static final int MERGE = 2048;
    /// From so much on, pieces leave without waiting for a flush.
    private static final int ENOUGH = Http2.FRAME_SIZE;
    /// With so much held the source must wait.
    private static final int MOST_HELD = 64 * 1024;

    private final Http2Stream stream;
    private final Sink sink = new Sink();
    private final ArrayDeque<ByteBuf> queue = new ArrayDeque<>(2);
    private int queued;
    private boolean finished = true;
    private boolean bodyless;
    /// Bytes of the declared length that are still to come, negative if none was declared.
    private long remaining;
    private @Nullable ByteBuf head;
    /// The source has given its last byte.
    private boolean atEnd;
    private @Nullable ByteBuf trailers;

    Http2Sender(Http2Stream stream) {
        this.stream = stream;
    }

    /// A message is to be sent.
    void begin() {
        finished = false;
        bodyless = false;
        remaining = -1;
        atEnd = false;
    }

    /// Frees what has not left; nothing more is taken.
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

    /// Nobody is there to read the rest: its source must stop.
    void stop() {
        release();
        Body source = sink.source();
        sink.detach();
        if (source != null) {
            source.cancel();
        }
    }

    /// Nothing more is taken, but the body may be sent again elsewhere.
    void leave() {
        release();
        sink.detach();
    }

    /// All has left, or was given up.
    boolean isFinished() {
        return finished;
    }

    /// Where the body comes from, null if nothing flows.
    @Nullable Body source() {
        return sink.source();
    }

    /// A buffer for a head, with room for a first piece of body.
    ///
    /// @param fields bytes of its fields at most
    ByteBuf allocateHead(int fields, long length) {
        int room = length < 0 ? MERGE : (int) Math.min(length, MERGE);
        return stream.wire().allocate(Http2.FRAME_HEADER + fields + Http2.FRAME_HEADER + room).writeZero(Http2.FRAME_HEADER);
    }

    /// The fields are written behind [#allocateHead].
    void head(ByteBuf fields) {
        head = stream.wire().frames(stream.id(), fields);
    }

    /// A complete message: what was given as head, and this.
    void whole(@Nullable ByteBuf body) {
        if (body != null) {
            queue.add(body);
            queued = body.readableBytes();
        }
        atEnd = true;
        push();
    }

    /// Takes the body of a message as it comes.
    ///
    /// @param length as declared, negative if it was not
    /// @param none   whether it is dropped
    BodySink sink(long length, boolean none) {
        bodyless = none;
        remaining = none ? -1 : length;
        return sink;
    }

    BodySink sink() {
        return sink;
    }

    /// Whether the source may go on.
    private boolean isWritable() {
        return finished || queued < MOST_HELD && stream.sendWindow() > 0 && stream.wire().maySend();
    }

    /// Bytes may leave again: asks the source for more if nothing is held.
    void demand() {
        Body source = sink.source();
        if (source != null && !finished && sink.isWritable()) {
            source.demand();
        }
    }

    /// Sends what may leave, and does not let the head wait for a body that takes its time.
    void push() {
        Http2Wire<?> wire = stream.wire(); // the stream may be free for others afterwards
        pump(Integer.MAX_VALUE);
        wire.flush();
    }

    /// Sends what is held, at most so many frames of it.
    void pump(int frames) {
        ByteBuf first = head;
        if (first != null) {
            head = null;
            if (withHead(first)) {
                return;
            }
        }
        Http2Wire<?> wire = stream.wire();
        ByteBuf next;
        int left = frames;
        while ((next = queue.peek()) != null) {
            int n = Math.min(next.readableBytes(), wire.window(stream));
            if (n <= 0 || left-- <= 0) {
                wire.waits(stream);
                return;
            }
            boolean last = data(wire, next, n);
            if (finished) {
                return;
            }
            if (last) {
                over();
                return;
            }
        }
        if (atEnd && !finished) {
            ByteBuf fields = trailers;
            trailers = null;
            wire.write(fields != null
                    ? fields
                    : Http2.frameHeader(0, Http2.DATA, Http2.END_STREAM, stream.id(), wire.allocate(Http2.FRAME_HEADER)));
            over();
        }
    }

    /// Sends the head, and with it what of the body is small and allowed.
    ///
    /// @return whether that was all
    private boolean withHead(ByteBuf first) {
        Http2Wire<?> wire = stream.wire();
        if (queue.isEmpty() && atEnd && trailers == null) {
            addFlag(first, Http2.END_STREAM);
            wire.write(first);
            over();
            return true;
        }
        ByteBuf body = queue.peek();
        if (body == null
                || body.readableBytes() > Math.min(MERGE, first.writableBytes() - Http2.FRAME_HEADER)
                || body.readableBytes() > wire.window(stream)) {
            wire.write(first);
            return false;
        }
        queue.remove();
        int n = body.readableBytes();
        queued -= n;
        boolean last = isLast();
        Http2.frameHeader(n, Http2.DATA, last ? Http2.END_STREAM : 0, stream.id(), first);
        first.writeBytes(body);
        body.release();
        wire.sent(stream, n);
        wire.write(first);
        if (last) {
            over();
        }
        return last;
    }

    /// Sends one frame of the body.
    ///
    /// @return whether that was the last of the message
    private boolean data(Http2Wire<?> wire, ByteBuf next, int n) {
        queued -= n;
        boolean whole = n == next.readableBytes();
        boolean last = whole && queue.size() == 1 && atEnd && trailers == null;
        ByteBuf header = wire.allocate(Http2.FRAME_HEADER + (n <= MERGE ? n : 0));
        Http2.frameHeader(n, Http2.DATA, last ? Http2.END_STREAM : 0, stream.id(), header);
        if (n <= MERGE) {
            header.writeBytes(next, n);
            wire.write(header);
            if (whole) {
                queue.remove().release();
            }
        } else {
            wire.write(header);
            wire.write(whole ? queue.remove() : next.readRetainedSlice(n));
        }
        wire.sent(stream, n);
        if (!whole && n < Http2.FRAME_HEADER) {
            wire.tinyWindow();
        }
        return last;
    }

    private boolean isLast() {
        return queue.isEmpty() && atEnd && trailers == null;
    }

    private void over() {
        finished = true;
        stream.allSent();
    }

    private static void addFlag(ByteBuf frame, int flag) {
        int at = frame.readerIndex() + 4;
        frame.setByte(at, frame.getByte(at) | flag);
    }

    /// Takes the body of a streamed message.
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
                    stream.cannotSend("longer");
                    return;
                }
                remaining -= n;
            }
            stream.counted(n);
            queue.add(bytes);
            queued += n;
            if (queued >= ENOUGH) {
                pump(Integer.MAX_VALUE);
            }
        }

        @Override
        void flush() {
            if (!finished) {
                push();
            }
        }

        @Override
        void end(@Nullable Headers fields) {
            if (finished) {
                return;
            }
            if (remaining > 0) {
                stream.cannotSend("shorter");
                return;
            }
            atEnd = true;
            if (fields != null && fields.size() > 0 && !bodyless) {
                trailers = trailerFrames(fields);
            }
            detach();
            push();
        }

        private ByteBuf trailerFrames(Headers fields) {
            ByteBuf out = stream.wire().allocate(
                    Http2.FRAME_HEADER + fields.wireLength() + HpackEncoder.most(0) * fields.size());
            out.writeZero(Http2.FRAME_HEADER);
            for (int i = 0; i < fields.size(); i++) {
                fields.writeTo(i, fields.knownName(i), out);
            }
            ByteBuf frames = stream.wire().frames(stream.id(), out);
            addFlag(frames, Http2.END_STREAM);
            return frames;
        }

        @Override
        void fail(Reason reason, String evidence) {
            detach();
            stream.sourceFailed(reason, evidence);
        }

        @Override
        boolean isWritable() {
            boolean writable = Http2Sender.this.isWritable();
            if (!writable) {
                stream.wire().waits(stream);
            }
            return writable;
        }
    }
}
