package io.tollkeeper.http;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
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
///                           └──────────────────────────────────────────────┘
/// ```
///
/// The request is sent beside that: an answer may begin, and even end, before the request does.
///
/// Reading: one read is armed while idle (a FIN must be seen at once) and while a head is awaited; while a body flows,
/// only as long as its sink is writable.
final class UpstreamConnection extends ChannelInboundHandlerAdapter implements WireBody.Source {

    private static final Logger LOG = LoggerFactory.getLogger(UpstreamConnection.class);

    private static final byte[] VERSION_AND_HOST = " HTTP/1.1\r\nHost: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] HTTP = "HTTP/1.".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CONTENT_LENGTH = "Content-Length: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CHUNKED = "Transfer-Encoding: chunked\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final ByteBuf CRLF =
            Unpooled.unreleasableBuffer(Unpooled.directBuffer(2).writeShort('\r' << 8 | '\n')).asReadOnly();
    /// A first piece of body up to this size is copied behind the head, so that both go out in one piece.
    private static final int MERGE = 2048;
    /// Longest text of a `Content-Length` or of a chunk's size.
    private static final int DIGITS = 20;
    private static final int MOST_INFORMATIONAL = 8;

    private enum State { OPENING, IDLE, HEAD, BODY, COMPLETE, CLOSED }

    private final ConnectionPool pool;
    private final Loop loop;
    private final InetSocketAddress address;
    private final String addressText;
    private final long number;
    private final UpstreamResponse response = new UpstreamResponse();
    private final MessageParser parser;
    private final BodyDecoder decoder;
    private final WireBody body = new WireBody(this);
    private final Sink sink = new Sink();

    private @Nullable ChannelHandlerContext ctx;
    private @Nullable ByteBuf in;
    private State state = State.OPENING;
    private boolean processing;
    private boolean readArmed;
    private boolean inRead;

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
    private long sendProgress;
    private @Nullable Throwable writeFailure;
    /// How the connection broke, null if it ended with FIN.
    private @Nullable Throwable readFailure;
    /// The other side sends nothing more.
    private boolean atEnd;

    private @Nullable HandedOver handedOver;

    private final DeadlineWheel.Deadline pooledDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            if (state == State.IDLE) {
                pool.removeIdle(UpstreamConnection.this);
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
    private final DeadlineWheel.Deadline sendDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            checkSendProgress();
        }
    };

    UpstreamConnection(ConnectionPool pool, InetSocketAddress address, long number) {
        this.pool = pool;
        this.loop = pool.loop();
        this.address = address;
        this.addressText = address.getAddress().getHostAddress();
        this.number = number;
        WireLimits limits = pool.upstreams().headLimits();
        this.parser = new MessageParser(limits, true);
        this.decoder = new BodyDecoder(parser, limits);
    }

    private ChannelHandlerContext context() {
        ChannelHandlerContext c = ctx;
        if (c == null) {
            throw new IllegalStateException("connection used before it was opened");
        }
        return c;
    }

    // ---- the pool's side -------------------------------------------------------------------------------------------

    /// The connection stands (TLS included).
    void opened(long now) {
        openedNanos = now;
        idleSinceNanos = now;
        if (state == State.OPENING) {
            state = State.IDLE;
        }
    }

    /// Whether a request may be sent on it.
    boolean isUsable(long now) {
        return state == State.IDLE
                && context().channel().isActive()
                && context().channel().isWritable()
                && now - openedNanos < pool.upstreams().settings().age().toNanos()
                && !pool.hasLeft(address.getAddress());
    }

    /// It waits in the pool, at most for `limit`.
    void rest(long now, long limit) {
        idleSinceNanos = now;
        loop.deadlines().setAt(pooledDeadline, now + limit);
        if (!inRead) {
            armRead();
        }
    }

    /// Closes it without telling anybody.
    void close() {
        state = State.CLOSED;
        pooledDeadline.clear();
        freeInput();
        context().close();
    }

    // ---- the request -----------------------------------------------------------------------------------------------

    /// Sends the call's request and reads its answer.
    void exchange(OutgoingCall newCall, long now) {
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
        f.attempts++;
        f.headSentNanos = now;
        f.requestSentNanos = 0;
        f.bytesSent = 0;
        f.bytesReceived = 0;
        timeouts = newCall.upstream().timeouts();
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
        sink.begin(newCall.upstream(), request, empty ? 0 : source.length());
        if (empty) {
            sink.end(null);
        } else {
            source.pipeTo(sink);
        }
        if (!inRead && wantsRead()) {
            armRead();
        }
    }

    private void write(ByteBuf bytes) {
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

    private void requestSent(long now) {
        facts.requestSentNanos = now;
        if (state == State.HEAD && facts.bytesReceived == 0) {
            loop.deadlines().setAt(firstByteDeadline, now + timeouts.firstByte().toNanos());
        }
    }

    /// Takes the body of the request; writes the head before it.
    private final class Sink extends BodySink {
        private @Nullable ByteBuf head;
        private boolean finished = true;
        private boolean chunked;
        private boolean bodyless;
        private long remaining;

        void begin(Upstream upstream, UpstreamRequest request, long length) {
            finished = false;
            chunked = length < 0;
            bodyless = length == 0;
            remaining = length;
            Headers headers = request.headers;
            String method = request.method;
            String target = request.target;
            String host = upstream.hostHeader();
            int room = length == 0 ? 0 : MERGE + DIGITS;
            ByteBuf out = context()
                    .alloc()
                    .directBuffer(method.length() + target.length() + host.length() + headers.wireLength() + 96 + room);
            out.writeCharSequence(method, StandardCharsets.ISO_8859_1);
            out.writeByte(' ');
            out.writeCharSequence(target, StandardCharsets.ISO_8859_1);
            out.writeBytes(VERSION_AND_HOST);
            out.writeCharSequence(host, StandardCharsets.ISO_8859_1);
            out.writeShort('\r' << 8 | '\n');
            boolean plain = !(headers.mayHave(HeaderName.CONTENT_LENGTH)
                    || headers.mayHave(HeaderName.TRANSFER_ENCODING)
                    || headers.mayHave(HeaderName.HOST)
                    || headers.mayHave(HeaderName.CONNECTION)
                    || headers.mayHave(HeaderName.KEEP_ALIVE));
            for (int i = 0; i < headers.size(); i++) {
                if (plain || !writtenByUs(headers.knownName(i))) {
                    headers.writeField(i, out);
                }
            }
            if (length > 0 || length == 0 && expectsBody(method)) {
                out.writeBytes(CONTENT_LENGTH);
                Digits.decimal(length, out);
                out.writeShort('\r' << 8 | '\n');
            } else if (length < 0) {
                out.writeBytes(CHUNKED);
            }
            out.writeShort('\r' << 8 | '\n');
            head = out;
        }

        boolean isFinished() {
            return finished;
        }

        /// Nothing more is taken.
        void stop() {
            finished = true;
            releaseHead();
            Body source = source();
            detach();
            if (source != null) {
                source.cancel();
            }
        }

        /// Nothing more is taken, but the body may be sent again elsewhere.
        void leave() {
            finished = true;
            releaseHead();
            detach();
        }

        private void releaseHead() {
            ByteBuf unsent = head;
            head = null;
            if (unsent != null) {
                unsent.release();
            }
        }

        @Override
        void data(ByteBuf bytes) {
            int n = bytes.readableBytes();
            if (finished || n == 0) {
                bytes.release();
                return;
            }
            ByteBuf first = head;
            if (!chunked) {
                if (n > remaining) {
                    bytes.release();
                    UpstreamConnection.this.fail(Reason.INTERNAL, "the body of the request is longer than it was declared");
                    return;
                }
                remaining -= n;
            }
            head = null;
            if (chunked) {
                ByteBuf size = first != null ? first : context().alloc().directBuffer(DIGITS);
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

        @Override
        void flush() {
            if (finished) {
                return;
            }
            ByteBuf first = head;
            if (first != null) {
                // The head does not wait for a body that takes its time.
                head = null;
                write(first);
            }
            context().flush();
        }

        @Override
        void end(@Nullable Headers trailers) {
            if (finished) {
                return;
            }
            if (!chunked && remaining > 0) {
                UpstreamConnection.this.fail(Reason.INTERNAL, "the body of the request is shorter than it was declared");
                return;
            }
            ByteBuf first = head;
            head = null;
            if (chunked) {
                ByteBuf last = first != null
                        ? first
                        : context().alloc().directBuffer(8 + (trailers == null ? 0 : trailers.wireLength()));
                if (trailers == null) {
                    last.writeBytes(LAST_CHUNK);
                } else {
                    last.writeByte('0').writeShort('\r' << 8 | '\n');
                    for (int i = 0; i < trailers.size(); i++) {
                        trailers.writeField(i, last);
                    }
                    last.writeShort('\r' << 8 | '\n');
                }
                write(last);
            } else if (first != null) {
                write(first);
            }
            finished = true;
            detach();
            requestSent(bodyless ? facts.headSentNanos : System.nanoTime());
            context().flush();
        }

        @Override
        void fail(Reason reason, String evidence) {
            detach();
            UpstreamConnection.this.fail(reason, evidence);
        }

        @Override
        boolean isWritable() {
            return finished || writeFailure == null && context().channel().isWritable();
        }
    }

    private static boolean writtenByUs(@Nullable HeaderName name) {
        return name == HeaderName.CONTENT_LENGTH
                || name == HeaderName.TRANSFER_ENCODING
                || name == HeaderName.HOST
                || name == HeaderName.CONNECTION
                || name == HeaderName.KEEP_ALIVE;
    }

    /// Without a body, these say so (RFC 9110 section 8.6).
    private static boolean expectsBody(String method) {
        return switch (method) {
            case "POST", "PUT", "PATCH" -> true;
            default -> false;
        };
    }

    // ---- the channel's life ----------------------------------------------------------------------------------------

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
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
        if (event == SslCloseCompletionEvent.SUCCESS) {
            context.close(); // the other side said that it sends nothing more
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        readArmed = false;
        switch (state) {
            case CLOSED -> bytes.release();
            case OPENING, IDLE -> {
                pool.destination()
                        .warn("sent " + bytes.readableBytes() + " bytes that nobody asked for on the idle connection #" + number
                                + ", " + Evidence.firstBytes(bytes, bytes.readerIndex()) + "; the connection is dropped");
                bytes.release();
                pool.removeIdle(this);
                close();
            }
            case HEAD, BODY, COMPLETE -> {
                UpstreamFacts f = facts;
                if (f.bytesReceived == 0) {
                    f.firstByteNanos = System.nanoTime();
                    firstByteDeadline.clear();
                }
                f.bytesReceived += bytes.readableBytes();
                inRead = true;
                append(bytes);
                process();
                inRead = false;
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        readArmed = false;
        body.flush();
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
                pool.removeIdle(this);
                state = State.CLOSED;
                pooledDeadline.clear();
            }
            case HEAD, BODY -> {
                process();
                body.flush();
                conclude();
            }
            case COMPLETE -> reusable = false;
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        pooledDeadline.discard();
        firstByteDeadline.discard();
        idleDeadline.discard();
        sendDeadline.discard();
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
        if (state == State.CLOSED || sink.isFinished()) {
            sendDeadline.clear();
            return;
        }
        if (!context.channel().isWritable()) {
            sendProgress = pendingBytes();
            loop.deadlines().set(sendDeadline, timeouts.send().toNanos());
            return;
        }
        sendDeadline.clear();
        Body source = sink.source();
        if (source != null) {
            source.demand();
        }
    }

    private void append(ByteBuf bytes) {
        ByteBuf buffered = in;
        if (buffered == null) {
            in = bytes;
        } else if (!buffered.isReadable()) {
            buffered.release();
            in = bytes;
        } else if (buffered instanceof CompositeByteBuf composite) {
            composite.addComponent(true, bytes);
        } else {
            // Rare: a head in several pieces, or more than the sink takes.
            in = context().alloc().compositeDirectBuffer(Integer.MAX_VALUE).addComponent(true, buffered).addComponent(true, bytes);
        }
    }

    private boolean wantsRead() {
        return switch (state) {
            case IDLE, HEAD -> true;
            case BODY -> body.wants();
            case OPENING, COMPLETE, CLOSED -> false;
        };
    }

    private void armRead() {
        if (!readArmed) {
            readArmed = true;
            context().read();
        }
    }

    private void freeInput() {
        ByteBuf buffered = in;
        if (buffered == null) {
            return;
        }
        if (processing) {
            // In the middle of a step that still looks at it.
            buffered.skipBytes(buffered.readableBytes());
        } else {
            in = null;
            buffered.release();
        }
    }

    // ---- the answer ------------------------------------------------------------------------------------------------

    /// Goes on with what was received. Not re-entrant, see `Http1Connection`.
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
        if (buffered == null || !buffered.isReadable()) {
            return false;
        }
        return switch (state) {
            case HEAD -> head(buffered);
            case BODY -> body.wants() && bodyBytes(buffered);
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
                fail(Reason.UPSTREAM_PROTOCOL, describe() + ": the answer is no HTTP; " + otherProtocol(buffered, start));
            }
            return false;
        }
        response.headers.clear();
        if (length == MessageParser.REFUSED || !parser.parseResponse(buffered, length, response)) {
            refused(buffered, start);
            return false;
        }
        if (response.status < 200) {
            return informational();
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

    private boolean informational() {
        if (response.status == 101) {
            fail(Reason.UPSTREAM_PROTOCOL, describe() + ": it switched protocols (101), which nobody asked for");
            return false;
        }
        informational++;
        if (informational > MOST_INFORMATIONAL) {
            fail(Reason.UPSTREAM_PROTOCOL,
                    describe() + ": more than " + MOST_INFORMATIONAL + " informational answers (1xx), the last one "
                            + response.status);
            return false;
        }
        parser.reset();
        return true;
    }

    private void refused(ByteBuf buffered, int start) {
        StringBuilder text = new StringBuilder(describe()).append(": ").append(parser.evidence());
        if (parser.refusal() == Reason.UPSTREAM_HEADERS_TOO_LARGE) {
            text.append(parser.refusedLine(buffered)).append(", limit ").append(pool.upstreams().settings().headSize());
        } else {
            text.append("; ").append(otherProtocol(buffered, start));
        }
        fail(parser.refusal(), text.toString());
    }

    private static String otherProtocol(ByteBuf buffered, int start) {
        String other = Evidence.otherProtocol(buffered, start);
        return Evidence.firstBytes(buffered, start) + (other.isEmpty() ? "" : "; " + other);
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
                fail(Reason.UPSTREAM_PROTOCOL,
                        describe() + ": body after " + body.received() + " bytes: " + decoder.evidence() + "; "
                                + Evidence.firstBytes(buffered, buffered.readerIndex()));
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
            pool.destination()
                    .warn("sent " + rest.readableBytes() + " bytes more than its answer on connection #" + number + ", "
                            + Evidence.firstBytes(rest, rest.readerIndex()) + "; the connection is dropped");
            rest.skipBytes(rest.readableBytes());
        }
        if (!sink.isFinished()) {
            // Answered before the request was sent: nobody needs the rest of it.
            reusable = false;
            sink.stop();
        }
        sendDeadline.clear();
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
        if (!inRead) {
            loop.deadlines().set(idleDeadline, timeouts.idle().toNanos());
        }
        boolean nested = processing;
        process();
        if (!nested && !inRead) {
            body.flush();
        }
        if (atEnd && !processing) {
            conclude();
        } else if (!inRead && wantsRead()) {
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
            ByteBuf buffered = in;
            if (buffered != null && buffered.isReadable() && !body.wants()) {
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
        long now = System.nanoTime();
        String how = readFailure != null ? "it was reset by the upstream (" + readFailure.getMessage() + ")"
                : "the upstream closed it (FIN)";
        int alert = readFailure instanceof SSLException tls ? TlsAlert.number(tls) : -1;
        if (alert >= 0) {
            // TLS 1.3 tells only now what it thinks of our certificate.
            fail(Reason.UPSTREAM_TLS_ALERT, describe() + ": the upstream ended TLS with " + TlsAlert.describe(alert) + " "
                    + Evidence.time(now - f.headSentNanos) + " after the request's first byte");
            return;
        }
        if (state == State.HEAD && f.bytesReceived == 0) {
            String whyNot = c.whyNotRepeated(handed);
            if (f.reused) {
                pool.destination().sawClose(f.connectionIdleNanos);
            }
            if (whyNot == null) {
                detach();
                sink.leave();
                close();
                c.repeat();
                return;
            }
            String text = describe() + ": " + how + " " + Evidence.time(now - f.headSentNanos) + " after the request's first byte, "
                    + f.bytesSent + " bytes sent" + (writeFailure == null ? "" : " (" + writeFailure.getMessage() + ")")
                    + ", 0 bytes of an answer received; ";
            fail(f.reused ? Reason.UPSTREAM_STALE_REUSE : Reason.UPSTREAM_RESET_EARLY,
                    text + (f.reused
                            ? pool.destination().learned() + ", our pool keeps them "
                                    + Evidence.time(pool.destination().idleLimit(pool.upstreams().settings().idle().toNanos())) + "; "
                            : "") + "not repeated: " + whyNot);
            return;
        }
        StringBuilder text = new StringBuilder(describe()).append(": ").append(how).append(' ')
                .append(Evidence.time(now - f.firstByteNanos)).append(" after the first byte of its answer; ");
        if (state == State.HEAD) {
            text.append(f.bytesReceived).append(" bytes received, the head is incomplete");
        } else {
            long declared = response.contentLength;
            text.append(declared >= 0 ? "declared " + declared + " bytes of body" : decoder.isUntilClose()
                            ? "a body until the connection closes" : "a chunked body")
                    .append(", received ").append(body.received()).append(", missing ").append(decoder.missing());
        }
        fail(readFailure != null ? Reason.UPSTREAM_RESET_LATE : Reason.UPSTREAM_TRUNCATED, text.toString());
    }

    private void firstByteOver() {
        if (state != State.HEAD) {
            return;
        }
        UpstreamFacts f = facts;
        if (writeFailure != null) {
            lost();
            return;
        }
        fail(Reason.UPSTREAM_FIRST_BYTE_TIMEOUT,
                describe() + ": the request (" + f.bytesSent + " bytes) was sent "
                        + Evidence.time(System.nanoTime() - f.requestSentNanos) + " ago, 0 bytes of an answer received; limit "
                        + Evidence.time(timeouts.firstByte().toNanos()) + " to the first byte");
    }

    private void idleOver() {
        if (state != State.HEAD && !(state == State.BODY && body.wants())) {
            return; // a slow reader of the answer is not the upstream's fault; set again when it wants more
        }
        fail(Reason.UPSTREAM_IDLE_TIMEOUT,
                describe() + ": nothing came for " + Evidence.time(timeouts.idle().toNanos()) + " (limit between two bytes) after "
                        + facts.bytesReceived + " bytes of the answer" + (state == State.HEAD
                                ? informational > 0 ? ", " + informational + " informational answers (1xx) among them" : ", the head is incomplete"
                                : ", missing " + decoder.missing()));
    }

    private long pendingBytes() {
        ChannelOutboundBuffer out = context().channel().unsafe().outboundBuffer();
        return out == null ? 0 : out.totalPendingWriteBytes();
    }

    private void checkSendProgress() {
        if (state == State.CLOSED || sink.isFinished() || context().channel().isWritable()) {
            return;
        }
        long pending = pendingBytes();
        if (pending < sendProgress) {
            sendProgress = pending;
            loop.deadlines().set(sendDeadline, timeouts.send().toNanos());
            return;
        }
        fail(Reason.UPSTREAM_SEND_TIMEOUT,
                describe() + ": it took no byte of the request for " + Evidence.time(timeouts.send().toNanos()) + "; "
                        + (facts.bytesSent - pending) + " bytes accepted so far, " + pending + " wait");
    }

    /// There is no complete answer: everybody hears of it, the connection is closed.
    void fail(Reason reason, String evidence) {
        OutgoingCall c = call;
        if (c == null || state == State.CLOSED) {
            return;
        }
        boolean answering = state == State.BODY;
        c.note(reason, evidence);
        detach();
        close();
        sink.stop();
        if (answering) {
            body.fail(reason, evidence);
        }
        body.release();
        c.fail(reason, evidence);
    }

    /// The caller left.
    void abandon(OutgoingCall leaving) {
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
    }

    private void detach() {
        call = null;
        firstByteDeadline.clear();
        idleDeadline.clear();
        sendDeadline.clear();
    }

    /// For evidence: which connection, and its past.
    private String describe() {
        String at = pool.destination().name() + " at " + Evidence.address(address) + ", connection #" + number;
        return facts.reused
                ? at + " (reused, " + facts.requestsOnConnection + " requests before, age " + Evidence.time(facts.connectionAgeNanos)
                        + ", idle " + Evidence.time(facts.connectionIdleNanos) + ")"
                : at + " (new)";
    }
}
