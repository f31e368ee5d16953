package io.tollkeeper.http;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
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
/// ```
///
/// Reading: nothing is read ahead of need. While a head is incomplete, one read is armed; while a body flows, only as
/// long as its sink is writable; while an answer is owed, exactly one read stays armed, so that the client's FIN or RST
/// is seen (an abort) and the next pipelined request waits undecoded, up to the limit of a head.
final class Http1Connection extends ChannelInboundHandlerAdapter implements WireBody.Source {

    private static final Logger LOG = LoggerFactory.getLogger(Http1Connection.class);

    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int LINGER_BYTES = 64 * 1024;
    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(2);

    private enum State { HEAD, BODY, WAITING, LINGERING, CLOSED }

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

    private @Nullable ChannelHandlerContext ctx;
    private @Nullable ByteBuf in;
    private State state = State.HEAD;
    private boolean exchanging;
    private boolean ending;
    private boolean processing;
    private boolean readArmed;
    private boolean inRead;
    private boolean flushPending;
    private boolean closeAfterAnswer;
    private boolean continueOwed;
    private int lingered;
    private long bodyStartedNanos;
    private long sendProgress;

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
                        + (in == null ? 0 : in.readableBytes()) + " bytes received");
            }
        }
    };
    private final DeadlineWheel.Deadline bodyDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            if (state == State.BODY && exchanging && body.wants()) {
                bodyBroke(Reason.BODY_IDLE, "no byte of the body for " + timeouts.body().toMillis() + " ms after "
                        + body.received() + " bytes");
            }
        }
    };
    private final DeadlineWheel.Deadline rateDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            checkBodyRate();
        }
    };
    private final DeadlineWheel.Deadline sendDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            checkSendProgress();
        }
    };
    private final DeadlineWheel.Deadline lingerDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            close();
        }
    };

    Http1Connection(Listener listener, Loop loop) {
        this.listener = listener;
        this.loop = loop;
        this.limits = listener.settings().limits();
        this.timeouts = listener.settings().timeouts();
        this.handler = listener.handlers().create(loop);
        this.parser = new MessageParser(limits, false);
        this.decoder = new BodyDecoder(parser, limits);
    }

    Loop loop() {
        return loop;
    }

    Request request() {
        return request;
    }

    boolean closesAfterAnswer() {
        return closeAfterAnswer;
    }

    void closeAfterAnswer() {
        closeAfterAnswer = true;
    }

    // ---- the channel's life ----------------------------------------------------------------------------------------

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
        if (context.channel().isActive()) {
            opened(context);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        opened(context);
    }

    private void opened(ChannelHandlerContext context) {
        if (request.peer != null) {
            return;
        }
        request.peer = new Request.Peer(
                (InetSocketAddress) context.channel().remoteAddress(),
                (InetSocketAddress) context.channel().localAddress(),
                Listener.tlsFacts(context.channel()),
                listener.nextConnectionNumber());
        loop.deadlines().set(idleDeadline, timeouts.keepAlive().toNanos());
        armRead();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        readArmed = false;
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
        inRead = true;
        append(bytes);
        process();
        inRead = false;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        readArmed = false;
        body.flush();
        if (flushPending) {
            flushPending = false;
            context.flush();
        }
        if (wantsRead()) {
            armRead();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        gone(Ending.CLIENT_ABORTED, "client closed the connection");
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        idleDeadline.discard();
        headDeadline.discard();
        bodyDeadline.discard();
        rateDeadline.discard();
        sendDeadline.discard();
        lingerDeadline.discard();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!(cause instanceof IOException)) {
            LOG.warn("connection {} of listener {} fails", context.channel(), listener.settings().name(), cause);
        }
        gone(Ending.CLIENT_ABORTED, "client's connection broke: " + cause.getMessage());
        context.close();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (!context.channel().isWritable()) {
            sendProgress = pendingBytes();
            loop.deadlines().set(sendDeadline, timeouts.send().toNanos());
            return;
        }
        sendDeadline.clear();
        if (ending) {
            finish();
        } else {
            response.writable();
        }
    }

    private void append(ByteBuf bytes) {
        ByteBuf buffered = in;
        if (buffered == null) {
            in = bytes;
        } else if (!buffered.isReadable()) {
            buffered.release();
            in = bytes;
        } else {
            // Rare: a head or a pipelined request in several pieces.
            ByteBuf joined = context().alloc().buffer(buffered.readableBytes() + bytes.readableBytes());
            joined.writeBytes(buffered).writeBytes(bytes);
            buffered.release();
            bytes.release();
            in = joined;
        }
    }

    private boolean wantsRead() {
        return switch (state) {
            case HEAD, LINGERING -> true;
            // While nobody has asked for the body yet, a read stays armed too, or a client that gives up is not noticed.
            case BODY -> body.wants() || (body.isUntouched() && (in == null || in.readableBytes() < limits.headers()));
            case WAITING -> in == null || in.readableBytes() < limits.headers();
            case CLOSED -> false;
        };
    }

    private void armRead() {
        if (!readArmed) {
            readArmed = true;
            context().read();
        }
    }

    private ChannelHandlerContext context() {
        ChannelHandlerContext c = ctx;
        if (c == null) {
            throw new IllegalStateException("connection used before it was opened");
        }
        return c;
    }

    // ---- requests --------------------------------------------------------------------------------------------------

    /// Goes on with what was received, until more bytes are needed or somebody must act first. Not re-entrant: what
    /// happens during a step (an answer, a demand for more body) only changes the state, and the loop goes on from there.
    private void process() {
        if (processing) {
            return;
        }
        processing = true;
        while (step()) {}
        processing = false;
        ByteBuf buffered = in;
        if (buffered != null && !buffered.isReadable()) {
            buffered.release();
            in = null;
        }
    }

    private boolean step() {
        ByteBuf buffered = in;
        return switch (state) {
            case HEAD -> !exchanging && buffered != null && buffered.isReadable() && head(buffered);
            case BODY -> buffered != null && buffered.isReadable() && body.wants() && bodyBytes(buffered);
            case WAITING, LINGERING, CLOSED -> false;
        };
    }

    private boolean head(ByteBuf buffered) {
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
            bodyStartedNanos = request.headReadNanos;
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
        ByteBuf buffered = in;
        if (buffered != null) {
            lingered = buffered.readableBytes();
            buffered.skipBytes(buffered.readableBytes());
        }
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
                    loop.deadlines().set(bodyDeadline, timeouts.body().toNanos());
                }
                return false;
            }
            case COMPLETE -> {
                bodyDeadline.clear();
                rateDeadline.clear();
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
        bodyDeadline.clear();
        rateDeadline.clear();
        ByteBuf buffered = in;
        if (buffered != null) {
            buffered.skipBytes(buffered.readableBytes());
        }
        body.fail(reason, evidence);
    }

    private void checkBodyRate() {
        if (state != State.BODY || !exchanging || limits.minimumBodyRate() == 0) {
            return;
        }
        long seconds = Math.max(1, (System.nanoTime() - bodyStartedNanos) / 1_000_000_000L);
        if (body.wants() && body.received() / seconds < limits.minimumBodyRate()) {
            bodyBroke(Reason.BODY_SLOW, body.received() + " bytes of the body in " + seconds + " s, at least "
                    + limits.minimumBodyRate() + " bytes per second are expected");
            return;
        }
        loop.deadlines().set(rateDeadline, TimeUnit.SECONDS.toNanos(1));
    }

    @Override
    public void wanted() {
        if (state != State.BODY) {
            return;
        }
        if (continueOwed && !response.isCommitted()) {
            continueOwed = false;
            if (in == null || !in.isReadable()) {
                write(Unpooled.wrappedBuffer(CONTINUE));
                flush();
            }
        }
        if (!bodyDeadline.isSet()) {
            loop.deadlines().set(bodyDeadline, timeouts.body().toNanos());
            if (limits.minimumBodyRate() > 0 && !rateDeadline.isSet()) {
                loop.deadlines().set(rateDeadline, limits.bodyRateGrace().toNanos());
            }
        }
        boolean nested = processing;
        process();
        if (!nested && !inRead) {
            body.flush();
        }
        if (!inRead && wantsRead() && state != State.CLOSED) {
            armRead();
        }
    }

    @Override
    public void unwanted() {
        // The upstream does not take the rest. Whatever answer comes, this connection ends with it.
        closeAfterAnswer = true;
        bodyDeadline.clear();
        rateDeadline.clear();
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
            ByteBuf buffered = in;
            if (buffered != null && buffered.isReadable() && !closeAfterAnswer) {
                body.discard();
                if (processing) {
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
        if (inRead) {
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
        if (bodyLeft) {
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
        if (!processing && in != null && in.isReadable()) {
            // Not recursively: an answer may come from deep within another connection's read.
            loop.execute(this::continuePipelined);
        } else if (!inRead) {
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
        bodyDeadline.clear();
        rateDeadline.clear();
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
        end(Ending.TRUNCATED);
        context().close();
        freeInput();
    }

    /// The client is gone, or must go.
    private void gone(Ending how, String evidence) {
        if (state == State.CLOSED) {
            return;
        }
        boolean incomplete = state == State.BODY;
        state = State.CLOSED;
        if (exchanging) {
            if (incomplete) {
                body.fail(Reason.ABORTED, evidence);
            }
            response.clientGone();
            end(how);
        }
        idleDeadline.clear();
        headDeadline.clear();
        sendDeadline.clear();
        lingerDeadline.clear();
        freeInput();
        listener.closed(this);
    }

    private void freeInput() {
        ByteBuf buffered = in;
        in = null;
        if (buffered != null && !processing) {
            buffered.release();
        } else if (buffered != null) {
            // In the middle of a step that still looks at it.
            buffered.skipBytes(buffered.readableBytes());
            in = buffered;
        }
    }

    private void close() {
        context().close();
    }

    private void closeWhenSent() {
        state = State.LINGERING;
        ChannelHandlerContext c = context();
        c.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> c.close());
    }

    /// Answers to requests that were not read to their end: close our side, then read and drop for a while, for an RST
    /// would take the answer away from a client that is still sending.
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
        ByteBuf buffered = in;
        if (buffered != null) {
            buffered.skipBytes(buffered.readableBytes());
        }
        if (!inRead) {
            armRead();
        }
    }

    private long pendingBytes() {
        ChannelOutboundBuffer out = context().channel().unsafe().outboundBuffer();
        return out == null ? 0 : out.totalPendingWriteBytes();
    }

    private void checkSendProgress() {
        ChannelHandlerContext c = context();
        if (state == State.CLOSED || c.channel().isWritable()) {
            return;
        }
        long pending = pendingBytes();
        if (pending < sendProgress) {
            sendProgress = pending;
            loop.deadlines().set(sendDeadline, timeouts.send().toNanos());
        } else {
            gone(Ending.CLIENT_TOO_SLOW, "client took no byte for " + timeouts.send().toMillis() + " ms");
            c.close();
        }
    }

    // ---- drain (called by the listener, on this loop) --------------------------------------------------------------

    /// Closes the connection if it is idle; otherwise its next answer is its last.
    void drain() {
        if (state == State.HEAD && !exchanging && request.startedNanos == 0) {
            close();
        } else {
            closeAfterAnswer = true;
        }
    }

    /// The drain time is over.
    void closeNow() {
        gone(Ending.SHUT_DOWN, "the server shuts down");
        close();
    }
}
