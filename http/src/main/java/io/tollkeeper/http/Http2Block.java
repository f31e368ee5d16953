package io.tollkeeper.http;

import java.util.Arrays;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// The header block that a connection of HTTP/2 is receiving: HEADERS and its CONTINUATIONs put together, then read. One
/// per connection, for the decoder's table belongs to all of its streams. On its loop.
final class Http2Block {

    /// Parts of a block: an honest one needs none beyond its size divided by the frame's.
    private static final int MOST_CONTINUATIONS = 16;
    private static final int USUAL = 512;
    private static final int KEPT = 8192;

    private final HpackDecoder decoder = new HpackDecoder(4096);
    private final int most;
    private byte[] bytes = new byte[USUAL];
    private int length;
    private int stream;
    private boolean ends;
    private boolean dependsOnItself;
    private int continuations;

    /// @param most bytes of a block, packed
    Http2Block(int most) {
        this.most = most;
    }

    /// Stream whose block is incomplete, 0 if none is.
    int open() {
        return stream;
    }

    /// Whether the block is the last that its stream receives.
    boolean ends() {
        return ends;
    }

    /// Whether its priority makes the stream depend on itself.
    boolean dependsOnItself() {
        return dependsOnItself;
    }

    /// Bytes of the block, packed.
    int length() {
        return length;
    }

    void begin(int id, boolean newEnds, boolean selfish) {
        stream = id;
        ends = newEnds;
        dependsOnItself = selfish;
        length = 0;
        continuations = 0;
    }

    /// Takes another piece.
    ///
    /// @return why the connection must end, null if it may go on
    @Nullable String add(ByteBuf in, int n) {
        int total = length + n;
        // Packed and unpacked size differ little for what cannot be a bomb; the exact limits are Http2Head's.
        if (total > most) {
            return "a header block of more than " + length + " bytes";
        }
        if (bytes.length < total) {
            bytes = Arrays.copyOf(bytes, Math.max(total, 2 * bytes.length));
        }
        in.readBytes(bytes, length, n);
        length = total;
        return null;
    }

    @Nullable String continuation(ByteBuf in, int n) {
        return ++continuations > MOST_CONTINUATIONS
                ? "a header block in more than " + MOST_CONTINUATIONS + " pieces"
                : add(in, n);
    }

    /// The last piece is there.
    ///
    /// @return the stream
    int complete() {
        int id = stream;
        stream = 0;
        return id;
    }

    /// Reads the whole block: each must be, whatever becomes of its stream.
    ///
    /// @return what is wrong with it, null if nothing
    @Nullable String decode(HpackDecoder.Fields fields) {
        String fault = decoder.decode(bytes, length, fields);
        decoder.shrink();
        if (bytes.length > KEPT) {
            bytes = new byte[USUAL];
        }
        return fault;
    }
}
