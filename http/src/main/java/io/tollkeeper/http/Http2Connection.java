package io.tollkeeper.http;

import java.util.concurrent.TimeUnit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The server's side of one HTTP/2 connection: its streams become exchanges. Frames and windows are [Http2Wire]'s. On its
/// event loop; never blocks.
///
/// ```
///   PREFACE ──▶ OPEN ──────────────────────────▶ CLOSED
///                │ a mistake, a flood: GOAWAY       ▲
///                ├────────────────────▶ LINGERING ──┤   (what still comes is dropped)
///                │ drain: GOAWAY, PING, GOAWAY      │
///                └──── last stream has ended ───────┘
/// ```
final class Http2Connection extends ServerConnection implements Http2Wire.Side<Http2Exchange> {

    private static final Logger LOG = LoggerFactory.getLogger(Http2Connection.class);

    private static final int LINGER_BYTES = 256 * 1024;
    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long DRAIN_PING = 0x746f6c6c6b656570L;

    private final Listener listener;
    private final Loop loop;
    private final ListenerSettings.Timeouts timeouts;
    private final WireLimits wireLimits;
    private final Http2Limits limits;
    private final Http2Wire<Http2Exchange> wire;
    private final Http2RequestHead head;
    private final ClientWatch sendWatch = new ClientWatch();

    private Request.@Nullable Peer peer;
    /// The last stream that may still begin, after GOAWAY.
    private int lastAccepted = Integer.MAX_VALUE;
    private boolean draining;
    private int lingered;

    private final DeadlineWheel.Deadline idleDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            if (wire.streams.isEmpty() && wire.state != Http2Wire.State.LINGERING) {
                goAway(Http2.Code.NO_ERROR, "nothing was asked for a while");
            }
        }
    };
    /// For the preface, and for frames and header blocks that are not complete.
    private final DeadlineWheel.Deadline headDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            if (wire.state == Http2Wire.State.PREFACE || isOpen() && (inputLength() > 0 || wire.block.open() != 0)) {
                fail(Http2.Code.ENHANCE_YOUR_CALM, "a frame incomplete after " + timeouts.head().toMillis() + " ms");
            }
        }
    };
    private final DeadlineWheel.Deadline endDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            if (wire.state == Http2Wire.State.LINGERING) {
                close();
            } else if (isOpen()) {
                lastGoAway();
            }
        }
    };

    Http2Connection(Listener listener, Loop loop, Channel channel, Http2Limits limits) {
        super(listener, loop, channel);
        this.listener = listener;
        this.loop = loop;
        this.limits = limits;
        this.timeouts = listener.settings().timeouts();
        this.wireLimits = listener.settings().limits();
        this.wire = new Http2Wire<>(this, this, loop, wireLimits, limits);
        this.head = new Http2RequestHead(wireLimits);
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
        ByteBuf out = wire.allocate(64);
        Http2.frameHeader(18, Http2.SETTINGS, 0, 0, out);
        out.writeShort(Http2.MAX_CONCURRENT_STREAMS).writeInt(limits.streams());
        out.writeShort(Http2.INITIAL_WINDOW_SIZE).writeInt(Http2Stream.WINDOW);
        out.writeShort(Http2.MAX_HEADER_LIST_SIZE).writeInt(wireLimits.headers() + wireLimits.requestLine());
        wire.sendSettings(out);
    }

    private boolean isOpen() {
        return wire.state == Http2Wire.State.OPEN;
    }

    /// Goes on with what another handler has received of this connection.
    void takeOver(ByteBuf bytes) {
        received(bytes);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        readIsOver();
        switch (wire.state) {
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
        wire.readComplete();
        if (isOpen()) {
            if (inputLength() == 0 && wire.block.open() == 0) {
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
        return wire.wantsRead();
    }

    @Override
    boolean step() {
        return wire.step();
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
        wire.serveLine();
        if (!isInRead() && wantsRead()) {
            armRead();
        }
    }

    @Override
    void gone(Ending how, String evidence) {
        if (wire.state == Http2Wire.State.CLOSED) {
            return;
        }
        wire.state = Http2Wire.State.CLOSED;
        endStreams(how, evidence);
        idleDeadline.clear();
        headDeadline.clear();
        endDeadline.clear();
        sendWatch.clear();
        freeInput();
        listener.closed(this);
    }

    private void endStreams(Ending how, String evidence) {
        for (Http2Exchange stream : wire.takeStreams()) {
            stream.gone(how, evidence);
        }
    }

    // ---- frames ----------------------------------------------------------------------------------------------------

    @Override
    public boolean preface(ByteBuf in) {
        switch (Http2.preface(in)) {
            case PARTIAL -> {
                return false;
            }
            case OTHER -> {
                return fail(Http2.Code.PROTOCOL_ERROR, "no HTTP/2 connection preface; " + Evidence.firstBytes(in, in.readerIndex()));
            }
            case WHOLE -> {
                in.skipBytes(Http2.PREFACE.length);
                wire.state = Http2Wire.State.OPEN;
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

    @Override
    public void settled() {
        headDeadline.clear();
    }

    @Override
    public boolean blockRead(int id) {
        Http2Exchange open = wire.streams.get(id);
        if (open != null) {
            return trailers(open);
        }
        Http2Closed.How how = id <= wire.lastStream ? wire.closed.how(id) : null;
        if (id <= wire.lastStream && how == null) {
            return fail(Http2.Code.PROTOCOL_ERROR, "stream " + id + " after stream " + wire.lastStream);
        }
        if (how == Http2Closed.How.ENDED || how == Http2Closed.How.RESET_BY_PEER) {
            return fail(Http2.Code.STREAM_CLOSED, "HEADERS on stream " + id + ", which is over");
        }
        Http2Exchange stream = listener.takeStream(loop);
        head.begin(stream.request().headers, false);
        if (!wire.decode(head)) {
            return false;
        }
        if (how == Http2Closed.How.RESET_BY_US || id > lastAccepted) {
            listener.giveStream(stream);
            return wire.useless();
        }
        wire.guard.useful();
        wire.lastStream = id;
        if (wire.streams.size() >= limits.streams()) {
            listener.giveStream(stream);
            return resetNow(id, Http2.Code.REFUSED_STREAM);
        }
        begin(stream, id);
        return isOpen();
    }

    private void begin(Http2Exchange stream, int id) {
        idleDeadline.clear();
        boolean ends = wire.block.ends();
        stream.request().headBytes = (long) wire.block.length() + Http2.FRAME_HEADER;
        wire.streams.put(id, stream);
        stream.begin(this, wire, id, ends, peer());
        head.finish(stream.request());
        if (head.malformed() != null) {
            stream.refuse(Reason.MALFORMED, head.evidence(), Http2.Code.PROTOCOL_ERROR);
        } else if (wire.block.dependsOnItself()) {
            stream.refuse(Reason.MALFORMED, "stream " + id + " depends on itself", Http2.Code.PROTOCOL_ERROR);
        } else if (head.refusal() != null) {
            stream.refuse(head.refusal(), head.evidence(), null);
        } else if (ends && head.contentLength() > 0) {
            stream.refuse(Reason.MALFORMED, "content-length: " + head.contentLength() + ", but no body", Http2.Code.PROTOCOL_ERROR);
        } else {
            stream.serve(head.contentLength());
        }
    }

    private boolean trailers(Http2Exchange stream) {
        head.begin(stream.trailers, true);
        if (!wire.decode(head)) {
            return false;
        }
        boolean ends = wire.block.ends();
        if (stream.isRemoteEnded()) {
            stream.reset(Http2.Code.STREAM_CLOSED, Ending.CLIENT_ABORTED, "a header block behind the end of the request");
        } else if (!ends || head.malformed() != null || head.refusal() != null) {
            stream.reset(Http2.Code.PROTOCOL_ERROR, Ending.CLIENT_ABORTED,
                    ends ? "trailers: " + head.evidence() : "a second header block that does not end the request");
        } else {
            wire.guard.useful();
            stream.trailersRead();
        }
        return isOpen();
    }

    @Override
    public boolean dataBehindEnd(int id) {
        return switch (wire.closed.how(id)) {
            // Under way when we reset it, or long ago.
            case RESET_BY_US -> wire.useless();
            case null -> wire.useless();
            case ENDED, RESET_BY_PEER -> resetNow(id, Http2.Code.STREAM_CLOSED);
        };
    }

    @Override
    public boolean streamReset(Http2Exchange stream, long code) {
        wire.forget(stream, Http2Closed.How.RESET_BY_PEER);
        stream.gone(Ending.CLIENT_ABORTED, "client reset the stream (" + Http2.codeName(code) + ")");
        streamIsGone();
        String why = wire.guard.reset();
        return why == null ? isOpen() : fail(Http2.Code.ENHANCE_YOUR_CALM, why);
    }

    @Override
    public boolean otherFrame(ByteBuf in, int type, int id, int length) {
        return switch (type) {
            case Http2.PRIORITY -> priority(in, id, length);
            case Http2.GOAWAY -> id == 0 ? wire.useless() : fail(Http2.Code.PROTOCOL_ERROR, "GOAWAY on a stream");
            case Http2.PUSH_PROMISE -> fail(Http2.Code.PROTOCOL_ERROR, "PUSH_PROMISE of a client");
            default -> wire.useless();
        };
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
        return wire.useless();
    }

    /// A mistake that costs the client one stream only.
    private boolean streamMistake(int id, Http2.Code code, String evidence) {
        Http2Exchange stream = wire.streams.get(id);
        if (stream != null) {
            stream.reset(code, Ending.CLIENT_ABORTED, evidence);
            return isOpen();
        }
        return id > wire.lastStream ? fail(code, evidence) : resetNow(id, code);
    }

    @Override
    public boolean setting(int name, long value) {
        return name != Http2.ENABLE_PUSH || value <= 1 || fail(Http2.Code.PROTOCOL_ERROR, "SETTINGS_ENABLE_PUSH " + value);
    }

    @Override
    public boolean pingAnswered(long content) {
        if (content == DRAIN_PING && draining && lastAccepted == Integer.MAX_VALUE) {
            lastGoAway();
            return isOpen();
        }
        return wire.useless();
    }

    void sendContinue(int id) {
        ByteBuf out = wire.allocate(32);
        out.writeZero(Http2.FRAME_HEADER);
        HpackEncoder.status(100, out);
        wire.write(wire.frames(id, out));
        wire.flush();
    }

    // ---- ends of streams -------------------------------------------------------------------------------------------

    /// Request and answer were complete.
    void streamEnded(Http2Exchange stream) {
        wire.forget(stream, Http2Closed.How.ENDED);
        wire.guard.endedWell();
        listener.giveStream(stream);
        streamIsGone();
    }

    /// The stream ends before its time.
    ///
    /// @param faulty whether that is the client's fault
    void streamReset(Http2Exchange stream, Http2.Code code, boolean faulty) {
        wire.forget(stream, Http2Closed.How.RESET_BY_US);
        if (faulty) {
            resetNow(stream.id(), code);
        } else {
            wire.sendReset(stream.id(), code);
        }
        streamIsGone();
    }

    private void streamIsGone() {
        if (!wire.streams.isEmpty() || !isOpen()) {
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
        wire.sendReset(id, code);
        String why = wire.guard.reset();
        return why == null ? isOpen() : fail(Http2.Code.ENHANCE_YOUR_CALM, why);
    }

    // ---- end of the connection -------------------------------------------------------------------------------------

    @Override
    public boolean fail(Http2.Code code, String why) {
        if (wire.state == Http2Wire.State.LINGERING || wire.state == Http2Wire.State.CLOSED) {
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
        wire.sendGoAway(wire.lastStream, code, why);
        wire.state = Http2Wire.State.LINGERING;
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

    private void closeWhenSent() {
        wire.state = Http2Wire.State.LINGERING;
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
        if (draining || wire.state == Http2Wire.State.LINGERING || wire.state == Http2Wire.State.CLOSED) {
            return;
        }
        draining = true;
        if (wire.state == Http2Wire.State.PREFACE) {
            close();
            return;
        }
        wire.sendGoAway(Integer.MAX_VALUE, Http2.Code.NO_ERROR, "the server shuts down");
        wire.sendPing(DRAIN_PING);
        loop.deadlines().set(endDeadline, LINGER_NANOS);
    }

    private void lastGoAway() {
        lastAccepted = wire.lastStream;
        endDeadline.clear();
        wire.sendGoAway(wire.lastStream, Http2.Code.NO_ERROR, "the server shuts down");
        streamIsGone();
    }

    /// The drain time is over.
    @Override
    void closeNow() {
        gone(Ending.SHUT_DOWN, "the server shuts down");
        close();
    }
}
