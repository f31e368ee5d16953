package io.tollkeeper.http;

import io.netty.buffer.ByteBuf;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One exchange on a connection of HTTP/2, the server's side: its request, its answer, its windows. On its loop; never
/// blocks.
///
/// Reused for other streams, of other connections of its listener too, but only if both sides ended well: after any other
/// ending somebody may still hold on to its parts, so that it is left to the garbage collector.
final class Http2Stream implements WireBody.Source {

    private static final Logger LOG = LoggerFactory.getLogger(Http2Stream.class);

    /// What a client may send of a body before somebody takes it.
    static final int WINDOW = 256 * 1024;

    private final Loop loop;
    private final ExchangeHandler handler;
    private final String listenerName;
    private final WireLimits limits;
    private final DeadlineWheel deadlines;
    private final long sendPatienceNanos;
    private final Request request = new Request();
    private final Http2Response response = new Http2Response(this);
    private final WireBody body = new WireBody(this);
    private final BodyClock clock;
    private final Headers trailers = new Headers();

    private @Nullable Http2Connection connection;
    private int id;
    private boolean exchanging;
    /// The client has sent the whole request.
    private boolean requestEnded;
    /// Nobody wants the rest of the request.
    private boolean abandoned;
    private boolean continueOwed;
    /// The request was a mistake: the stream is reset with this behind its answer.
    private Http2.@Nullable Code mistake;

    // receiving
    private long declared;
    private long counted;
    private int receiveWindow;
    private int credit;
    private @Nullable ByteBuf untaken;
    private boolean endUntaken;
    private boolean hasTrailers;
    private boolean delivering;

    // sending
    private int sendWindow;
    private long sent;
    private long sentAtWatch;
    /// It stands in the connection's line of those that may go on as soon as the connection may send.
    boolean inLine;
    /// Something waits until the client takes more.
    private boolean stalled;

    private final DeadlineWheel.Deadline sendDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            checkTaken();
        }
    };

    Http2Stream(Loop loop, Listener listener) {
        this.loop = loop;
        this.handler = listener.handlers().create(loop);
        this.listenerName = listener.settings().name();
        this.limits = listener.settings().limits();
        ListenerSettings.Timeouts timeouts = listener.settings().timeouts();
        this.sendPatienceNanos = timeouts.send().toNanos();
        this.deadlines = loop.deadlines();
        this.clock = new BodyClock(deadlines, limits, timeouts, body) {
            @Override
            void tooSlow(Reason reason, String evidence) {
                bodyBroke(reason, evidence, Http2.Code.CANCEL);
            }
        };
    }

    Loop loop() {
        return loop;
    }

    int id() {
        return id;
    }

    Request request() {
        return request;
    }

    Headers trailers() {
        return trailers;
    }

    Http2Response response() {
        return response;
    }

    Http2Connection connection() {
        Http2Connection c = connection;
        if (c == null) {
            throw new IllegalStateException("a stream used outside of its connection");
        }
        return c;
    }

    int sendWindow() {
        return sendWindow;
    }

    /// Whether something of the answer waits until the client takes more.
    boolean isStalled() {
        return stalled;
    }

    boolean isRequestEnded() {
        return requestEnded;
    }

    // ---- begin -----------------------------------------------------------------------------------------------------

    /// A head was decoded into [#request].
    void begin(Http2Connection newConnection, int newId, boolean ended, int newSendWindow, Request.Peer peer) {
        connection = newConnection;
        id = newId;
        exchanging = true;
        requestEnded = ended;
        abandoned = false;
        continueOwed = false;
        mistake = null;
        counted = 0;
        receiveWindow = WINDOW;
        credit = 0;
        endUntaken = false;
        hasTrailers = false;
        sendWindow = newSendWindow;
        sent = 0;
        stalled = false;
        request.peer = peer;
        request.headReadNanos = System.nanoTime();
        request.startedNanos = request.headReadNanos;
        response.begin();
    }

    /// The request may be served.
    ///
    /// @param length its Content-Length, negative without one
    void serve(long length) {
        declared = length;
        if (requestEnded || length == 0) {
            request.body = Body.none();
        } else if (limits.body() >= 0 && length > limits.body()) {
            refuse(Reason.BODY_TOO_LARGE, "Content-Length: " + length + ", limit " + limits.body(), null);
            return;
        } else {
            body.begin(length);
            request.body = body;
            int expect = request.headers.find(HeaderName.EXPECT, 0);
            continueOwed = expect >= 0 && request.headers.valueIs(expect, "100-continue");
            clock.begin(request.headReadNanos);
        }
        try {
            handler.requested(request, response);
        } catch (RuntimeException e) {
            LOG.error("handler of listener {} fails", listenerName, e);
            response.failInternally();
        }
    }

    /// The request may not be served: the handler says so.
    ///
    /// @param newMistake if it breaks the rules of HTTP/2
    void refuse(Reason reason, String evidence, Http2.@Nullable Code newMistake) {
        mistake = newMistake;
        declared = -1;
        abandoned = true;
        request.body = Body.none();
        try {
            handler.refused(request, response, reason, evidence);
        } catch (RuntimeException e) {
            LOG.error("handler of listener {} fails on a refused request", listenerName, e);
            response.failInternally();
        }
        if (exchanging && newMistake != null && !response.isCommitted()) {
            reset(newMistake, Ending.CLIENT_ABORTED, evidence);
        }
    }

    // ---- the request's body ----------------------------------------------------------------------------------------

    /// A piece of the body came, `flow` bytes with its padding.
    ///
    /// @return false if that is more than was allowed
    boolean data(ByteBuf bytes, int flow, boolean end) {
        receiveWindow -= flow;
        if (receiveWindow < 0) {
            bytes.release();
            return false;
        }
        Http2Connection c = connection();
        int n = bytes.readableBytes();
        c.taken(flow - n);
        credit += flow - n;
        counted += n;
        requestEnded = end;
        if (abandoned) {
            c.taken(n);
            bytes.release();
        } else if (declared >= 0 && (counted > declared || end && counted < declared)) {
            c.taken(n);
            bytes.release();
            bodyBroke(Reason.MALFORMED, "content-length: " + declared + ", but " + counted + " bytes"
                    + (end ? " in all" : " so far"), Http2.Code.PROTOCOL_ERROR);
        } else if (limits.body() >= 0 && counted > limits.body()) {
            c.taken(n);
            bytes.release();
            bodyBroke(Reason.BODY_TOO_LARGE, "more than " + limits.body() + " bytes", null);
        } else {
            take(c, bytes, n);
            if (end && exchanging && !abandoned) {
                ended(false);
            }
        }
        return true;
    }

    private void take(Http2Connection c, ByteBuf bytes, int n) {
        if (n == 0) {
            bytes.release();
            return;
        }
        continueOwed = false;
        if (untaken == null && body.wants()) {
            took(n);
            c.touched(this);
            body.receive(bytes);
            if (exchanging && !abandoned) {
                clock.progress();
            }
        } else {
            keep(bytes);
        }
    }

    /// Nobody takes it yet. Copied: a piece may be small and the buffer that it lies in large.
    private void keep(ByteBuf bytes) {
        ByteBuf kept = untaken;
        if (kept == null) {
            kept = connection().allocate(Math.max(256, bytes.readableBytes()));
            untaken = kept;
        }
        kept.writeBytes(bytes);
        bytes.release();
    }

    /// Trailers came, and with them the end.
    void trailersRead() {
        requestEnded = true;
        if (abandoned) {
            return;
        }
        if (declared >= 0 && counted < declared) {
            bodyBroke(Reason.MALFORMED, "content-length: " + declared + ", but " + counted + " bytes in all",
                    Http2.Code.PROTOCOL_ERROR);
        } else {
            ended(trailers.size() > 0);
        }
    }

    private void ended(boolean withTrailers) {
        hasTrailers = withTrailers;
        if (request.body != body) {
            return;
        }
        if (untaken != null) {
            endUntaken = true;
        } else {
            complete();
        }
    }

    private void complete() {
        clock.stop();
        body.complete(hasTrailers ? trailers : null);
    }

    /// Bytes were taken over by somebody: the client may send as many more.
    private void took(int n) {
        connection().taken(n);
        credit += n;
        if (credit >= WINDOW / 2 && !requestEnded) {
            receiveWindow += credit;
            connection().windowUpdate(id, credit);
            credit = 0;
        }
    }

    @Override
    public void wanted() {
        if (!exchanging || delivering) {
            return;
        }
        if (continueOwed && !response.isCommitted()) {
            continueOwed = false;
            connection().sendContinue(id);
        }
        if (!requestEnded) {
            clock.wanted();
        }
        Http2Connection c = connection();
        delivering = true;
        ByteBuf kept;
        while (exchanging && (kept = untaken) != null && body.wants()) {
            untaken = null;
            took(kept.readableBytes());
            body.receive(kept);
        }
        delivering = false;
        if (c.isInRead()) {
            c.touched(this);
        } else {
            body.flush();
        }
        if (exchanging && endUntaken && untaken == null) {
            endUntaken = false;
            complete();
        }
    }

    /// The read in which pieces came is over.
    void flushBody() {
        if (exchanging) {
            body.flush();
        }
    }

    @Override
    public void unwanted() {
        // Whatever answer comes, the stream ends with it; until then the client's window stays as it is.
        abandoned = true;
        clock.stop();
        freeUntaken();
    }

    private void freeUntaken() {
        ByteBuf kept = untaken;
        untaken = null;
        if (kept != null) {
            connection().taken(kept.readableBytes());
            kept.release();
        }
    }

    /// The body is no good: whoever takes it hears of that and may still answer; the stream is reset behind the answer.
    private void bodyBroke(Reason reason, String evidence, Http2.@Nullable Code newMistake) {
        clock.stop();
        freeUntaken();
        abandoned = true;
        endUntaken = false;
        if (mistake == null) {
            mistake = newMistake;
        }
        body.fail(reason, evidence);
        if (exchanging && newMistake == Http2.Code.PROTOCOL_ERROR) {
            reset(newMistake, Ending.CLIENT_ABORTED, evidence);
        }
    }

    // ---- the answer ------------------------------------------------------------------------------------------------

    /// Widens or narrows the window of the answer.
    ///
    /// @return false if it would be too wide
    boolean widen(long by) {
        long wider = sendWindow + by;
        if (wider > Integer.MAX_VALUE) {
            return false;
        }
        sendWindow = (int) wider;
        return true;
    }

    void sent(int n) {
        sendWindow -= n;
        sent += n;
    }

    /// The answer, or its source, waits until the client takes more.
    void watch() {
        stalled = true;
        if (!sendDeadline.isSet()) {
            sentAtWatch = sent;
            deadlines.set(sendDeadline, sendPatienceNanos);
        }
    }

    private void checkTaken() {
        if (!exchanging || !stalled) {
            return;
        }
        // A byte now and then is as good as none: the answer's upstream waits for it too.
        if (sent - sentAtWatch >= 1024) {
            watch();
        } else {
            reset(Http2.Code.CANCEL, Ending.CLIENT_TOO_SLOW,
                    "client took " + (sent - sentAtWatch) + " bytes within " + sendPatienceNanos / 1_000_000 + " ms");
        }
    }

    /// Frames may leave again.
    void resume(int frames) {
        stalled = false;
        response.pump(frames);
        if (exchanging) {
            response.demand();
        }
        if (!stalled) {
            sendDeadline.clear();
        }
    }

    /// The last byte of the answer was written.
    void answered() {
        Http2Connection c = connection();
        Http2.Code code = mistake != null ? mistake : requestEnded ? null : Http2.Code.NO_ERROR;
        if (code == null) {
            end(Ending.COMPLETE);
            c.streamEnded(this);
        } else {
            // The rest of the request is of no use any more.
            boolean faulty = mistake != null;
            end(Ending.COMPLETE);
            c.streamReset(this, code, faulty);
        }
    }

    /// The answer cannot be completed.
    void broken() {
        Http2Connection c = connection();
        Http2.Code code = mistake;
        end(code == null ? Ending.TRUNCATED : Ending.CLIENT_ABORTED);
        c.streamReset(this, code == null ? Http2.Code.INTERNAL_ERROR : code, code != null);
    }

    // ---- other ends ------------------------------------------------------------------------------------------------

    /// Ends the exchange and tells the client so.
    void reset(Http2.Code code, Ending how, String evidence) {
        if (!exchanging) {
            return;
        }
        Http2Connection c = connection();
        gone(how, evidence);
        c.streamReset(this, code, true);
    }

    /// The client does not want the answer any more, or is gone altogether.
    void gone(Ending how, String evidence) {
        if (!exchanging) {
            return;
        }
        // Whoever hears that the body broke may want to answer: nobody would get that.
        response.release();
        if (request.body == body) {
            body.fail(Reason.ABORTED, evidence);
        }
        response.clientGone();
        end(how);
    }

    private void end(Ending how) {
        if (!exchanging) {
            return;
        }
        exchanging = false;
        clock.stop();
        sendDeadline.clear();
        freeUntaken();
        try {
            handler.ended(request, response, how);
        } catch (RuntimeException e) {
            LOG.error("handler of listener {} fails at the end of an exchange", listenerName, e);
        }
        response.release();
        body.release();
        if (how != Ending.COMPLETE) {
            clock.discard();
            sendDeadline.discard();
        }
    }

    /// Ready for another stream.
    void rest() {
        connection = null;
        request.peer = null;
        request.headers.clear();
        request.body = Body.none();
        trailers.clear();
    }
}
