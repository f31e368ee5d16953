package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/// Writes the body of an HTTP/1 message behind its head: counted, chunked, or until the connection closes. A small first
/// piece goes out together with the head. One per connection and direction, reused; on its loop.
abstract class FramedSink extends BodySink {

    enum Framing { NONE, COUNTED, CHUNKED, UNTIL_CLOSE }

    /// A first piece of body up to this size is copied behind the head.
    static final int MERGE = 2048;
    /// Longest text of a `Content-Length` or of a chunk's size.
    static final int DIGITS = 20;

    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final ByteBuf CRLF =
            Unpooled.unreleasableBuffer(Unpooled.directBuffer(2).writeShort('\r' << 8 | '\n')).asReadOnly();

    private Framing framing = Framing.NONE;
    private long remaining;
    private @Nullable ByteBuf head;

    /// The message is over: complete, or given up.
    abstract boolean isFinished();

    abstract ByteBuf allocate(int capacity);

    abstract void write(ByteBuf bytes);

    abstract void flushWire();

    /// So many bytes of the body are being written.
    void counted(int bytes) {}

    /// The body is longer or shorter than it was declared: the receiver would misread what follows.
    abstract void lengthDiffers(String how);

    /// Whether the receiver takes trailers: others might take them for headers, or stumble.
    abstract boolean passesTrailers();

    /// The last byte of the message was written.
    abstract void complete();

    /// Begins a message; the head is written with its body, or by [#flush].
    final void begin(Framing newFraming, long length, ByteBuf newHead) {
        framing = newFraming;
        remaining = newFraming == Framing.COUNTED ? length : 0;
        head = newHead;
    }

    /// Room that the buffer of a head should have for what goes out with it.
    static int roomBehindHead(Framing framing, long length) {
        return switch (framing) {
            case NONE -> 0;
            case COUNTED -> (int) Math.min(length, MERGE);
            case UNTIL_CLOSE -> MERGE;
            case CHUNKED -> MERGE + DIGITS;
        };
    }

    final void releaseHead() {
        ByteBuf unsent = head;
        head = null;
        if (unsent != null) {
            unsent.release();
        }
    }

    @Override
    final void data(ByteBuf bytes) {
        int n = bytes.readableBytes();
        if (isFinished() || framing == Framing.NONE || n == 0) {
            bytes.release();
            return;
        }
        if (framing == Framing.COUNTED) {
            if (n > remaining) {
                bytes.release();
                lengthDiffers("longer");
                return;
            }
            remaining -= n;
        }
        counted(n);
        ByteBuf first = head;
        head = null;
        if (framing == Framing.CHUNKED) {
            chunk(first, bytes, n);
        } else if (first != null && n <= MERGE) {
            first.writeBytes(bytes);
            bytes.release();
            write(first);
        } else {
            if (first != null) {
                write(first);
            }
            write(bytes);
        }
    }

    private void chunk(@Nullable ByteBuf first, ByteBuf bytes, int n) {
        ByteBuf size = first != null ? first : allocate(DIGITS);
        Digits.hexadecimal(n, size);
        size.writeShort('\r' << 8 | '\n');
        if (first != null && n <= MERGE) {
            first.writeBytes(bytes).writeShort('\r' << 8 | '\n');
            bytes.release();
            write(first);
        } else {
            write(size);
            write(bytes);
            write(CRLF.duplicate());
        }
    }

    @Override
    final void flush() {
        if (isFinished()) {
            return;
        }
        ByteBuf first = head;
        if (first != null) {
            // The head does not wait for a body that takes its time.
            head = null;
            write(first);
        }
        flushWire();
    }

    @Override
    final void end(@Nullable Headers trailers) {
        if (isFinished()) {
            return;
        }
        if (remaining > 0) {
            lengthDiffers("shorter");
            return;
        }
        ByteBuf first = head;
        head = null;
        if (framing == Framing.CHUNKED) {
            write(lastChunk(first, trailers));
        } else if (first != null) {
            write(first);
        }
        detach();
        complete();
    }

    private ByteBuf lastChunk(@Nullable ByteBuf first, @Nullable Headers trailers) {
        ByteBuf last = first != null ? first : allocate(8 + (trailers == null ? 0 : trailers.wireLength()));
        if (trailers == null || !passesTrailers()) {
            return last.writeBytes(LAST_CHUNK);
        }
        last.writeByte('0').writeShort('\r' << 8 | '\n');
        for (int i = 0; i < trailers.size(); i++) {
            trailers.writeField(i, last);
        }
        return last.writeShort('\r' << 8 | '\n');
    }
}
