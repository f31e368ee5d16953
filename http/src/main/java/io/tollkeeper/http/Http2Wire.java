package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.collection.IntObjectHashMap;
import org.jspecify.annotations.Nullable;

/// One HTTP/2 connection, what is the same on both of its sides (RFC 9113): reads frames, keeps windows, sends frames. On
/// its event loop; never blocks.
///
/// Reading: frames are taken whole, and reading goes on as long as the other side takes what we send. What it may send of
/// bodies is bounded by the windows of stream and connection; they are widened when somebody has taken the bytes.
///
/// Writing: what streams hand over leaves at the end of the read or of the loop's turn, in one go. A stream that may not
/// send stands in line until the connection's window or the socket has room; each gets one frame in turn.
///
/// @param <S> the streams of this side
final class Http2Wire<S extends Http2Stream> {

    /// What the other side may send of all bodies together before somebody takes it.
    static final int WINDOW = 1 << 20;
    /// With so much unsent, nothing more is read.
    private static final int MOST_UNSENT = 256 * 1024;

    enum State { PREFACE, OPEN, LINGERING, CLOSED }

    /// What a side does in its own way.
    interface Side<S extends Http2Stream> {
        /// Takes what comes before the first frame.
        boolean preface(ByteBuf in);

        /// A header block is complete in [#block].
        boolean blockRead(int id);

        /// The other side does not go on with a stream.
        boolean streamReset(S stream, long code);

        /// DATA came on a stream that is over.
        boolean dataBehindEnd(int id);

        /// A frame that only this side may receive, or not.
        boolean otherFrame(ByteBuf in, int type, int id, int length);

        /// A setting that is not about windows and frames.
        boolean setting(int name, long value);

        /// A PING of ours was answered.
        boolean pingAnswered(long content);

        /// The first SETTINGS came.
        void settled();

        /// The other side does what it must not: the connection ends, and says why.
        ///
        /// @return false
        boolean fail(Http2.Code code, String why);
    }

    private final WireConnection connection;
    private final Side<S> side;
    private final Loop loop;
    final Http2Guard guard;
    final Http2Block block;
    final IntObjectHashMap<S> streams = new IntObjectHashMap<>(16);
    final Http2Closed closed = new Http2Closed();
    private final ArrayDeque<Http2Stream> line = new ArrayDeque<>();
    private final List<Http2Stream> touched = new ArrayList<>();

    State state = State.PREFACE;
    /// The other side has sent its first SETTINGS.
    private boolean settled;
    /// The last stream that the client began, whichever side we are.
    int lastStream;

    private int receiveWindow = Http2.WINDOW;
    private int credit;
    private long sendWindow = Http2.WINDOW;
    private int initialSendWindow = Http2.WINDOW;

    private boolean flushPending;
    private final Runnable flush = this::flushNow;

    /// @param limits    of the heads that are received
    /// @param allowance what the other side may do for nothing
    Http2Wire(WireConnection connection, Side<S> side, Loop loop, WireLimits limits, Http2Limits allowance) {
        this.connection = connection;
        this.side = side;
        this.loop = loop;
        this.guard = new Http2Guard(allowance);
        this.block = new Http2Block(2 * (limits.headers() + limits.requestLine()));
    }

    Loop loop() {
        return loop;
    }

    boolean isSettled() {
        return settled;
    }

    boolean isInRead() {
        return connection.isInRead();
    }

    // ---- the channel's life ----------------------------------------------------------------------------------------

    /// Whether bytes can be taken from the socket now.
    boolean wantsRead() {
        return state != State.CLOSED
                && (connection.context().channel().isWritable() || connection.pendingBytes() < MOST_UNSENT);
    }

    /// The read is over: who was given bytes hears of it, and what was written leaves.
    void readComplete() {
        for (int i = 0; i < touched.size(); i++) {
            touched.get(i).flushBody();
        }
        touched.clear();
        giveCredit();
        if (flushPending) {
            flushPending = false;
            connection.context().flush();
        }
    }

    /// Takes away all streams.
    List<S> takeStreams() {
        List<S> open = streams.isEmpty() ? List.of() : new ArrayList<>(streams.values());
        streams.clear();
        line.clear();
        return open;
    }

    private boolean fail(Http2.Code code, String why) {
        return side.fail(code, why);
    }

    // ---- frames ----------------------------------------------------------------------------------------------------

    /// Takes what it can of what was received.
    ///
    /// @return false if more bytes are needed, or the connection ended
    boolean step() {
        ByteBuf in = connection.input();
        if (in == null) {
            return false;
        }
        return switch (state) {
            case PREFACE -> side.preface(in);
            case OPEN -> frame(in);
            case LINGERING, CLOSED -> false;
        };
    }

    private boolean frame(ByteBuf in) {
        if (in.readableBytes() < Http2.FRAME_HEADER) {
            return false;
        }
        int from = in.readerIndex();
        int length = in.getUnsignedMedium(from);
        if (length > Http2.FRAME_SIZE) {
            return fail(Http2.Code.FRAME_SIZE_ERROR, "a frame of " + length + " bytes, limit " + Http2.FRAME_SIZE);
        }
        if (in.readableBytes() < Http2.FRAME_HEADER + length) {
            return false;
        }
        int type = in.getUnsignedByte(from + 3);
        int flags = in.getUnsignedByte(from + 4);
        int id = in.getInt(from + 5) & 0x7fff_ffff;
        in.skipBytes(Http2.FRAME_HEADER);
        int end = in.readerIndex() + length;
        // Whatever ended the connection meanwhile has dropped the input.
        if (!frame(in, type, flags, id, length) || state != State.OPEN) {
            return false;
        }
        in.readerIndex(end);
        return true;
    }

    private boolean frame(ByteBuf in, int type, int flags, int id, int length) {
        if (!settled && type != Http2.SETTINGS) {
            return fail(Http2.Code.PROTOCOL_ERROR, "the first frame is no SETTINGS");
        }
        if (block.open() != 0 && (type != Http2.CONTINUATION || id != block.open())) {
            return fail(Http2.Code.PROTOCOL_ERROR, "a frame of type " + type + " within a header block");
        }
        return switch (type) {
            case Http2.DATA -> data(in, flags, id, length);
            case Http2.HEADERS -> headers(in, flags, id, length);
            case Http2.CONTINUATION -> continuation(in, flags, length);
            case Http2.RST_STREAM -> reset(in, id, length);
            case Http2.SETTINGS -> settings(in, flags, id, length);
            case Http2.PING -> ping(in, flags, id, length);
            case Http2.WINDOW_UPDATE -> windowUpdate(in, id, length);
            default -> side.otherFrame(in, type, id, length);
        };
    }

    /// A frame that moves nothing.
    boolean useless() {
        String why = guard.useless();
        return why == null || fail(Http2.Code.ENHANCE_YOUR_CALM, why);
    }

    /// Whether the client has not begun this stream.
    private boolean isIdle(int id) {
        return id == 0 || (id & 1) == 0 || id > lastStream;
    }

    private boolean headers(ByteBuf in, int flags, int id, int length) {
        if ((id & 1) == 0) {
            return fail(Http2.Code.PROTOCOL_ERROR, "HEADERS on stream " + id);
        }
        int padding = 0;
        int rest = length;
        if ((flags & Http2.PADDED) != 0) {
            if (rest < 1) {
                return fail(Http2.Code.FRAME_SIZE_ERROR, "HEADERS of " + length + " bytes with padding");
            }
            padding = in.readUnsignedByte();
            rest--;
        }
        boolean selfish = false;
        if ((flags & Http2.WITH_PRIORITY) != 0) {
            if (rest < 5) {
                return fail(Http2.Code.FRAME_SIZE_ERROR, "HEADERS of " + length + " bytes with priority");
            }
            selfish = (in.readInt() & 0x7fff_ffff) == id;
            in.skipBytes(1);
            rest -= 5;
        }
        if (padding > rest) {
            return fail(Http2.Code.PROTOCOL_ERROR, "HEADERS with more padding than bytes");
        }
        block.begin(id, (flags & Http2.END_STREAM) != 0, selfish);
        return added(block.add(in, rest - padding), flags);
    }

    private boolean continuation(ByteBuf in, int flags, int length) {
        return block.open() == 0
                ? fail(Http2.Code.PROTOCOL_ERROR, "CONTINUATION without HEADERS before it")
                : added(block.continuation(in, length), flags);
    }

    private boolean added(@Nullable String tooMuch, int flags) {
        if (tooMuch != null) {
            return fail(Http2.Code.ENHANCE_YOUR_CALM, tooMuch);
        }
        return (flags & Http2.END_HEADERS) == 0 || side.blockRead(block.complete());
    }

    boolean decode(Http2Head head) {
        String fault = block.decode(head);
        if (fault != null) {
            return fail(Http2.Code.COMPRESSION_ERROR, "header block: " + fault);
        }
        return !head.isBomb() || fail(Http2.Code.ENHANCE_YOUR_CALM, "a header block that unpacks to many times what is allowed");
    }

    private boolean data(ByteBuf in, int flags, int id, int length) {
        if (isIdle(id)) {
            return fail(Http2.Code.PROTOCOL_ERROR, "DATA on stream " + id + ", which has not begun");
        }
        receiveWindow -= length;
        if (receiveWindow < 0) {
            return fail(Http2.Code.FLOW_CONTROL_ERROR, "more DATA than the connection's window allows");
        }
        int rest = length;
        if ((flags & Http2.PADDED) != 0) {
            int padding = length < 1 ? 0 : in.readUnsignedByte();
            if (padding >= length) {
                return fail(Http2.Code.PROTOCOL_ERROR, "DATA with more padding than bytes");
            }
            rest = length - 1 - padding;
        }
        boolean end = (flags & Http2.END_STREAM) != 0;
        S stream = streams.get(id);
        if (stream == null) {
            taken(length);
            return side.dataBehindEnd(id);
        }
        if (stream.isRemoteEnded()) {
            taken(length);
            stream.mistaken(Http2.Code.STREAM_CLOSED, "DATA behind the end of the stream");
            return state == State.OPEN;
        }
        if (rest > 0 || end) {
            guard.useful();
        } else if (!useless()) {
            return false;
        }
        if (!stream.data(in.readRetainedSlice(rest), length, end)) {
            stream.mistaken(Http2.Code.FLOW_CONTROL_ERROR, "more DATA than the stream's window allows");
            taken(length);
        }
        return state == State.OPEN;
    }

    private boolean reset(ByteBuf in, int id, int length) {
        if (length != 4) {
            return fail(Http2.Code.FRAME_SIZE_ERROR, "RST_STREAM of " + length + " bytes");
        }
        if (isIdle(id)) {
            return fail(Http2.Code.PROTOCOL_ERROR, "RST_STREAM on stream " + id + ", which has not begun");
        }
        long code = in.readUnsignedInt();
        S stream = streams.get(id);
        return stream == null ? useless() : side.streamReset(stream, code);
    }

    private boolean settings(ByteBuf in, int flags, int id, int length) {
        if (id != 0) {
            return fail(Http2.Code.PROTOCOL_ERROR, "SETTINGS on stream " + id);
        }
        if ((flags & Http2.ACK) != 0) {
            return length == 0 ? useless() : fail(Http2.Code.FRAME_SIZE_ERROR, "SETTINGS acknowledged with " + length + " bytes");
        }
        if (length % 6 != 0) {
            return fail(Http2.Code.FRAME_SIZE_ERROR, "SETTINGS of " + length + " bytes");
        }
        for (int i = 0; i < length; i += 6) {
            if (!oneSetting(in.readUnsignedShort(), in.readUnsignedInt())) {
                return false;
            }
        }
        boolean first = !settled;
        if (first) {
            settled = true;
            side.settled();
        }
        // First the word that they are in force, then what they set free.
        write(Http2.frameHeader(0, Http2.SETTINGS, Http2.ACK, 0, allocate(Http2.FRAME_HEADER)));
        flush();
        serveLine();
        return state == State.OPEN && (first || useless());
    }

    private boolean oneSetting(int name, long value) {
        switch (name) {
            case Http2.INITIAL_WINDOW_SIZE -> {
                if (value > Integer.MAX_VALUE) {
                    return fail(Http2.Code.FLOW_CONTROL_ERROR, "SETTINGS_INITIAL_WINDOW_SIZE " + value);
                }
                return initialWindow((int) value);
            }
            case Http2.MAX_FRAME_SIZE -> {
                if (value < Http2.FRAME_SIZE || value > 0xff_ffff) {
                    return fail(Http2.Code.PROTOCOL_ERROR, "SETTINGS_MAX_FRAME_SIZE " + value);
                }
                return true;
            }
            default -> {
                return side.setting(name, value);
            }
        }
    }

    private boolean initialWindow(int value) {
        long by = (long) value - initialSendWindow;
        initialSendWindow = value;
        if (by == 0 || streams.isEmpty()) {
            return true;
        }
        for (S stream : streams.values()) {
            if (!stream.widen(by)) {
                return fail(Http2.Code.FLOW_CONTROL_ERROR, "SETTINGS_INITIAL_WINDOW_SIZE makes a window too wide");
            }
            if (by > 0 && stream.isStalled()) {
                standInLine(stream);
            }
        }
        return true;
    }

    private boolean ping(ByteBuf in, int flags, int id, int length) {
        if (id != 0) {
            return fail(Http2.Code.PROTOCOL_ERROR, "PING on stream " + id);
        }
        if (length != 8) {
            return fail(Http2.Code.FRAME_SIZE_ERROR, "PING of " + length + " bytes");
        }
        long content = in.readLong();
        if ((flags & Http2.ACK) != 0) {
            return side.pingAnswered(content);
        }
        write(Http2.frameHeader(8, Http2.PING, Http2.ACK, 0, allocate(17)).writeLong(content));
        flush();
        return useless();
    }

    private boolean windowUpdate(ByteBuf in, int id, int length) {
        if (length != 4) {
            return fail(Http2.Code.FRAME_SIZE_ERROR, "WINDOW_UPDATE of " + length + " bytes");
        }
        int by = in.readInt() & 0x7fff_ffff;
        if (id == 0) {
            if (by == 0) {
                return fail(Http2.Code.PROTOCOL_ERROR, "WINDOW_UPDATE by 0");
            }
            sendWindow += by;
            if (sendWindow > Integer.MAX_VALUE) {
                return fail(Http2.Code.FLOW_CONTROL_ERROR, "the connection's window becomes too wide");
            }
            serveLine();
            return useless();
        }
        if (isIdle(id)) {
            return fail(Http2.Code.PROTOCOL_ERROR, "WINDOW_UPDATE on stream " + id + ", which has not begun");
        }
        S stream = streams.get(id);
        if (stream == null) {
            return useless(); // it may have ended meanwhile
        }
        if (by == 0 || !stream.widen(by)) {
            stream.mistaken(by == 0 ? Http2.Code.PROTOCOL_ERROR : Http2.Code.FLOW_CONTROL_ERROR,
                    by == 0 ? "WINDOW_UPDATE by 0" : "the stream's window becomes too wide");
            return state == State.OPEN;
        }
        if (stream.isStalled()) {
            standInLine(stream);
            serveLine();
        }
        return useless();
    }

    // ---- receiving windows -----------------------------------------------------------------------------------------

    /// The first frames of this side.
    void sendSettings(ByteBuf out) {
        Http2.frameHeader(4, Http2.WINDOW_UPDATE, 0, 0, out).writeInt(WINDOW - Http2.WINDOW);
        receiveWindow = WINDOW;
        write(out);
        flush();
    }

    /// Bytes of a body were taken, or dropped.
    void taken(int n) {
        credit += n;
        if (!connection.isInRead()) {
            giveCredit();
        }
    }

    private void giveCredit() {
        if (credit >= WINDOW / 2 && state == State.OPEN) {
            receiveWindow += credit;
            windowUpdate(0, credit);
            credit = 0;
        }
    }

    /// Allows the other side to send more.
    void windowUpdate(int id, int by) {
        if (state == State.OPEN) {
            write(Http2.frameHeader(4, Http2.WINDOW_UPDATE, 0, id, allocate(13)).writeInt(by));
            flush();
        }
    }

    /// A body was given bytes in this read: its consumer hears of the read's end.
    void touched(Http2Stream stream) {
        if (touched.isEmpty() || touched.getLast() != stream) {
            touched.add(stream);
        }
    }

    // ---- sending ---------------------------------------------------------------------------------------------------

    ByteBuf allocate(int capacity) {
        return connection.context().alloc().directBuffer(capacity);
    }

    void write(ByteBuf bytes) {
        if (state == State.CLOSED || state == State.LINGERING) {
            bytes.release();
            return;
        }
        ChannelHandlerContext c = connection.context();
        c.write(bytes, c.voidPromise());
    }

    /// Flushes at the end of the current read, or of the loop's turn: what came together leaves together.
    void flush() {
        if (flushPending) {
            return;
        }
        flushPending = true;
        if (!connection.isInRead()) {
            loop.execute(flush);
        }
    }

    private void flushNow() {
        if (flushPending && state != State.CLOSED) {
            flushPending = false;
            connection.context().flush();
        }
    }

    /// Finishes a header block that was written behind room for a frame's header. Larger ones become several frames.
    ByteBuf frames(int id, ByteBuf out) {
        int length = out.readableBytes() - Http2.FRAME_HEADER;
        int from = out.readerIndex();
        if (length <= Http2.FRAME_SIZE) {
            out.setMedium(from, length)
                    .setByte(from + 3, Http2.HEADERS)
                    .setByte(from + 4, Http2.END_HEADERS)
                    .setInt(from + 5, id);
            return out;
        }
        ByteBuf split = allocate(length + (length / Http2.FRAME_SIZE + 1) * Http2.FRAME_HEADER);
        out.skipBytes(Http2.FRAME_HEADER);
        int kind = Http2.HEADERS;
        while (out.isReadable()) {
            int n = Math.min(out.readableBytes(), Http2.FRAME_SIZE);
            Http2.frameHeader(n, kind, n == out.readableBytes() ? Http2.END_HEADERS : 0, id, split).writeBytes(out, n);
            kind = Http2.CONTINUATION;
        }
        out.release();
        return split;
    }

    void sendReset(int id, Http2.Code code) {
        write(Http2.frameHeader(4, Http2.RST_STREAM, 0, id, allocate(13)).writeInt(code.ordinal()));
        flush();
    }

    void sendPing(long content) {
        write(Http2.frameHeader(8, Http2.PING, 0, 0, allocate(17)).writeLong(content));
        flush();
    }

    void sendGoAway(int last, Http2.Code code, String why) {
        byte[] text = why.getBytes(StandardCharsets.UTF_8);
        write(Http2.frameHeader(8 + text.length, Http2.GOAWAY, 0, 0, allocate(17 + text.length))
                .writeInt(last)
                .writeInt(code.ordinal())
                .writeBytes(text));
        flush();
    }

    // ---- sending windows -------------------------------------------------------------------------------------------

    /// What a new stream may send.
    int initialSendWindow() {
        return initialSendWindow;
    }

    /// Whether the connection as such takes DATA now.
    boolean maySend() {
        return state == State.OPEN && sendWindow > 0 && connection.context().channel().isWritable();
    }

    /// Bytes that the stream may send in its next frame.
    int window(Http2Stream stream) {
        return (int) Math.min(Math.min(sendWindow, stream.sendWindow()), Http2.FRAME_SIZE);
    }

    void sent(Http2Stream stream, int n) {
        sendWindow -= n;
        stream.sent(n);
        guard.useful();
    }

    /// A frame of a few bytes had to be sent because the other side allowed no more.
    void tinyWindow() {
        for (int i = 0; i < 8 && state == State.OPEN; i++) {
            useless();
        }
    }

    /// The stream has to wait until it may send more.
    void waits(Http2Stream stream) {
        stream.watch();
        if (stream.sendWindow() > 0) {
            standInLine(stream);
        }
    }

    private void standInLine(Http2Stream stream) {
        if (!stream.inLine) {
            stream.inLine = true;
            line.add(stream);
        }
    }

    private void leaveLine(Http2Stream stream) {
        if (stream.inLine) {
            stream.inLine = false;
            line.remove(stream);
        }
    }

    /// Lets those in line send, one frame each in turn.
    void serveLine() {
        Http2Stream stream;
        while (maySend() && (stream = line.poll()) != null) {
            stream.inLine = false;
            stream.resume(1);
        }
        flush();
    }

    void forget(Http2Stream stream, Http2Closed.How how) {
        leaveLine(stream);
        streams.remove(stream.id());
        closed.add(stream.id(), how);
    }
}
