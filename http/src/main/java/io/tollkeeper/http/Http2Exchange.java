package io.tollkeeper.http;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One exchange on a client's connection of HTTP/2: its request, its answer, how it ends. On its loop; never blocks.
final class Http2Exchange extends Http2Stream {

    private static final Logger LOG = LoggerFactory.getLogger(Http2Exchange.class);

    private final Loop loop;
    private final ExchangeHandler handler;
    private final String listenerName;
    private final WireLimits limits;
    private final long sendPatienceNanos;
    private final Request request = new Request();
    private final Http2Response response = new Http2Response(this);
    private final BodyClock clock;

    private @Nullable Http2Connection connection;
    private boolean continueOwed;
    /// The request was a mistake: the stream is reset with this behind its answer.
    private Http2.@Nullable Code mistake;

    Http2Exchange(Loop loop, Listener listener) {
        super(loop.deadlines());
        this.loop = loop;
        this.handler = listener.handlers().create(loop);
        this.listenerName = listener.settings().name();
        this.limits = listener.settings().limits();
        ListenerSettings.Timeouts timeouts = listener.settings().timeouts();
        this.sendPatienceNanos = timeouts.send().toNanos();
        this.clock = new BodyClock(loop.deadlines(), limits, timeouts, body) {
            @Override
            void tooSlow(Reason reason, String evidence) {
                bodyBroke(reason, evidence, Http2.Code.CANCEL);
            }
        };
    }

    Loop loop() {
        return loop;
    }

    Request request() {
        return request;
    }

    private Http2Connection connection() {
        Http2Connection c = connection;
        if (c == null) {
            throw new IllegalStateException("a stream used outside of its connection");
        }
        return c;
    }

    // ---- begin -----------------------------------------------------------------------------------------------------

    /// A head was decoded into [#request].
    void begin(Http2Connection newConnection, Http2Wire<?> wire, int newId, boolean ended, Request.Peer peer) {
        connection = newConnection;
        continueOwed = false;
        mistake = null;
        begin(wire, newId, ended);
        request.peer = peer;
        request.headReadNanos = System.nanoTime();
        request.startedNanos = request.headReadNanos;
        response.begin();
    }

    /// The request may be served.
    ///
    /// @param length its Content-Length, negative without one
    void serve(long length) {
        if (isRemoteEnded() || length == 0) {
            request.body = Body.none();
            expect(0);
        } else if (limits.body() >= 0 && length > limits.body()) {
            refuse(Reason.BODY_TOO_LARGE, "Content-Length: " + length + ", limit " + limits.body(), null);
            return;
        } else {
            expect(length);
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
        abandon();
        request.body = Body.none();
        try {
            handler.refused(request, response, reason, evidence);
        } catch (RuntimeException e) {
            LOG.error("handler of listener {} fails on a refused request", listenerName, e);
            response.failInternally();
        }
        if (isActive() && newMistake != null && !response.isCommitted()) {
            reset(newMistake, Ending.CLIENT_ABORTED, evidence);
        }
    }

    // ---- the request's body ----------------------------------------------------------------------------------------

    @Override
    void mistaken(Http2.Code code, String evidence) {
        reset(code, Ending.CLIENT_ABORTED, evidence);
    }

    @Override
    void lengthDiffers(String evidence) {
        bodyBroke(Reason.MALFORMED, evidence, Http2.Code.PROTOCOL_ERROR);
    }

    @Override
    boolean admits(long bytes) {
        if (limits.body() < 0 || bytes <= limits.body()) {
            return true;
        }
        bodyBroke(Reason.BODY_TOO_LARGE, "more than " + limits.body() + " bytes", null);
        return false;
    }

    @Override
    void bodyWanted() {
        if (continueOwed && counted() == 0 && !response.isCommitted()) {
            continueOwed = false;
            connection().sendContinue(id());
        }
        clock.wanted();
    }

    @Override
    void bodyProgress() {
        clock.progress();
    }

    @Override
    void bodyOver() {
        clock.stop();
    }

    @Override
    void messageRead(@Nullable Headers fields) {
        body.complete(fields);
    }

    @Override
    public void unwanted() {
        // Whatever answer comes, the stream ends with it.
        abandon();
    }

    /// The body is no good: whoever takes it hears of that and may still answer; the stream is reset behind the answer.
    private void bodyBroke(Reason reason, String evidence, Http2.@Nullable Code newMistake) {
        abandon();
        if (mistake == null) {
            mistake = newMistake;
        }
        body.fail(reason, evidence);
        if (isActive() && newMistake == Http2.Code.PROTOCOL_ERROR) {
            reset(newMistake, Ending.CLIENT_ABORTED, evidence);
        }
    }

    // ---- the answer ------------------------------------------------------------------------------------------------

    @Override
    void counted(int bytes) {
        response.bodyBytes += bytes;
    }

    @Override
    void cannotSend(String how) {
        response.abort(Reason.INTERNAL);
    }

    @Override
    void sourceFailed(Reason reason, String evidence) {
        response.abort(reason);
    }

    @Override
    long sendPatienceNanos() {
        return sendPatienceNanos;
    }

    /// A byte now and then is as good as none: the answer's upstream waits for it too.
    @Override
    boolean isEnough(long bytes) {
        return bytes >= 1024;
    }

    @Override
    void takesTooLittle(long bytes) {
        reset(Http2.Code.CANCEL, Ending.CLIENT_TOO_SLOW,
                "client took " + bytes + " bytes within " + sendPatienceNanos / 1_000_000 + " ms");
    }

    @Override
    void allSent() {
        Http2Connection c = connection();
        Http2.Code code = mistake != null ? mistake : isRemoteEnded() ? null : Http2.Code.NO_ERROR;
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
        if (!isActive()) {
            return;
        }
        Http2Connection c = connection();
        gone(how, evidence);
        c.streamReset(this, code, true);
    }

    /// The client does not want the answer any more, or is gone altogether.
    void gone(Ending how, String evidence) {
        if (!isActive()) {
            return;
        }
        // Whoever hears that the body broke may want to answer: nobody would get that.
        sender.release();
        if (request.body == body) {
            body.fail(Reason.ABORTED, evidence);
        }
        sender.stop();
        end(how);
    }

    private void end(Ending how) {
        if (!isActive()) {
            return;
        }
        deactivate();
        try {
            handler.ended(request, response, how);
        } catch (RuntimeException e) {
            LOG.error("handler of listener {} fails at the end of an exchange", listenerName, e);
        }
        sender.release();
        body.release();
        if (how != Ending.COMPLETE) {
            clock.discard();
            discardDeadlines();
        }
    }

    @Override
    void rest() {
        super.rest();
        connection = null;
        request.peer = null;
        request.headers.clear();
        request.body = Body.none();
    }
}
