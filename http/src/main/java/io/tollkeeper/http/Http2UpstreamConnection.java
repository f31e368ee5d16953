package io.tollkeeper.http;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The client's side of one HTTP/2 connection: each call is a stream of it, up to as many as the upstream allows. Frames
/// and windows are [Http2Wire]'s. On its event loop; never blocks.
///
/// ```
///   opening ──▶ OPEN, in its pool ◀──▶ OPEN, all streams in use
///                 │ GOAWAY, age, address left DNS
///                 ▼
///               leaving (no new streams) ── last stream has ended ──▶ CLOSED
/// ```
///
/// A connection that goes dead silently would swallow one call after the other. When nothing was heard for a while
/// although calls are under way, one PING asks; without an answer the connection is lost. One per silence only: servers
/// of gRPC send clients away that ping more.
final class Http2UpstreamConnection extends WireConnection
        implements PooledConnection, Http2Wire.Side<Http2UpstreamStream> {

    private static final Logger LOG = LoggerFactory.getLogger(Http2UpstreamConnection.class);

    /// Streams that an upstream allows until it says how many (RFC 9113 section 6.5.2 asks it for no fewer).
    static final int ASSUMED_STREAMS = 100;
    private static final int LAST_ID = Integer.MAX_VALUE - 1;
    private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long PING = 0x746f6c6c70696e67L;
    private static final int MOST_SPARE = 32;

    private final ConnectionPool pool;
    private final Loop loop;
    private final InetSocketAddress address;
    private final String addressText;
    private final long number;
    private final UpstreamEvidence evidence;
    private final Http2Wire<Http2UpstreamStream> wire;
    private final Http2ResponseHead head;
    /// Takes the blocks of streams that are over.
    private final Headers unwanted = new Headers();
    private final ArrayDeque<Http2UpstreamStream> spare = new ArrayDeque<>();

    private long openedNanos;
    private long idleSinceNanos;
    private long served;
    private int nextStream = 1;
    private int mostStreams = ASSUMED_STREAMS;
    /// It is among those that the pool gives calls to.
    private boolean offered;
    /// It takes no new calls.
    private boolean leaving;
    private String goodbye = "";
    private boolean heard;
    private boolean pinged;
    private boolean pingOwed;
    private @Nullable Throwable failure;

    private final DeadlineWheel.Deadline pooledDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            if (isIdle()) {
                leave();
                closeIfDone();
            }
        }
    };
    private final DeadlineWheel.Deadline silenceDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            checkSilence();
        }
    };

    Http2UpstreamConnection(ConnectionPool pool, InetSocketAddress address, long number) {
        this.pool = pool;
        this.loop = pool.loop();
        this.address = address;
        this.addressText = address.getAddress().getHostAddress();
        this.number = number;
        this.evidence = new UpstreamEvidence(pool, address, number);
        WireLimits limits = pool.upstreams().headLimits();
        this.wire = new Http2Wire<>(this, this, loop, limits, Http2Limits.DEFAULT);
        this.head = new Http2ResponseHead(limits);
    }

    Loop loop() {
        return loop;
    }

    UpstreamEvidence evidence() {
        return evidence;
    }

    // ---- the pool's side -------------------------------------------------------------------------------------------

    @Override
    public void opened(long now) {
        openedNanos = now;
        idleSinceNanos = now;
        if (wire.state != Http2Wire.State.PREFACE) {
            return; // lost already
        }
        wire.state = Http2Wire.State.OPEN;
        ByteBuf out = wire.allocate(96);
        out.writeBytes(Http2.PREFACE);
        Http2.frameHeader(18, Http2.SETTINGS, 0, 0, out);
        out.writeShort(Http2.ENABLE_PUSH).writeInt(0);
        out.writeShort(Http2.INITIAL_WINDOW_SIZE).writeInt(Http2Stream.WINDOW);
        out.writeShort(Http2.MAX_HEADER_LIST_SIZE).writeInt(pool.upstreams().headLimits().headers());
        wire.sendSettings(out);
        process();
        armRead();
    }

    @Override
    public boolean isUsable(long now) {
        return wire.state == Http2Wire.State.OPEN
                && !leaving
                && nextStream < LAST_ID
                && now - openedNanos < pool.upstreams().settings().age().toNanos()
                && !pool.hasLeft(address.getAddress());
    }

    @Override
    public boolean takesMoreThanOne() {
        return wire.streams.size() + 1 < mostStreams;
    }

    @Override
    public boolean isIdle() {
        return wire.streams.isEmpty();
    }

    @Override
    public void rest(long now, long limit) {
        offered = true;
        if (isIdle()) {
            idleSinceNanos = now;
            loop.deadlines().setAt(pooledDeadline, now + limit);
        }
    }

    @Override
    public void retire() {
        leaving = true;
        offered = false;
        closeIfDone();
    }

    @Override
    public void close() {
        offered = false;
        if (wire.state == Http2Wire.State.OPEN) {
            wire.sendGoAway(0, Http2.Code.NO_ERROR, "");
            context().flush();
        }
        wire.state = Http2Wire.State.CLOSED;
        pooledDeadline.clear();
        silenceDeadline.clear();
        freeInput();
        context().close();
    }

    /// Takes no more calls.
    private void leave() {
        leaving = true;
        withdraw();
    }

    private void withdraw() {
        if (offered) {
            offered = false;
            pool.remove(this);
        }
    }

    private void closeIfDone() {
        if (leaving && isIdle() && wire.state != Http2Wire.State.CLOSED) {
            close();
        }
    }

    @Override
    public void exchange(OutgoingCall call, long now) {
        pooledDeadline.clear();
        Http2UpstreamStream stream = spare.pollFirst();
        if (stream == null) {
            stream = new Http2UpstreamStream(this);
        }
        int id = nextStream;
        nextStream += 2;
        wire.lastStream = id;
        wire.streams.put(id, stream);
        offered &= wire.streams.size() < mostStreams;
        UpstreamFacts facts = call.facts();
        facts.address = addressText;
        facts.port = address.getPort();
        facts.connectionNumber = number;
        facts.protocol = "HTTP/2.0";
        facts.stream = id;
        facts.reused = served > 0;
        facts.requestsOnConnection = served;
        facts.connectionAgeNanos = now - openedNanos;
        facts.connectionIdleNanos = served > 0 && wire.streams.size() == 1 ? now - idleSinceNanos : 0;
        served++;
        if (!silenceDeadline.isSet()) {
            heard = false;
            loop.deadlines().set(silenceDeadline, SILENCE_NANOS);
        }
        stream.start(call, wire, id, now);
        if (wire.state == Http2Wire.State.CLOSED) {
            loseStreams();
        }
    }

    /// There is room: the pool hears of it.
    private void offer(long now) {
        if (!offered && !leaving && !pingOwed && wire.streams.size() < mostStreams && wire.state == Http2Wire.State.OPEN) {
            pool.release(this, now);
        }
    }

    // ---- ends of streams -------------------------------------------------------------------------------------------

    /// Request and answer were complete.
    void streamEnded(Http2UpstreamStream stream) {
        wire.forget(stream, Http2Closed.How.ENDED);
        wire.guard.endedWell();
        if (spare.size() < MOST_SPARE) {
            stream.rest();
            spare.addFirst(stream);
        }
        streamIsGone();
    }

    /// A stream ends before its time.
    ///
    /// @param code what the upstream is told, null if it knows
    void streamGone(Http2UpstreamStream stream, Http2.@Nullable Code code) {
        if (wire.streams.get(stream.id()) != stream) {
            return;
        }
        wire.forget(stream, code == null ? Http2Closed.How.RESET_BY_PEER : Http2Closed.How.RESET_BY_US);
        if (code != null) {
            wire.sendReset(stream.id(), code);
        }
        streamIsGone();
    }

    private void streamIsGone() {
        if (leaving) {
            closeIfDone();
            return;
        }
        long now = System.nanoTime();
        if (!offered) {
            offer(now);
        } else if (isIdle()) {
            rest(now, pool.destination().idleLimit(pool.upstreams().settings().idle().toNanos()));
        }
    }

    // ---- the channel's life ----------------------------------------------------------------------------------------

    @Override
    public void channelActive(ChannelHandlerContext context) {
        if (context.pipeline().get(SslHandler.class) != null) {
            context.read(); // the handshake's first answer; TLS reads on by itself until it stands
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == SslCloseCompletionEvent.SUCCESS) {
            context.close(); // the other side said that it sends nothing more
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        readIsOver();
        heard = true;
        if (wire.state == Http2Wire.State.CLOSED) {
            bytes.release();
        } else {
            received(bytes);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        readIsOver();
        wire.readComplete();
        if (wantsRead()) {
            armRead();
        }
    }

    @Override
    boolean wantsRead() {
        return wire.state == Http2Wire.State.OPEN && wire.wantsRead();
    }

    @Override
    boolean step() {
        return wire.step();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (context.channel().isWritable() && wire.state == Http2Wire.State.OPEN) {
            wire.serveLine();
            if (!isInRead() && wantsRead()) {
                armRead();
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (wire.state == Http2Wire.State.CLOSED) {
            return;
        }
        boolean idle = isIdle();
        wire.state = Http2Wire.State.CLOSED;
        leave();
        pooledDeadline.clear();
        silenceDeadline.clear();
        if (idle && served > 0 && goodbye.isEmpty()) {
            pool.destination().sawClose(System.nanoTime() - idleSinceNanos);
        }
        loseStreams();
        freeInput();
    }

    private void loseStreams() {
        ByteBuf rest = input();
        String other = wire.isSettled() || rest == null ? "" : noHttp2(rest);
        for (Http2UpstreamStream stream : wire.takeStreams()) {
            if (other.isEmpty()) {
                stream.lost(failure, goodbye);
            } else {
                stream.failProtocol(other);
            }
        }
    }

    private static String noHttp2(ByteBuf rest) {
        String other = Evidence.otherProtocol(rest, rest.readerIndex());
        return "the answer is no HTTP/2; " + Evidence.firstBytes(rest, rest.readerIndex()) + (other.isEmpty() ? "" : "; " + other);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        pooledDeadline.discard();
        silenceDeadline.discard();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        Throwable root = cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
        if (failure == null) {
            failure = root;
        }
        if (!(root instanceof IOException)) {
            LOG.error("connection #{} to {} fails", number, pool.destination().name(), cause);
        }
        context.close();
    }

    private void checkSilence() {
        if (isIdle() || wire.state != Http2Wire.State.OPEN) {
            return; // set again by the next call
        }
        if (heard) {
            heard = false;
            pinged = false;
        } else if (pingOwed) {
            failure = new IOException("no answer to a PING for " + Evidence.time(SILENCE_NANOS));
            context().close();
            return;
        } else if (!pinged) {
            pinged = true;
            pingOwed = true;
            withdraw();
            wire.sendPing(PING);
        }
        loop.deadlines().set(silenceDeadline, SILENCE_NANOS);
    }

    // ---- frames ----------------------------------------------------------------------------------------------------

    /// Nothing comes before the first frame; that waits until TLS stands.
    @Override
    public boolean preface(ByteBuf in) {
        return false;
    }

    @Override
    public void settled() {}

    @Override
    public boolean blockRead(int id) {
        if (id > wire.lastStream) {
            return fail(Http2.Code.PROTOCOL_ERROR, "HEADERS on stream " + id + ", which nobody began");
        }
        Http2UpstreamStream stream = wire.streams.get(id);
        if (stream == null) {
            head.begin(unwanted, false);
            return wire.decode(head) && wire.useless();
        }
        wire.guard.useful();
        head.begin(stream.isHeadRead() ? stream.trailers : stream.response().headers, stream.isHeadRead());
        if (!wire.decode(head)) {
            return false;
        }
        stream.blockRead(head, wire.block.ends(), wire.block.length() + Http2.FRAME_HEADER);
        return wire.state == Http2Wire.State.OPEN;
    }

    @Override
    public boolean dataBehindEnd(int id) {
        return wire.useless();
    }

    @Override
    public boolean streamReset(Http2UpstreamStream stream, long code) {
        stream.resetByPeer(code);
        return wire.state == Http2Wire.State.OPEN;
    }

    @Override
    public boolean otherFrame(ByteBuf in, int type, int id, int length) {
        return switch (type) {
            case Http2.GOAWAY -> goAway(in, id, length);
            case Http2.PUSH_PROMISE -> fail(Http2.Code.PROTOCOL_ERROR, "PUSH_PROMISE, which was switched off");
            default -> wire.useless();
        };
    }

    /// The upstream takes no more streams, and has not looked at those beyond a certain one.
    private boolean goAway(ByteBuf in, int id, int length) {
        if (id != 0 || length < 8) {
            return fail(id != 0 ? Http2.Code.PROTOCOL_ERROR : Http2.Code.FRAME_SIZE_ERROR, "GOAWAY on stream " + id + " of "
                    + length + " bytes");
        }
        int last = in.readInt() & 0x7fff_ffff;
        long code = in.readUnsignedInt();
        String text = in.toString(in.readerIndex(), Math.min(length - 8, 64), StandardCharsets.ISO_8859_1);
        goodbye = "GOAWAY (" + Http2.codeName(code) + (text.isEmpty() ? "" : ", " + MessageParser.printable(text)) + ")";
        leave();
        for (Http2UpstreamStream stream : wire.streams.values().toArray(new Http2UpstreamStream[0])) {
            if (stream.id() > last) {
                stream.unprocessed("it said " + goodbye + " without having looked at this request");
            }
        }
        closeIfDone();
        return wire.state == Http2Wire.State.OPEN;
    }

    @Override
    public boolean setting(int name, long value) {
        if (name == Http2.ENABLE_PUSH && value != 0) {
            return fail(Http2.Code.PROTOCOL_ERROR, "SETTINGS_ENABLE_PUSH " + value + " of a server");
        }
        if (name == Http2.MAX_CONCURRENT_STREAMS) {
            mostStreams = (int) Math.min(value, Integer.MAX_VALUE);
            if (wire.streams.size() >= mostStreams) {
                withdraw();
            } else {
                offer(System.nanoTime());
            }
        }
        return wire.state == Http2Wire.State.OPEN;
    }

    @Override
    public boolean pingAnswered(long content) {
        pingOwed = false;
        offer(System.nanoTime());
        return wire.useless();
    }

    @Override
    public boolean fail(Http2.Code code, String why) {
        if (wire.state == Http2Wire.State.CLOSED) {
            return false;
        }
        ByteBuf rest = input();
        String shown = wire.isSettled() || rest == null ? why : noHttp2(rest);
        leave();
        wire.sendGoAway(0, code, why);
        context().flush();
        wire.state = Http2Wire.State.CLOSED;
        dropInput();
        for (Http2UpstreamStream stream : wire.takeStreams()) {
            stream.failProtocol(shown);
        }
        pooledDeadline.clear();
        silenceDeadline.clear();
        context().close();
        return false;
    }
}
