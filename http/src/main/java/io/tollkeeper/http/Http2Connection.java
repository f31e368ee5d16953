package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.collection.IntObjectHashMap;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The server's side of one HTTP/2 connection (RFC 9113): reads frames, keeps streams and windows, sends frames. On its
/// event loop; never blocks.
///
/// ```
///   PREFACE ──▶ OPEN ──────────────────────────▶ CLOSED
///                │ a mistake, a flood: GOAWAY       ▲
///                ├────────────────────▶ LINGERING ──┤   (what still comes is dropped)
///                │ drain: GOAWAY, PING, GOAWAY      │
///                └──── last stream has ended ───────┘
/// ```
///
/// Reading: frames are taken whole, and reading goes on as long as the client takes what we send. What it may send of
/// bodies is bounded by the windows of stream and connection; they are widened when somebody has taken the bytes.
///
/// Writing: what streams hand over leaves at the end of the read or of the loop's turn, in one go. A stream that may not
/// send stands in line until the connection's window or the socket has room; each gets one frame in turn.
final class Http2Connection extends ServerConnection {

    private static final Logger LOG = LoggerFactory.getLogger(Http2Connection.class);

    /// What a client may send of all bodies together before somebody takes it.
    private static final int WINDOW = 1 << 20;
    /// Parts of a header block: an honest one needs none beyond its size divided by the frame's.
    private static final int MOST_CONTINUATIONS = 16;
    /// With so much unsent, nothing more is read.
    private static final int MOST_UNSENT = 256 * 1024;
    private static final int LINGER_BYTES = 256 * 1024;
    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long DRAIN_PING = 0x746f6c6c6b656570L;

    private enum State { PREFACE, OPEN, LINGERING, CLOSED }

    private final Listener listener;
    private final Loop loop;
    private final ListenerSettings.Timeouts timeouts;
    private final WireLimits wireLimits;
    private final Http2Limits limits;
    private final Http2Guard guard;
    private final HpackDecoder decoder = new HpackDecoder(4096);
    private final Http2Head head;
    private final IntObjectHashMap<Http2Stream> streams = new IntObjectHashMap<>(16);
    private final Http2Closed closed = new Http2Closed();
    private final ArrayDeque<Http2Stream> line = new ArrayDeque<>();
    private final List<Http2Stream> touched = new ArrayList<>();
    private final ClientWatch sendWatch = new ClientWatch();

    private State state = State.PREFACE;
    private Request.@Nullable Peer peer;
    private boolean settled;
    private int lastStream;
    /// The last stream that may still begin, after GOAWAY.
    private int lastAccepted = Integer.MAX_VALUE;
    private boolean draining;
    private int lingered;

    // the header block that is being received
    private byte[] block = new byte[512];
    private int blockLength;
    private int blockStream;
    private boolean blockEnds;
    private int continuations;
    private boolean blockSelfish;

    // windows
    private int receiveWindow = Http2.WINDOW;
    private int credit;
    private long sendWindow = Http2.WINDOW;
    private int initialSendWindow = Http2.WINDOW;
    private int sendFrameSize = Http2.FRAME_SIZE;

    private boolean flushPending;
    private final Runnable flush = this::flushNow;

    private final DeadlineWheel.Deadline idleDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            if (streams.isEmpty() && state != State.LINGERING) {
                goAway(Http2.Code.NO_ERROR, "nothing was asked for a while");
            }
        }
    };
    /// For the preface, and for frames and header blocks that are not complete.
    private final DeadlineWheel.Deadline headDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            if (state == State.PREFACE || state == State.OPEN && (inputLength() > 0 || blockStream != 0)) {
                fail(Http2.Code.ENHANCE_YOUR_CALM, "a frame incomplete after " + timeouts.head().toMillis() + " ms");
            }
        }
    };
    private final DeadlineWheel.Deadline endDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            if (state == State.LINGERING) {
                close();
            } else if (state == State.OPEN) {
                lastGoAway();
            }
        }
    };

    Http2Connection(Listener listener, Loop loop, Channel channel, Http2Limits limits) {
        super(listener, loop, channel);
        this.listener = listener;
        this.loop = loop;
        this.limits = limits;
        this.guard = new Http2Guard(limits);
        this.timeouts = listener.settings().timeouts();
        this.wireLimits = listener.settings().limits();
        this.head = new Http2Head(wireLimits);
    }

    // ---- the channel's life ----------------------------------------------------------------------------------------

    @Override
    void opened(Request.Peer newPeer) {
        peer = newPeer;
        loop.deadlines().set(idleDeadline, timeouts.keepAlive().toNanos());
        loop.deadlines().set(headDeadline, timeouts.head().toNanos());
        sendSettings();
        armRead();
    }

    private void sendSettings() {
        ByteBuf out = allocate(64);
        Http2.frameHeader(18, Http2.SETTINGS, 0, 0, out);
        out.writeShort(Http2.MAX_CONCURRENT_STREAMS).writeInt(limits.streams());
        out.writeShort(Http2.INITIAL_WINDOW_SIZE).writeInt(Http2Stream.WINDOW);
        out.writeShort(Http2.MAX_HEADER_LIST_SIZE).writeInt(wireLimits.headers() + wireLimits.requestLine());
        Http2.frameHeader(4, Http2.WINDOW_UPDATE, 0, 0, out).writeInt(WINDOW - Http2.WINDOW);
        receiveWindow = WINDOW;
        write(out);
        flush();
    }

    /// Goes on with what another handler has received of this connection.
    void takeOver(ByteBuf bytes) {
        received(bytes);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        readIsOver();
        switch (state) {
            case PREFACE, OPEN -> received(bytes);
            case LINGERING -> {
                lingered += bytes.readableBytes();
                bytes.release();
                if (lingered > LINGER_BYTES) {
                    close();
                }
            }
            case CLOSED -> bytes.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        readIsOver();
        for (int i = 0; i < touched.size(); i++) {
            touched.get(i).flushBody();
        }
        touched.clear();
        giveCredit();
        if (flushPending) {
            flushPending = false;
            context.flush();
        }
        if (state == State.OPEN) {
            if (inputLength() == 0 && blockStream == 0) {
                headDeadline.clear();
            } else if (!headDeadline.isSet()) {
                loop.deadlines().set(headDeadline, timeouts.head().toNanos());
            }
        }
        if (wantsRead()) {
            armRead();
        }
    }

    @Override
    boolean wantsRead() {
        return state != State.CLOSED && (context().channel().isWritable() || pendingBytes() < MOST_UNSENT);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        idleDeadline.discard();
        headDeadline.discard();
        endDeadline.discard();
        sendWatch.discard();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (!context.channel().isWritable()) {
            sendWatch.begin();
            return;
        }
        sendWatch.clear();
        serveLine();
        if (!isInRead() && wantsRead()) {
            armRead();
        }
    }

    @Override
    void gone(Ending how, String evidence) {
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        endStreams(how, evidence);
        idleDeadline.clear();
        headDeadline.clear();
        endDeadline.clear();
        sendWatch.clear();
        freeInput();
        listener.closed(this);
    }

    private void endStreams(Ending how, String evidence) {
        if (streams.isEmpty()) {
            return;
        }
        List<Http2Stream> open = new ArrayList<>(streams.values());
        streams.clear();
        line.clear();
        for (Http2Stream stream : open) {
            stream.gone(how, evidence);
        }
    }

    // ---- frames ----------------------------------------------------------------------------------------------------

    @Override
    boolean step() {
        ByteBuf in = input();
        if (in == null) {
            return false;
        }
        return switch (state) {
            case PREFACE -> preface(in);
            case OPEN -> frame(in);
            case LINGERING, CLOSED -> false;
        };
    }

    private boolean preface(ByteBuf in) {
        switch (Http2.preface(in)) {
            case PARTIAL -> {
                return false;
            }
            case OTHER -> {
                return fail(Http2.Code.PROTOCOL_ERROR, "no HTTP/2 connection preface; " + Evidence.firstBytes(in, in.readerIndex()));
            }
            case WHOLE -> {
                in.skipBytes(Http2.PREFACE.length);
                state = State.OPEN;
                Request.Tls tls = peer().tls();
                if (tls != null && tls.protocol().equals("TLSv1.2") && !isAdequate(tls.cipher())) {
                    return fail(Http2.Code.INADEQUATE_SECURITY, "TLS 1.2 with " + tls.cipher());
                }
                return true;
            }
        }
        return false;
    }

    /// Ephemeral keys and authenticated encryption (RFC 9113 section 9.2.2).
    private static boolean isAdequate(String cipher) {
        return cipher.contains("DHE") && (cipher.contains("GCM") || cipher.contains("CHACHA20"));
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
        if (blockStream != 0 && (type != Http2.CONTINUATION || id != blockStream)) {
            return fail(Http2.Code.PROTOCOL_ERROR, "a frame of type " + type + " within a header block");
        }
        return switch (type) {
            case Http2.DATA -> data(in, flags, id, length);
            case Http2.HEADERS -> headers(in, flags, id, length);
            case Http2.CONTINUATION -> continuation(in, flags, length);
            case Http2.RST_STREAM -> resetByClient(in, id, length);
            case Http2.SETTINGS -> settings(in, flags, id, length);
            case Http2.PING -> ping(in, flags, id, length);
            case Http2.WINDOW_UPDATE -> windowUpdate(in, id, length);
            case Http2.PRIORITY -> priority(in, id, length);
            case Http2.GOAWAY -> id == 0 ? useless() : fail(Http2.Code.PROTOCOL_ERROR, "GOAWAY on a stream");
            case Http2.PUSH_PROMISE -> fail(Http2.Code.PROTOCOL_ERROR, "PUSH_PROMISE of a client");
            default -> useless();
        };
    }

    /// A frame that moves nothing.
    private boolean useless() {
        String why = guard.useless();
        return why == null || fail(Http2.Code.ENHANCE_YOUR_CALM, why);
    }

    // ---- requests --------------------------------------------------------------------------------------------------

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
        blockSelfish = false;
        if ((flags & Http2.WITH_PRIORITY) != 0) {
            if (rest < 5) {
                return fail(Http2.Code.FRAME_SIZE_ERROR, "HEADERS of " + length + " bytes with priority");
            }
            blockSelfish = (in.readInt() & 0x7fff_ffff) == id;
            in.skipBytes(1);
            rest -= 5;
        }
        if (padding > rest) {
            return fail(Http2.Code.PROTOCOL_ERROR, "HEADERS with more padding than bytes");
        }
        blockLength = 0;
        blockStream = id;
        blockEnds = (flags & Http2.END_STREAM) != 0;
        continuations = 0;
        if (!addToBlock(in, rest - padding)) {
            return false;
        }
        return (flags & Http2.END_HEADERS) == 0 || block();
    }

    private boolean continuation(ByteBuf in, int flags, int length) {
        if (blockStream == 0) {
            return fail(Http2.Code.PROTOCOL_ERROR, "CONTINUATION without HEADERS before it");
        }
        if (++continuations > MOST_CONTINUATIONS) {
            return fail(Http2.Code.ENHANCE_YOUR_CALM, "a header block in more than " + MOST_CONTINUATIONS + " pieces");
        }
        if (!addToBlock(in, length)) {
            return false;
        }
        return (flags & Http2.END_HEADERS) == 0 || block();
    }

    private boolean addToBlock(ByteBuf in, int length) {
        int total = blockLength + length;
        // Packed and unpacked size differ little for what cannot be a bomb; the exact limits are Http2Head's.
        if (total > 2 * (wireLimits.headers() + wireLimits.requestLine())) {
            return fail(Http2.Code.ENHANCE_YOUR_CALM, "a header block of more than " + blockLength + " bytes");
        }
        if (block.length < total) {
            block = Arrays.copyOf(block, Math.max(total, 2 * block.length));
        }
        in.readBytes(block, blockLength, length);
        blockLength = total;
        return true;
    }

    /// The header block is complete.
    private boolean block() {
        int id = blockStream;
        blockStream = 0;
        Http2Stream open = streams.get(id);
        if (open != null) {
            return trailers(open);
        }
        Http2Closed.How how = id <= lastStream ? closed.how(id) : null;
        if (id <= lastStream && how == null) {
            return fail(Http2.Code.PROTOCOL_ERROR, "stream " + id + " after stream " + lastStream);
        }
        if (how == Http2Closed.How.ENDED || how == Http2Closed.How.RESET_BY_CLIENT) {
            return fail(Http2.Code.STREAM_CLOSED, "HEADERS on stream " + id + ", which is over");
        }
        Http2Stream stream = listener.takeStream(loop);
        head.begin(stream.request().headers, false);
        if (!decode()) {
            return false;
        }
        if (how == Http2Closed.How.RESET_BY_US || id > lastAccepted) {
            listener.giveStream(stream);
            return useless();
        }
        guard.useful();
        lastStream = id;
        if (streams.size() >= limits.streams()) {
            listener.giveStream(stream);
            return resetNow(id, Http2.Code.REFUSED_STREAM);
        }
        begin(stream, id);
        return state == State.OPEN;
    }

    private boolean decode() {
        String fault = decoder.decode(block, blockLength, head);
        decoder.shrink();
        if (block.length > 8192) {
            block = new byte[512];
        }
        if (fault != null) {
            return fail(Http2.Code.COMPRESSION_ERROR, "header block: " + fault);
        }
        return !head.isBomb() || fail(Http2.Code.ENHANCE_YOUR_CALM, "a header block that unpacks to many times what is allowed");
    }

    private void begin(Http2Stream stream, int id) {
        idleDeadline.clear();
        stream.request().headBytes = (long) blockLength + Http2.FRAME_HEADER;
        streams.put(id, stream);
        stream.begin(this, id, blockEnds, initialSendWindow, peer());
        head.finish(stream.request());
        if (head.malformed() != null) {
            stream.refuse(Reason.MALFORMED, head.evidence(), Http2.Code.PROTOCOL_ERROR);
        } else if (blockSelfish) {
            stream.refuse(Reason.MALFORMED, "stream " + id + " depends on itself", Http2.Code.PROTOCOL_ERROR);
        } else if (head.refusal() != null) {
            stream.refuse(head.refusal(), head.evidence(), null);
        } else if (blockEnds && head.contentLength() > 0) {
            stream.refuse(Reason.MALFORMED, "content-length: " + head.contentLength() + ", but no body", Http2.Code.PROTOCOL_ERROR);
        } else {
            stream.serve(head.contentLength());
        }
    }

    private boolean trailers(Http2Stream stream) {
        head.begin(stream.trailers(), true);
        if (!decode()) {
            return false;
        }
        if (stream.isRequestEnded()) {
            stream.reset(Http2.Code.STREAM_CLOSED, Ending.CLIENT_ABORTED, "a header block behind the end of the request");
        } else if (!blockEnds || head.malformed() != null || head.refusal() != null) {
            stream.reset(Http2.Code.PROTOCOL_ERROR, Ending.CLIENT_ABORTED,
                    blockEnds ? "trailers: " + head.evidence() : "a second header block that does not end the request");
        } else {
            guard.useful();
            stream.trailersRead();
        }
        return state == State.OPEN;
    }

    private boolean data(ByteBuf in, int flags, int id, int length) {
        if (id == 0 || (id & 1) == 0 || id > lastStream) {
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
        Http2Stream stream = streams.get(id);
        if (stream == null) {
            taken(length);
            return switch (closed.how(id)) {
                // Under way when we reset it, or long ago.
                case RESET_BY_US -> useless();
                case null -> useless();
                case ENDED, RESET_BY_CLIENT -> resetNow(id, Http2.Code.STREAM_CLOSED);
            };
        }
        if (stream.isRequestEnded()) {
            taken(length);
            stream.reset(Http2.Code.STREAM_CLOSED, Ending.CLIENT_ABORTED, "DATA behind the end of the request");
            return state == State.OPEN;
        }
        if (rest > 0 || end) {
            guard.useful();
        } else if (!useless()) {
            return false;
        }
        if (!stream.data(in.readRetainedSlice(rest), length, end)) {
            stream.reset(Http2.Code.FLOW_CONTROL_ERROR, Ending.CLIENT_ABORTED, "more DATA than the stream's window allows");
            taken(length);
        }
        return state == State.OPEN;
    }

    private boolean resetByClient(ByteBuf in, int id, int length) {
        if (length != 4) {
            return fail(Http2.Code.FRAME_SIZE_ERROR, "RST_STREAM of " + length + " bytes");
        }
        if (id == 0 || (id & 1) == 0 || id > lastStream) {
            return fail(Http2.Code.PROTOCOL_ERROR, "RST_STREAM on stream " + id + ", which has not begun");
        }
        long code = in.readUnsignedInt();
        Http2Stream stream = streams.remove(id);
        if (stream == null) {
            return useless();
        }
        leaveLine(stream);
        closed.add(id, Http2Closed.How.RESET_BY_CLIENT);
        stream.gone(Ending.CLIENT_ABORTED, "client reset the stream (" + Http2.codeName(code) + ")");
        streamIsGone();
        String why = guard.reset();
        return why == null ? state == State.OPEN : fail(Http2.Code.ENHANCE_YOUR_CALM, why);
    }

    private boolean priority(ByteBuf in, int id, int length) {
        if (id == 0) {
            return fail(Http2.Code.PROTOCOL_ERROR, "PRIORITY on the connection");
        }
        if (length != 5) {
            return streamMistake(id, Http2.Code.FRAME_SIZE_ERROR, "PRIORITY of " + length + " bytes");
        }
        if ((in.readInt() & 0x7fff_ffff) == id) {
            return streamMistake(id, Http2.Code.PROTOCOL_ERROR, "a stream that depends on itself");
        }
        return useless();
    }

    /// A mistake that costs the client one stream only.
    private boolean streamMistake(int id, Http2.Code code, String evidence) {
        Http2Stream stream = streams.get(id);
        if (stream != null) {
            stream.reset(code, Ending.CLIENT_ABORTED, evidence);
            return state == State.OPEN;
        }
        return id > lastStream ? fail(code, evidence) : resetNow(id, code);
    }

    // ---- the connection's own frames -------------------------------------------------------------------------------

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
            if (!setting(in.readUnsignedShort(), in.readUnsignedInt())) {
                return false;
            }
        }
        boolean first = !settled;
        if (first) {
            settled = true;
            headDeadline.clear();
        }
        // First the word that they are in force, then what they set free.
        write(Http2.frameHeader(0, Http2.SETTINGS, Http2.ACK, 0, allocate(Http2.FRAME_HEADER)));
        flush();
        serveLine();
        return state == State.OPEN && (first || useless());
    }

    private boolean setting(int name, long value) {
        switch (name) {
            case Http2.ENABLE_PUSH -> {
                if (value > 1) {
                    return fail(Http2.Code.PROTOCOL_ERROR, "SETTINGS_ENABLE_PUSH " + value);
                }
            }
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
            }
            default -> {}
        }
        return true;
    }

    private boolean initialWindow(int value) {
        long by = (long) value - initialSendWindow;
        initialSendWindow = value;
        if (by == 0 || streams.isEmpty()) {
            return true;
        }
        for (Http2Stream stream : streams.values()) {
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
            if (content == DRAIN_PING && draining && lastAccepted == Integer.MAX_VALUE) {
                lastGoAway();
                return state == State.OPEN;
            }
            return useless();
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
        if ((id & 1) == 0 || id > lastStream) {
            return fail(Http2.Code.PROTOCOL_ERROR, "WINDOW_UPDATE on stream " + id + ", which has not begun");
        }
        Http2Stream stream = streams.get(id);
        if (stream == null) {
            return useless(); // it may have ended meanwhile
        }
        if (by == 0 || !stream.widen(by)) {
            stream.reset(by == 0 ? Http2.Code.PROTOCOL_ERROR : Http2.Code.FLOW_CONTROL_ERROR, Ending.CLIENT_ABORTED,
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

    /// Bytes of a body were taken, or dropped.
    void taken(int n) {
        credit += n;
        if (!isInRead()) {
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

    /// Allows the client to send more.
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
        return context().alloc().directBuffer(capacity);
    }

    void write(ByteBuf bytes) {
        if (state == State.CLOSED || state == State.LINGERING) {
            bytes.release();
            return;
        }
        ChannelHandlerContext c = context();
        c.write(bytes, c.voidPromise());
    }

    /// Flushes at the end of the current read, or of the loop's turn: answers that came together leave together.
    void flush() {
        if (flushPending) {
            return;
        }
        flushPending = true;
        if (!isInRead()) {
            loop.execute(flush);
        }
    }

    private void flushNow() {
        if (flushPending && state != State.CLOSED) {
            flushPending = false;
            context().flush();
        }
    }

    /// Finishes a header block that was written behind room for a frame's header. Larger ones become several frames.
    ByteBuf frames(int type, int id, ByteBuf out) {
        int length = out.readableBytes() - Http2.FRAME_HEADER;
        int from = out.readerIndex();
        if (length <= sendFrameSize) {
            out.setMedium(from, length).setByte(from + 3, type).setByte(from + 4, Http2.END_HEADERS).setInt(from + 5, id);
            return out;
        }
        ByteBuf split = allocate(length + (length / sendFrameSize + 1) * Http2.FRAME_HEADER);
        out.skipBytes(Http2.FRAME_HEADER);
        int kind = type;
        while (out.isReadable()) {
            int n = Math.min(out.readableBytes(), sendFrameSize);
            Http2.frameHeader(n, kind, n == out.readableBytes() ? Http2.END_HEADERS : 0, id, split).writeBytes(out, n);
            kind = Http2.CONTINUATION;
        }
        out.release();
        return split;
    }

    void sendContinue(int id) {
        ByteBuf out = allocate(32);
        out.writeZero(Http2.FRAME_HEADER);
        HpackEncoder.status(100, out);
        write(frames(Http2.HEADERS, id, out));
        flush();
    }

    /// Whether the connection as such takes DATA now.
    boolean maySend() {
        return state == State.OPEN && sendWindow > 0 && context().channel().isWritable();
    }

    /// Bytes that the stream may send in its next frame.
    int window(Http2Stream stream) {
        return (int) Math.min(Math.min(sendWindow, stream.sendWindow()), sendFrameSize);
    }

    void sent(Http2Stream stream, int n) {
        sendWindow -= n;
        stream.sent(n);
        guard.useful();
    }

    /// A frame of a few bytes had to be sent because the client allowed no more.
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
    private void serveLine() {
        Http2Stream stream;
        while (maySend() && (stream = line.poll()) != null) {
            stream.inLine = false;
            stream.resume(1);
        }
        flush();
    }

    // ---- ends of streams -------------------------------------------------------------------------------------------

    /// Request and answer were complete.
    void streamEnded(Http2Stream stream) {
        forget(stream, Http2Closed.How.ENDED);
        guard.endedWell();
        listener.giveStream(stream);
        streamIsGone();
    }

    /// The stream ends before its time.
    ///
    /// @param faulty whether that is the client's fault
    void streamReset(Http2Stream stream, Http2.Code code, boolean faulty) {
        forget(stream, Http2Closed.How.RESET_BY_US);
        if (faulty) {
            resetNow(stream.id(), code);
        } else {
            sendReset(stream.id(), code);
        }
        streamIsGone();
    }

    private void forget(Http2Stream stream, Http2Closed.How how) {
        leaveLine(stream);
        streams.remove(stream.id());
        closed.add(stream.id(), how);
    }

    private void streamIsGone() {
        if (!streams.isEmpty() || state != State.OPEN) {
            return;
        }
        if (lastAccepted != Integer.MAX_VALUE) {
            closeWhenSent();
        } else {
            loop.deadlines().set(idleDeadline, timeouts.keepAlive().toNanos());
        }
    }

    /// Resets a stream for the client's mistake.
    private boolean resetNow(int id, Http2.Code code) {
        sendReset(id, code);
        String why = guard.reset();
        return why == null ? state == State.OPEN : fail(Http2.Code.ENHANCE_YOUR_CALM, why);
    }

    private void sendReset(int id, Http2.Code code) {
        write(Http2.frameHeader(4, Http2.RST_STREAM, 0, id, allocate(13)).writeInt(code.ordinal()));
        flush();
    }

    // ---- end of the connection -------------------------------------------------------------------------------------

    /// The client does what it must not: the connection ends, and says why.
    ///
    /// @return false
    private boolean fail(Http2.Code code, String why) {
        if (state == State.LINGERING || state == State.CLOSED) {
            return false;
        }
        if (code == Http2.Code.ENHANCE_YOUR_CALM) {
            listener.noteAttack(peer(), why);
        } else {
            LOG.debug("connection of {}: {}: {}", peer().remote(), code, why);
        }
        goAway(code, why);
        return false;
    }

    private void goAway(Http2.Code code, String why) {
        sendGoAway(lastStream, code, why);
        state = State.LINGERING;
        loop.deadlines().set(endDeadline, LINGER_NANOS);
        headDeadline.clear();
        endStreams(code == Http2.Code.NO_ERROR ? Ending.SHUT_DOWN : Ending.CLIENT_ABORTED,
                "the connection ended with GOAWAY (" + code + "): " + why);
        dropInput();
        // Our side is closed first: an RST would take the GOAWAY away from a client that is still sending.
        ChannelHandlerContext c = context();
        c.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> {
            if (!done.isSuccess() || c.pipeline().get(SslHandler.class) != null && code == Http2.Code.NO_ERROR) {
                c.close();
            } else if (c.channel() instanceof DuplexChannel duplex && c.pipeline().get(SslHandler.class) == null) {
                duplex.shutdownOutput();
            }
        });
        if (!isInRead()) {
            armRead();
        }
    }

    private void sendGoAway(int last, Http2.Code code, String why) {
        byte[] text = why.getBytes(StandardCharsets.UTF_8);
        write(Http2.frameHeader(8 + text.length, Http2.GOAWAY, 0, 0, allocate(17 + text.length))
                .writeInt(last)
                .writeInt(code.ordinal())
                .writeBytes(text));
        flush();
    }

    private void closeWhenSent() {
        state = State.LINGERING;
        loop.deadlines().set(endDeadline, LINGER_NANOS);
        ChannelHandlerContext c = context();
        c.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> c.close());
    }

    private Request.Peer peer() {
        Request.Peer p = peer;
        if (p == null) {
            throw new IllegalStateException("connection used before it was opened");
        }
        return p;
    }

    // ---- drain (called by the listener, on this loop) --------------------------------------------------------------

    /// Says that the end is near, waits until the client has heard it (requests may be under way), then takes no more.
    @Override
    void drain() {
        if (draining || state == State.LINGERING || state == State.CLOSED) {
            return;
        }
        draining = true;
        if (state == State.PREFACE) {
            close();
            return;
        }
        sendGoAway(Integer.MAX_VALUE, Http2.Code.NO_ERROR, "the server shuts down");
        write(Http2.frameHeader(8, Http2.PING, 0, 0, allocate(17)).writeLong(DRAIN_PING));
        loop.deadlines().set(endDeadline, LINGER_NANOS);
    }

    private void lastGoAway() {
        lastAccepted = lastStream;
        endDeadline.clear();
        sendGoAway(lastStream, Http2.Code.NO_ERROR, "the server shuts down");
        streamIsGone();
    }

    /// The drain time is over.
    @Override
    void closeNow() {
        gone(Ending.SHUT_DOWN, "the server shuts down");
        close();
    }
}
