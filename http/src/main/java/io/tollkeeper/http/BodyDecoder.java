package io.tollkeeper.http;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// Finds where the body of an HTTP/1 message ends (RFC 9112 sections 6 and 7): counted, chunked, or until the connection
/// closes. Strict: chunk lines end with CRLF, sizes are plain hexadecimal digits, extensions are short and have no
/// control characters. One per connection; on its loop.
final class BodyDecoder {

    /// What [#decode] found.
    enum Result {
        /// Everything there was consumed; the body goes on.
        MORE,
        /// The body is complete; bytes after it are left in the buffer.
        COMPLETE,
        /// The bytes are no body; see [BodyDecoder#evidence].
        REFUSED
    }

    private enum State { COUNTED, UNTIL_CLOSE, SIZE, DATA, DATA_END, TRAILERS }

    /// Longest chunk line (size and extensions), and limit of all trailers.
    private static final int CHUNK_LINE_LIMIT = 256;

    private final MessageParser parser;
    private final int trailerLimit;
    private final Headers trailers = new Headers();
    private State state = State.COUNTED;
    private long remaining;
    private boolean hasTrailers;
    private String evidence = "";

    BodyDecoder(MessageParser parser, WireLimits limits) {
        this.parser = parser;
        this.trailerLimit = limits.headers();
    }

    void beginCounted(long length) {
        state = State.COUNTED;
        remaining = length;
        hasTrailers = false;
    }

    void beginChunked() {
        state = State.SIZE;
        remaining = 0;
        hasTrailers = false;
        trailers.clear();
    }

    void beginUntilClose() {
        state = State.UNTIL_CLOSE;
        hasTrailers = false;
    }

    boolean isUntilClose() {
        return state == State.UNTIL_CLOSE;
    }

    /// Bytes that are still missing, as far as that is known: for the record of a truncated body.
    String missing() {
        return switch (state) {
            case COUNTED -> remaining + " bytes of the declared length";
            case UNTIL_CLOSE -> "nothing";
            case DATA -> remaining + " bytes of a chunk, and the last chunk";
            case SIZE, DATA_END -> "the last chunk";
            case TRAILERS -> "the end of the trailer section";
        };
    }

    /// Trailer fields of a complete chunked body, null if it had none.
    @Nullable Headers trailers() {
        return hasTrailers ? trailers : null;
    }

    String evidence() {
        return evidence;
    }

    private Result refuse(String why) {
        evidence = why;
        return Result.REFUSED;
    }

    /// Decodes from `in` into `body` until the body ends, `in` is empty, or the body's consumer wants no more.
    Result decode(ByteBuf in, WireBody body) {
        while (true) {
            switch (state) {
                case COUNTED, DATA -> {
                    if (remaining == 0) {
                        if (state == State.COUNTED) {
                            return Result.COMPLETE;
                        }
                        state = State.DATA_END;
                        continue;
                    }
                    int n = (int) Math.min(remaining, in.readableBytes());
                    if (n == 0 || !body.wants()) {
                        return Result.MORE;
                    }
                    remaining -= n;
                    if (remaining == 0 && state == State.DATA) {
                        state = State.DATA_END;
                        body.receive(in.readRetainedSlice(n));
                    } else {
                        body.receive(in.readRetainedSlice(n));
                        if (remaining == 0) {
                            return Result.COMPLETE;
                        }
                    }
                }
                case UNTIL_CLOSE -> {
                    if (!in.isReadable() || !body.wants()) {
                        return Result.MORE;
                    }
                    body.receive(in.readRetainedSlice(in.readableBytes()));
                }
                case SIZE -> {
                    int lf = in.bytesBefore((byte) '\n');
                    if (lf < 0 || lf > CHUNK_LINE_LIMIT) {
                        return (lf < 0 ? in.readableBytes() : lf) > CHUNK_LINE_LIMIT
                                ? refuse("chunk line of more than " + CHUNK_LINE_LIMIT + " bytes")
                                : Result.MORE;
                    }
                    if (!chunkLine(in, lf)) {
                        return Result.REFUSED;
                    }
                    in.skipBytes(lf + 1);
                    state = remaining == 0 ? State.TRAILERS : State.DATA;
                }
                case DATA_END -> {
                    if (in.readableBytes() < 2) {
                        if (in.isReadable() && in.getByte(in.readerIndex()) != '\r') {
                            return refuse("no CRLF after the data of a chunk");
                        }
                        return Result.MORE;
                    }
                    if (in.readShort() != (short) ('\r' << 8 | '\n')) {
                        return refuse("no CRLF after the data of a chunk");
                    }
                    state = State.SIZE;
                }
                case TRAILERS -> {
                    return trailerSection(in);
                }
            }
        }
    }

    /// chunk-size [ chunk-ext ] CRLF, the LF at `lf`. Sets `remaining`.
    private boolean chunkLine(ByteBuf in, int lf) {
        int base = in.readerIndex();
        if (lf == 0 || in.getByte(base + lf - 1) != '\r') {
            refuse("chunk line ends with LF alone");
            return false;
        }
        long size = 0;
        int i = 0;
        for (; i < lf - 1; i++) {
            int digit = Character.digit(in.getByte(base + i) & 0xff, 16);
            if (digit < 0 || (in.getByte(base + i) & 0x80) != 0) {
                break;
            }
            if (size >> 56 != 0) {
                refuse("chunk size beyond 2^60");
                return false;
            }
            size = size << 4 | digit;
        }
        if (i == 0) {
            refuse("chunk line without a size of hexadecimal digits");
            return false;
        }
        if (i < lf - 1 && in.getByte(base + i) != ';') {
            refuse("chunk size followed by 0x" + Integer.toHexString(in.getByte(base + i) & 0xff));
            return false;
        }
        boolean quoted = false;
        for (int k = i; k < lf - 1; k++) {
            int c = in.getByte(base + k) & 0xff;
            if (c < ' ' && c != '\t' || c == 0x7f) {
                refuse("control character 0x" + Integer.toHexString(c) + " in a chunk extension");
                return false;
            }
            quoted ^= c == '"';
        }
        if (quoted) {
            refuse("quoted string in a chunk extension is not closed on its line");
            return false;
        }
        remaining = size;
        return true;
    }

    private Result trailerSection(ByteBuf in) {
        int base = in.readerIndex();
        int readable = in.readableBytes();
        if (readable >= 2 && in.getByte(base) == '\r') {
            if (in.getByte(base + 1) != '\n') {
                return refuse("CR without LF after the last chunk");
            }
            in.skipBytes(2);
            return Result.COMPLETE;
        }
        for (int i = base; i < base + readable; i++) {
            if (in.getByte(i) != '\n') {
                continue;
            }
            if (i == base || in.getByte(i - 1) != '\r') {
                return refuse("trailer line ends with LF alone");
            }
            if (i - base >= 3 && in.getByte(i - 2) == '\n') {
                int length = i + 1 - base;
                if (length > trailerLimit) {
                    return refuse("trailers of more than " + trailerLimit + " bytes");
                }
                if (!parser.parseTrailers(in, length, trailers)) {
                    return refuse("trailer section: " + parser.evidence());
                }
                hasTrailers = trailers.size() > 0;
                return Result.COMPLETE;
            }
        }
        return readable > trailerLimit ? refuse("trailers of more than " + trailerLimit + " bytes") : Result.MORE;
    }
}
