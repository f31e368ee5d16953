package io.tollkeeper.http;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLException;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.DefaultChannelPromise;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The client's side of one HTTP/1.1 connection: one exchange at a time. On its event loop; never blocks.
///
/// ```
///                exchange              head               body complete        taken
///   OPENING/IDLE ────────▶ HEAD ───────────────▶ BODY ────────────────▶ COMPLETE ────▶ IDLE (or closed)
///                           │  (no body)                                   ▲
///                           ├──────────────────────────────────────────────┘
///                           └─ 101 ─▶ TUNNEL ─▶ closed
/// ```
///
/// The request is sent beside that: an answer may begin, and even end, before the request does.
///
/// Reading: one read is armed while idle (a FIN must be seen at once) and while a head is awaited; while a body flows,
/// only as long as its sink is writable.
final class UpstreamConnection extends WireConnection implements PooledConnection, CallCarrier, WireBody.Source {

    private static final Logger LOG = LoggerFactory.getLogger(UpstreamConnection.class);

    private static final byte[] HTTP = "HTTP/1.".getBytes(StandardCharsets.US_ASCII);
    private static final int MOST_INFORMATIONAL = 8;

    private enum State { OPENING, IDLE, HEAD, BODY, COMPLETE, TUNNEL, CLOSED }

    private final ConnectionPool pool;
    private final Loop loop;
    private final InetSocketAddress address;
    private final String addressText;
    private final long number;
    private final UpstreamResponse response = new UpstreamResponse();
    private final MessageParser parser;
    private final BodyDecoder decoder;
    private final WireBody body = new WireBody(this);
    private final RequestSink sink = new RequestSink(this);
    private final UpstreamEvidence evidence;

    private State state = State.OPENING;

    private @Nullable OutgoingCall call;
    private UpstreamFacts facts = new UpstreamFacts();
    private Upstream.Timeouts timeouts = Upstream.Timeouts.DEFAULT;
    private long openedNanos;
    private long idleSinceNanos;
    private long served;

    /// Bytes of the current request were handed to the socket.
    private boolean handed;
    private boolean reusable;
    private int informational;
    private @Nullable Throwable writeFailure;
    /// How the connection broke, null if it ended with FIN.
    private @Nullable Throwable readFailure;
    /// The other side sends nothing more.
    private boolean atEnd;

    private @Nullable HandedOver handedOver;
    private @Nullable TunnelEnd tunnel;

    private final DeadlineWheel.Deadline pooledDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            if (state == State.IDLE) {
                pool.remove(UpstreamConnection.this);
                close();
            }
        }
    };
    private final DeadlineWheel.Deadline firstByteDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            firstByteOver();
        }
    };
    private final DeadlineWheel.Deadline idleDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            idleOver();
        }
    };
    private final SendWatch sendWatch;

    UpstreamConnection(ConnectionPool pool, InetSocketAddress address, long number) {
        this.pool = pool;
        this.loop = pool.loop();
        this.address = address;
        this.addressText = address.getAddress().getHostAddress();
        this.number = number;
        WireLimits limits = pool.upstreams().headLimits();
        this.parser = new MessageParser(limits, true);
        this.decoder = new BodyDecoder(parser, limits);
        this.evidence = new UpstreamEvidence(pool, address, number);
        this.sendWatch = new SendWatch(loop.deadlines()) {
            @Override
            long patienceNanos() {
                return timeouts.send().toNanos();
            }

            @Override
            void stalled(long stillPending) {
                if (!sink.isFinished() || tunnel != null) {
                    fail(Reason.UPSTREAM_SEND_TIMEOUT, evidence.takesNothing(facts, timeouts, stillPending));
                }
            }
        };
    }

    // ---- the pool's side -------------------------------------------------------------------------------------------

    @Override
    public void opened(long now) {
        openedNanos = now;
        idleSinceNanos = now;
        if (state == State.OPENING) {
            state = State.IDLE;
        }
    }

    @Override
    public boolean isUsable(long now) {
        return state == State.IDLE
                && context().channel().isActive()
                && context().channel().isWritable()
                && now - openedNanos < pool.upstreams().settings().age().toNanos()
                && !pool.hasLeft(address.getAddress());
    }

    @Override
    public boolean takesMoreThanOne() {
        return false;
    }

    @Override
    public boolean isIdle() {
        return state == State.IDLE;
    }

    @Override
    public void rest(long now, long limit) {
        idleSinceNanos = now;
        loop.deadlines().setAt(pooledDeadline, now + limit);
        if (!isInRead()) {
            armRead();
        }
    }

    /// A connection with a call is not the pool's.
    @Override
    public void retire() {
        close();
    }

    @Override
    public void close() {
        state = State.CLOSED;
        pooledDeadline.clear();
        freeInput();
        context().close();
    }

    // ---- the request -----------------------------------------------------------------------------------------------

    @Override
    public void exchange(OutgoingCall newCall, long now) {
        call = newCall;
        newCall.exchanging(this);
        UpstreamFacts f = newCall.facts();
        facts = f;
        f.address = addressText;
        f.port = address.getPort();
        f.connectionNumber = number;
        f.reused = served > 0;
        f.requestsOnConnection = served;
        f.connectionAgeNanos = now - openedNanos;
        f.connectionIdleNanos = served > 0 ? now - idleSinceNanos : 0;
        f.protocol = "HTTP/1.1";
        f.attempts++;
        f.headSentNanos = now;
        f.requestSentNanos = 0;
        f.bytesSent = 0;
        f.bytesReceived = 0;
        timeouts = newCall.timeouts();
        state = State.HEAD;
        handed = false;
        reusable = true;
        informational = 0;
        writeFailure = null;
        pooledDeadline.clear();
        parser.reset();
        UpstreamRequest request = newCall.request();
        Body source = request.body;
        boolean empty = source.isEmpty();
        sink.begin(newCall.upstream(), request, empty ? 0 : request.chunked ? -1 : source.length());
        if (empty) {
            sink.end(null);
        } else {
            source.pipeTo(sink);
        }
        if (!isInRead() && wantsRead()) {
            armRead();
        }
    }

    /// Sends a piece of the request.
    void write(ByteBuf bytes) {
        HandedOver promise = handedOver;
        if (promise == null || state == State.CLOSED || writeFailure != null) {
            bytes.release();
            return;
        }
        facts.bytesSent += bytes.readableBytes();
        context().write(bytes, promise);
    }

    /// Told of every write. One per connection: it is never done, so that it can be used again.
    private final class HandedOver extends DefaultChannelPromise {

        HandedOver(Channel channel) {
            super(channel);
        }

        @Override
        public boolean trySuccess(Void result) {
            handed = true;
            return true;
        }

        @Override
        public boolean tryFailure(Throwable cause) {
            if (state != UpstreamConnection.State.CLOSED && writeFailure == null) {
                // Not the verdict: what the upstream said before it stopped listening is still to be read.
                writeFailure = cause;
                loop.deadlines().set(firstByteDeadline, timeouts.firstByte().toNanos());
            }
            return true;
        }
    }

    /// The request is complete.
    void requestSent(boolean bodyless) {
        long now = bodyless ? facts.headSentNanos : System.nanoTime();
        facts.requestSentNanos = now;
        if (state == State.HEAD && facts.bytesReceived == 0) {
            loop.deadlines().setAt(firstByteDeadline, now + timeouts.firstByte().toNanos());
        }
    }

    /// Whether more of the request can be taken now.
    boolean takesBytes() {
        return writeFailure == null && context().channel().isWritable();
    }

    // ---- the channel's life ----------------------------------------------------------------------------------------

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        super.handlerAdded(context);
        handedOver = new HandedOver(context.channel());
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        if (context.pipeline().get(SslHandler.class) != null) {
            context.read(); // the handshake's first answer; TLS reads on by itself until it stands
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (tunnel != null) {
            tunnel.heard(event);
        } else if (event == SslCloseCompletionEvent.SUCCESS) {
            context.close(); // the other side said that it sends nothing more
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        readIsOver();
        switch (state) {
            case CLOSED -> bytes.release();
            case OPENING, IDLE -> {
                pool.destination().warn(evidence.unaskedBytes(bytes));
                bytes.release();
                pool.remove(this);
                close();
            }
            case HEAD, BODY, COMPLETE, TUNNEL -> {
                UpstreamFacts f = facts;
                if (f.bytesReceived == 0) {
                    f.firstByteNanos = System.nanoTime();
                    firstByteDeadline.clear();
                }
                f.bytesReceived += bytes.readableBytes();
                received(bytes);
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        readIsOver();
        body.flush();
        if (tunnel != null) {
            tunnel.readComplete();
        }
        if (state == State.BODY || state == State.HEAD && facts.bytesReceived > 0) {
            loop.deadlines().set(idleDeadline, timeouts.idle().toNanos());
        }
        if (wantsRead()) {
            armRead();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        atEnd = true;
        switch (state) {
            case CLOSED -> {}
            case OPENING -> state = State.CLOSED;
            case IDLE -> {
                pool.destination().sawClose(System.nanoTime() - idleSinceNanos);
                pool.remove(this);
                state = State.CLOSED;
                pooledDeadline.clear();
            }
            case HEAD, BODY -> {
                process();
                body.flush();
                conclude();
            }
            case COMPLETE -> reusable = false;
            case TUNNEL -> fail(Reason.UPSTREAM_RESET_LATE, evidence.tunnelBroke(facts, readFailure));
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        pooledDeadline.discard();
        firstByteDeadline.discard();
        idleDeadline.discard();
        sendWatch.discard();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        Throwable root = cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
        if (readFailure == null) {
            readFailure = root;
        }
        if (!(root instanceof IOException)) {
            LOG.error("connection #{} to {} fails", number, pool.destination().name(), cause);
            fail(Reason.INTERNAL, "reading the answer failed: " + cause);
        }
        context.close();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (state == State.CLOSED || sink.isFinished() && tunnel == null) {
            sendWatch.clear();
            return;
        }
        if (!context.channel().isWritable()) {
            sendWatch.begin();
            return;
        }
        sendWatch.clear();
        if (tunnel != null) {
            tunnel.writable();
            return;
        }
        Body source = sink.source();
        if (source != null) {
            source.demand();
        }
    }

    @Override
    boolean wantsRead() {
        return switch (state) {
            case IDLE, HEAD -> true;
            case BODY -> body.wants();
            case TUNNEL -> tunnel != null && tunnel.wantsRead();
            case OPENING, COMPLETE, CLOSED -> false;
        };
    }

    // ---- the answer ------------------------------------------------------------------------------------------------

    @Override
    boolean step() {
        ByteBuf buffered = input();
        if (buffered == null) {
            return false;
        }
        return switch (state) {
            case HEAD -> head(buffered);
            case BODY -> body.wants() && bodyBytes(buffered);
            case TUNNEL -> {
                if (tunnel != null) {
                    tunnel.take(buffered);
                }
                yield false;
            }
            case OPENING, IDLE, COMPLETE, CLOSED -> false;
        };
    }

    private boolean head(ByteBuf buffered) {
        OutgoingCall c = call;
        if (c == null) {
            return false;
        }
        int start = buffered.readerIndex();
        int length = parser.findEnd(buffered);
        if (length == MessageParser.INCOMPLETE) {
            if (!startsLikeHttp(buffered, start)) {
                // A banner, say: what is behind it will not make it an answer.
                fail(Reason.UPSTREAM_PROTOCOL, evidence.noHttp(facts, buffered, start));
            }
            return false;
        }
        response.headers.clear();
        if (length == MessageParser.REFUSED || !parser.parseResponse(buffered, length, response)) {
            fail(parser.refusal(), evidence.refusedHead(facts, parser, buffered, start));
            return false;
        }
        if (response.status < 200) {
            return informational(c);
        }
        if (response.status == 407 && c.upstream().asksProxy()) {
            fail(Reason.PROXY_AUTHENTICATION, evidence.proxyAsks(facts, response.headers.get(HeaderName.PROXY_AUTHENTICATE)));
            return false;
        }
        idleDeadline.clear();
        if (response.minorVersion == 0 ? !parser.saysKeepAlive() : parser.saysClose()) {
            reusable = false;
        }
        long declared = parser.contentLength();
        response.contentLength = declared;
        if (response.status == 204 || response.status == 304 || c.request().method.equals("HEAD")
                || declared == 0 && !parser.chunked()) {
            response.body = Body.none();
            complete(buffered);
            c.answered(response);
            taken();
            return true;
        }
        if (parser.chunked()) {
            decoder.beginChunked();
        } else if (declared > 0) {
            decoder.beginCounted(declared);
        } else {
            decoder.beginUntilClose();
            reusable = false;
        }
        body.begin(declared);
        response.body = body;
        state = State.BODY;
        c.answered(response);
        return true;
    }

    private boolean informational(OutgoingCall c) {
        if (response.status == 101) {
            return switched(c);
        }
        informational++;
        if (informational > MOST_INFORMATIONAL) {
            fail(Reason.UPSTREAM_PROTOCOL,
                    evidence.connection(facts) + ": more than " + MOST_INFORMATIONAL + " informational answers (1xx), the last one "
                            + response.status);
            return false;
        }
        parser.reset();
        return true;
    }

    /// The upstream speaks another protocol from here on (RFC 9110 section 7.8).
    private boolean switched(OutgoingCall c) {
        UpstreamRequest request = c.request();
        if (!request.upgrade || !sink.isFinished()) {
            fail(Reason.UPSTREAM_PROTOCOL, evidence.connection(facts) + ": it switched protocols (101), which nobody asked for");
            return false;
        }
        String asked = request.headers.get(HeaderName.UPGRADE);
        String chosen = response.headers.get(HeaderName.UPGRADE);
        if (asked == null || chosen == null || !names(asked, chosen)) {
            fail(Reason.UPSTREAM_PROTOCOL, evidence.connection(facts) + ": it switched (101) to the protocol " + chosen
                    + ", asked for was " + asked);
            return false;
        }
        TunnelEnd end = new TunnelEnd(this, new TunnelEnd.Owner() {
            @Override
            public void moved(int sent) {
                facts.bytesSent += sent;
                loop.deadlines().set(idleDeadline, timeouts.tunnel().toNanos());
            }

            @Override
            public void over() {
                tunnelOver();
            }

            @Override
            public void broken(Reason reason, String why) {
                c.cancel();
            }
        });
        state = State.TUNNEL;
        reusable = false;
        tunnel = end;
        response.tunnel = end;
        response.body = Body.none();
        loop.deadlines().set(idleDeadline, timeouts.tunnel().toNanos());
        c.tunnelled();
        c.answered(response);
        return true;
    }

    /// Whether a protocol is in the list that was asked for.
    private static boolean names(String list, String protocol) {
        for (String one : list.split(",")) {
            if (one.strip().equalsIgnoreCase(protocol.strip())) {
                return true;
            }
        }
        return false;
    }

    private void tunnelOver() {
        OutgoingCall c = call;
        if (c == null) {
            return;
        }
        facts.endedNanos = System.nanoTime();
        detach();
        close();
        c.ended();
    }

    private static boolean startsLikeHttp(ByteBuf buffered, int start) {
        int n = Math.min(HTTP.length, buffered.writerIndex() - start);
        for (int i = 0; i < n; i++) {
            if (buffered.getByte(start + i) != HTTP[i]) {
                return false;
            }
        }
        return true;
    }

    private boolean bodyBytes(ByteBuf buffered) {
        return switch (decoder.decode(buffered, body)) {
            case MORE -> false;
            case COMPLETE -> {
                if (state == State.BODY) {
                    complete(buffered);
                    body.complete(decoder.trailers());
                }
                yield true;
            }
            case REFUSED -> {
                fail(Reason.UPSTREAM_PROTOCOL, evidence.refusedBody(facts, body, decoder, buffered));
                yield false;
            }
        };
    }

    /// The last byte of the answer was received.
    private void complete(@Nullable ByteBuf rest) {
        state = State.COMPLETE;
        facts.endedNanos = System.nanoTime();
        firstByteDeadline.clear();
        idleDeadline.clear();
        if (rest != null && rest.isReadable()) {
            reusable = false;
            pool.destination().warn(evidence.bytesAfterAnswer(rest));
            rest.skipBytes(rest.readableBytes());
        }
        if (!sink.isFinished()) {
            // Answered before the request was sent: nobody needs the rest of it.
            reusable = false;
            sink.stop();
        }
        sendWatch.clear();
    }

    @Override
    public void taken() {
        OutgoingCall c = call;
        if (state != State.COMPLETE || c == null) {
            return;
        }
        call = null;
        body.release();
        served++;
        if (reusable && writeFailure == null) {
            state = State.IDLE;
            pool.release(this, facts.endedNanos);
        } else {
            close();
        }
        c.ended();
    }

    @Override
    public void wanted() {
        if (state != State.BODY) {
            return;
        }
        if (!isInRead()) {
            loop.deadlines().set(idleDeadline, timeouts.idle().toNanos());
        }
        boolean nested = isProcessing();
        process();
        if (!nested && !isInRead()) {
            body.flush();
        }
        if (atEnd && !isProcessing()) {
            conclude();
        } else if (!isInRead() && wantsRead()) {
            armRead();
        }
    }

    @Override
    public void unwanted() {
        OutgoingCall c = call;
        if (c != null) {
            c.cancel();
        }
    }

    // ---- ends before their time ------------------------------------------------------------------------------------

    /// The other side sends nothing more: what does that mean for the answer?
    private void conclude() {
        if (state == State.BODY) {
            if (input() != null && !body.wants()) {
                return; // its sink is slow; the end comes after what is still held
            }
            if (decoder.isUntilClose() && readFailure == null) {
                complete(null);
                body.complete(null);
                return;
            }
        } else if (state != State.HEAD) {
            return;
        }
        lost();
    }

    private void lost() {
        OutgoingCall c = call;
        UpstreamFacts f = facts;
        if (c == null) {
            return;
        }
        int alert = readFailure instanceof SSLException tls ? TlsAlert.number(tls) : -1;
        if (alert >= 0) {
            // TLS 1.3 tells only now what it thinks of our certificate.
            fail(Reason.UPSTREAM_TLS_ALERT, evidence.tlsAlert(f, alert));
        } else if (state == State.HEAD && f.bytesReceived == 0) {
            lostBeforeAnswer(c);
        } else {
            fail(readFailure != null ? Reason.UPSTREAM_RESET_LATE : Reason.UPSTREAM_TRUNCATED,
                    state == State.HEAD
                            ? evidence.endedInHead(f, readFailure)
                            : evidence.endedInBody(f, readFailure, response.contentLength, body, decoder));
        }
    }

    private void lostBeforeAnswer(OutgoingCall c) {
        UpstreamFacts f = facts;
        if (f.reused) {
            pool.destination().sawClose(f.connectionIdleNanos);
        }
        String whyNot = c.whyNotRepeated(handed);
        if (whyNot == null) {
            detach();
            sink.leave();
            close();
            c.repeat();
        } else {
            fail(f.reused ? Reason.UPSTREAM_STALE_REUSE : Reason.UPSTREAM_RESET_EARLY,
                    evidence.endedBeforeAnswer(f, readFailure, writeFailure, whyNot));
        }
    }

    private void firstByteOver() {
        if (state != State.HEAD) {
            return;
        }
        if (writeFailure != null) {
            lost();
        } else {
            fail(Reason.UPSTREAM_FIRST_BYTE_TIMEOUT, evidence.noFirstByte(facts, timeouts));
        }
    }

    private void idleOver() {
        if (state == State.HEAD) {
            fail(Reason.UPSTREAM_IDLE_TIMEOUT, evidence.idleInHead(facts, timeouts, informational));
        } else if (state == State.BODY && body.wants()) {
            // A slow reader of the answer is not the upstream's fault; set again when it wants more.
            fail(Reason.UPSTREAM_IDLE_TIMEOUT, evidence.idleInBody(facts, timeouts, decoder));
        } else if (state == State.TUNNEL) {
            fail(Reason.TUNNEL_IDLE, evidence.idleTunnel(facts, timeouts));
        }
    }

    /// The connection is closed with it.
    @Override
    public void fail(Reason reason, String why) {
        OutgoingCall c = call;
        if (c == null || state == State.CLOSED) {
            return;
        }
        boolean answering = state == State.BODY;
        c.note(reason, why);
        detach();
        close();
        sink.stop();
        if (answering) {
            body.fail(reason, why);
        }
        body.release();
        loseTunnel(reason, why);
        c.fail(reason, why);
    }

    @Override
    public void abandon(OutgoingCall leaving) {
        if (call != leaving || state == State.CLOSED) {
            return;
        }
        detach();
        if (state == State.COMPLETE && reusable) {
            body.release();
            state = State.IDLE;
            served++;
            pool.release(this, System.nanoTime());
            return;
        }
        close();
        sink.stop();
        body.release();
        loseTunnel(Reason.ABORTED, "the caller left");
    }

    private void loseTunnel(Reason reason, String why) {
        if (tunnel != null) {
            tunnel.fail(reason, why);
        }
    }

    private void detach() {
        call = null;
        firstByteDeadline.clear();
        idleDeadline.clear();
        sendWatch.clear();
    }
}
