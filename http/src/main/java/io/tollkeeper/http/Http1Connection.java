package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;
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

/// The server's side of one HTTP/1 connection: one exchange at a time, answers in the order of the requests. On its
/// event loop; never blocks.
///
/// ```
///            head complete                     body complete                    answer complete
///   HEAD ───────────────────▶ BODY ──────────────────────────▶ WAITING ────────────────────────────▶ HEAD (or closed)
///                              │  (no body: straight to WAITING)
///                              └─ answer complete before the body ─▶ LINGERING ─▶ closed
///   WAITING ── both sides agreed to speak another protocol ──▶ TUNNEL ─▶ closed
/// ```
///
/// Reading: nothing is read ahead of need. While a head is incomplete, one read is armed; while a body flows, only as
/// long as its sink is writable; while an answer is owed, exactly one read stays armed, so that the client's FIN or RST
/// is seen (an abort) and the next pipelined request waits undecoded, up to the limit of a head.
final class Http1Connection extends ServerConnection implements WireBody.Source {

    private static final Logger LOG = LoggerFactory.getLogger(Http1Connection.class);

    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int LINGER_BYTES = 64 * 1024;
    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(2);

    private enum State { HEAD, BODY, WAITING, TUNNEL, LINGERING, CLOSED }

    private final Listener listener;
    private final Loop loop;
    private final WireLimits limits;
    private final ListenerSettings.Timeouts timeouts;
    private final ExchangeHandler handler;
    private final Request request = new Request();
    private final Http1Response response = new Http1Response(this);
    private final MessageParser parser;
    private final BodyDecoder decoder;
    private final WireBody body = new WireBody(this);

    private State state = State.HEAD;
    private boolean exchanging;
    private boolean ending;
    private boolean flushPending;
    private boolean closeAfterAnswer;
    private boolean mayBeHttp2;
    private boolean continueOwed;
    private int lingered;
    private @Nullable TunnelEnd tunnel;

    private final DeadlineWheel.Deadline idleDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            if (state == State.HEAD && !exchanging && request.startedNanos == 0) {
                close();
            }
        }
    };
    private final DeadlineWheel.Deadline headDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            if (state == State.HEAD && !exchanging && request.startedNanos != 0) {
                refuse(Reason.SLOW, "head incomplete after " + timeouts.head().toMillis() + " ms, "
                        + inputLength() + " bytes received");
            }
        }
    };
    private final BodyClock bodyClock;
    private final ClientWatch sendWatch = new ClientWatch();
    private final DeadlineWheel.Deadline lingerDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            close();
        }
    };

    Http1Connection(Listener listener, Loop loop, Channel channel) {
        super(listener, loop, channel);
        this.listener = listener;
        this.loop = loop;
        this.limits = listener.settings().limits();
        this.timeouts = listener.settings().timeouts();
        this.handler = listener.handlers().create(loop);
        this.parser = new MessageParser(limits, false);
        this.decoder = new BodyDecoder(parser, limits);
        this.bodyClock = new BodyClock(loop.deadlines(), limits, timeouts, body) {
            @Override
            void tooSlow(Reason reason, String evidence) {
                bodyBroke(reason, evidence);
            }
        };
    }

    Request request() {
        return request;
    }

    /// Asked when an answer's head is written. The listener may be draining already though this connection has not been
    /// told yet: its socket is closed first.
    boolean closesAfterAnswer() {
        closeAfterAnswer |= listener.isDraining();
        return closeAfterAnswer;
    }

    void closeAfterAnswer() {
        closeAfterAnswer = true;
    }

    // ---- the channel's life ----------------------------------------------------------------------------------------

    @Override
    void opened(Request.Peer peer) {
        request.peer = peer;
        mayBeHttp2 = listener.settings().http2() != null && peer.tls() == null;
        loop.deadlines().set(idleDeadline, timeouts.keepAlive().toNanos());
        armRead();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        readIsOver();
        if (state == State.CLOSED) {
            bytes.release();
            return;
        }
        if (state == State.LINGERING) {
            lingered += bytes.readableBytes();
            bytes.release();
            if (lingered > LINGER_BYTES) {
                close();
            }
            return;
        }
        received(bytes);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        readIsOver();
        body.flush();
        if (tunnel != null) {
            tunnel.readComplete();
        }
        if (flushPending) {
            flushPending = false;
            context.flush();
        }
        if (wantsRead()) {
            armRead();
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        idleDeadline.discard();
        headDeadline.discard();
        bodyClock.discard();
        sendWatch.discard();
        lingerDeadline.discard();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (!context.channel().isWritable()) {
            sendWatch.begin();
            return;
        }
        sendWatch.clear();
        if (tunnel != null) {
            tunnel.writable();
        } else if (ending) {
            finish();
        } else {
            response.writable();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (tunnel != null) {
            tunnel.heard(event);
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    boolean wantsRead() {
        return switch (state) {
            case HEAD, LINGERING -> true;
            // While nobody has asked for the body yet, a read stays armed too, or a client that gives up is not noticed.
            case BODY -> body.wants() || (body.isUntouched() && inputLength() < limits.headers());
            case WAITING -> inputLength() < limits.headers();
            case TUNNEL -> tunnel != null && tunnel.wantsRead();
            case CLOSED -> false;
        };
    }

    // ---- requests --------------------------------------------------------------------------------------------------

    @Override
    boolean step() {
        ByteBuf buffered = input();
        if (buffered == null) {
            return false;
        }
        return switch (state) {
            case HEAD -> !exchanging && head(buffered);
            case BODY -> body.wants() && bodyBytes(buffered);
            case TUNNEL -> {
                if (tunnel != null) {
                    tunnel.take(buffered);
                }
                yield false;
            }
            case WAITING, LINGERING, CLOSED -> false;
        };
    }

    private boolean head(ByteBuf buffered) {
        if (mayBeHttp2 && !isHttp1(buffered)) {
            return false;
        }
        if (request.startedNanos == 0) {
            request.startedNanos = System.nanoTime();
            idleDeadline.clear();
        }
        int length = parser.findEnd(buffered);
        if (length == MessageParser.INCOMPLETE) {
            if (!headDeadline.isSet()) {
                loop.deadlines().set(headDeadline, timeouts.head().toNanos());
            }
            return false;
        }
        headDeadline.clear();
        if (length == MessageParser.REFUSED || !parser.parseRequest(buffered, length, request)) {
            refuse(parser.refusal(), parser.evidence());
            return false;
        }
        request.headReadNanos = System.nanoTime();
        if (request.minorVersion == 0 ? !parser.saysKeepAlive() : parser.saysClose()) {
            closeAfterAnswer = true;
        }
        if (listener.isDraining()) {
            closeAfterAnswer = true;
        }
        beginExchange();
        return true;
    }

    /// Whether this connection does not begin like one of HTTP/2. If it does, that handler goes on in our place.
    private boolean isHttp1(ByteBuf buffered) {
        switch (Http2.preface(buffered)) {
            case PARTIAL -> {
                if (!headDeadline.isSet()) {
                    request.startedNanos = System.nanoTime();
                    idleDeadline.clear();
                    loop.deadlines().set(headDeadline, timeouts.head().toNanos());
                }
                return false;
            }
            case OTHER -> {
                mayBeHttp2 = false;
                return true;
            }
            case WHOLE -> {
                state = State.CLOSED;
                Http2Connection successor = asHttp2(context().channel());
                ByteBuf bytes = giveInput();
                context().pipeline().replace(this, null, successor);
                if (bytes != null) {
                    successor.takeOver(bytes);
                }
                return false;
            }
        }
        return false;
    }

    /// The handler of HTTP/2 for the same connection.
    Http2Connection asHttp2(Channel channel) {
        Http2Limits http2 = listener.settings().http2();
        if (http2 == null) {
            throw new IllegalStateException("HTTP/2 on a listener that does not offer it");
        }
        return listener.replace(this, http2, channel);
    }

    private void beginExchange() {
        exchanging = true;
        response.begin();
        long length = parser.contentLength();
        if (parser.chunked()) {
            decoder.beginChunked();
            length = -1;
        }
        if (length == 0 || (length == MessageParser.NO_LENGTH && !parser.chunked())) {
            request.body = Body.none();
            state = State.WAITING;
        } else {
            if (limits.body() >= 0 && length > limits.body()) {
                refuse(Reason.BODY_TOO_LARGE, "Content-Length: " + length + ", limit " + limits.body());
                return;
            }
            if (length > 0) {
                decoder.beginCounted(length);
            }
            body.begin(length);
            request.body = body;
            state = State.BODY;
            int expect = request.headers.find(HeaderName.EXPECT, 0);
            continueOwed = expect >= 0 && request.minorVersion == 1 && request.headers.valueIs(expect, "100-continue");
            bodyClock.begin(request.headReadNanos);
        }
        try {
            handler.requested(request, response);
        } catch (RuntimeException e) {
            LOG.error("handler of listener {} fails", listener.settings().name(), e);
            response.failInternally();
        }
    }

    /// What was received is no request that may be served: the handler answers, then the connection closes.
    private void refuse(Reason reason, String evidence) {
        closeAfterAnswer = true;
        exchanging = true;
        request.headReadNanos = System.nanoTime();
        request.body = Body.none();
        if (request.method.isEmpty()) {
            request.method = "-";
        }
        lingered = inputLength();
        dropInput();
        response.begin();
        // As with a body that nobody read: bytes may still be on their way, so that the answer must not be followed by
        // an RST.
        state = State.BODY;
        body.begin(-1);
        try {
            handler.refused(request, response, reason, evidence);
        } catch (RuntimeException e) {
            LOG.error("handler of listener {} fails on a refused request", listener.settings().name(), e);
            response.failInternally();
        }
    }

    // ---- request bodies --------------------------------------------------------------------------------------------

    private boolean bodyBytes(ByteBuf buffered) {
        long before = body.received();
        BodyDecoder.Result result = decoder.decode(buffered, body);
        if (limits.body() >= 0 && body.received() > limits.body()) {
            bodyBroke(Reason.BODY_TOO_LARGE, "more than " + limits.body() + " bytes");
            return false;
        }
        switch (result) {
            case MORE -> {
                if (body.received() != before) {
                    bodyClock.progress();
                }
                return false;
            }
            case COMPLETE -> {
                bodyClock.stop();
                if (state == State.BODY) {
                    state = State.WAITING;
                }
                body.complete(decoder.trailers());
                if (ending) {
                    finish();
                }
                return true;
            }
            case REFUSED -> {
                bodyBroke(Reason.MALFORMED, decoder.evidence());
                return false;
            }
        }
        return false;
    }

    private void bodyBroke(Reason reason, String evidence) {
        closeAfterAnswer = true;
        bodyClock.stop();
        dropInput();
        body.fail(reason, evidence);
    }

    @Override
    public void wanted() {
        if (state != State.BODY) {
            return;
        }
        if (continueOwed && !response.isCommitted()) {
            continueOwed = false;
            if (input() == null) {
                write(Unpooled.wrappedBuffer(CONTINUE));
                flush();
            }
        }
        bodyClock.wanted();
        boolean nested = isProcessing();
        process();
        if (!nested && !isInRead()) {
            body.flush();
        }
        if (!isInRead() && wantsRead() && state != State.CLOSED) {
            armRead();
        }
    }

    @Override
    public void unwanted() {
        // The upstream does not take the rest. Whatever answer comes, this connection ends with it.
        closeAfterAnswer = true;
        bodyClock.stop();
    }

    // ---- answers (called by Http1Response) -------------------------------------------------------------------------

    /// Whether the rest of the request will not be read before the answer is sent, so that the answer must announce the
    /// end of the connection.
    boolean leavesBodyUnread() {
        if (state != State.BODY) {
            return false;
        }
        if (body.isUntouched() && !continueOwed) {
            // Perhaps it is all here already: a small form on a refused call should not cost the connection.
            ByteBuf buffered = input();
            if (buffered != null && !closeAfterAnswer) {
                body.discard();
                if (isProcessing()) {
                    bodyBytes(buffered);
                }
                return state == State.BODY;
            }
            return true;
        }
        return continueOwed;
    }

    ByteBuf allocate(int capacity) {
        return context().alloc().directBuffer(capacity);
    }

    void write(ByteBuf bytes) {
        ChannelHandlerContext c = context();
        c.write(bytes, c.voidPromise());
    }

    /// Flushes at the end of the current read, or at once outside of one.
    void flush() {
        if (isInRead()) {
            flushPending = true;
        } else {
            context().flush();
        }
    }

    boolean isWritable() {
        return state != State.CLOSED && context().channel().isWritable();
    }

    /// The last byte of the answer was written.
    void answered() {
        if (context().channel().isWritable()) {
            finish();
        } else {
            // The client is slow: the exchange ends when the socket has taken most of it.
            ending = true;
        }
    }

    private void finish() {
        ending = false;
        if (state == State.CLOSED) {
            return;
        }
        boolean bodyLeft = state == State.BODY;
        end(Ending.COMPLETE);
        if (bodyLeft || closeAfterAnswer && input() != null) {
            linger();
        } else if (closeAfterAnswer) {
            closeWhenSent();
        } else {
            next();
        }
    }

    private void next() {
        state = State.HEAD;
        request.headers.clear();
        request.startedNanos = 0;
        parser.reset();
        loop.deadlines().set(idleDeadline, timeouts.keepAlive().toNanos());
        if (!isProcessing() && input() != null) {
            // Not recursively: an answer may come from deep within another connection's read.
            loop.execute(this::continuePipelined);
        } else if (!isInRead()) {
            armRead();
        }
    }

    private void continuePipelined() {
        if (state == State.HEAD && !exchanging) {
            process();
            body.flush();
            if (wantsRead()) {
                armRead();
            }
        }
    }

    /// Ends the exchange once: the handler hears of it, what was held is freed.
    private void end(Ending how) {
        if (!exchanging) {
            return;
        }
        exchanging = false;
        bodyClock.stop();
        if (tunnel != null) {
            response.bodyBytes = tunnel.sent();
        }
        try {
            handler.ended(request, response, how);
        } catch (RuntimeException e) {
            LOG.error("handler of listener {} fails at the end of an exchange", listener.settings().name(), e);
        }
        response.release();
        body.release();
    }

    /// The answer cannot be completed: whoever reads it must see that.
    void truncate() {
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        context().flush();
        loseTunnel("the answer was given up");
        end(Ending.TRUNCATED);
        context().close();
        freeInput();
    }

    @Override
    void gone(Ending how, String evidence) {
        if (state == State.CLOSED) {
            return;
        }
        boolean incomplete = state == State.BODY;
        state = State.CLOSED;
        if (exchanging) {
            if (incomplete) {
                body.fail(Reason.ABORTED, evidence);
            }
            loseTunnel(evidence);
            response.clientGone();
            end(how);
        }
        idleDeadline.clear();
        headDeadline.clear();
        sendWatch.clear();
        lingerDeadline.clear();
        freeInput();
        listener.closed(this);
    }

    private void closeWhenSent() {
        state = State.LINGERING;
        ChannelHandlerContext c = context();
        c.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> c.close());
    }

    /// After answers to requests that were not read to their end, or behind which more came: close our side, then read
    /// and drop for a while, for an RST would take the answer away from a client that is still sending.
    private void linger() {
        state = State.LINGERING;
        loop.deadlines().set(lingerDeadline, LINGER_NANOS);
        ChannelHandlerContext c = context();
        c.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> {
            if (!done.isSuccess()) {
                c.close();
            } else if (c.channel() instanceof DuplexChannel duplex && c.pipeline().get(SslHandler.class) == null) {
                duplex.shutdownOutput();
            }
        });
        dropInput();
        if (!isInRead()) {
            armRead();
        }
    }

    // ---- tunnels ---------------------------------------------------------------------------------------------------

    /// The head of a 101 was written: from here on, bytes flow between the client and `upstream`.
    void tunnel(TunnelEnd upstream) {
        state = State.TUNNEL;
        TunnelEnd end = new TunnelEnd(this, new TunnelEnd.Owner() {
            @Override
            public void over() {
                end(Ending.COMPLETE);
                close();
            }

            @Override
            public void broken(Reason reason, String evidence) {
                response.abort(reason);
            }
        });
        tunnel = end;
        request.body = end.body();
        flush();
        TunnelEnd.join(end, upstream);
    }

    private void loseTunnel(String evidence) {
        if (tunnel != null) {
            tunnel.fail(Reason.ABORTED, evidence);
        }
    }

    // ---- drain (called by the listener, on this loop) --------------------------------------------------------------

    /// Closes the connection if it is idle; otherwise its next answer is its last.
    @Override
    void drain() {
        if (state == State.HEAD && !exchanging && request.startedNanos == 0) {
            close();
        } else if (state == State.TUNNEL) {
            // It has no end that could be waited for.
            closeNow();
        } else {
            closeAfterAnswer = true;
        }
    }

    /// The drain time is over.
    @Override
    void closeNow() {
        gone(Ending.SHUT_DOWN, "the server shuts down");
        close();
    }
}
