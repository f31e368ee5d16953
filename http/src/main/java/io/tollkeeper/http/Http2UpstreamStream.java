package io.tollkeeper.http;

import java.io.IOException;

import io.netty.buffer.ByteBuf;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// One call on a connection of HTTP/2 to an upstream: its request, its answer, how it ends. On its loop; never blocks.
///
/// The request is sent beside the answer: that may begin, and even end, before the request does.
final class Http2UpstreamStream extends Http2Stream implements CallCarrier {

    private static final int MOST_INFORMATIONAL = 8;

    private final Http2UpstreamConnection connection;
    private final DeadlineWheel deadlines;
    private final UpstreamResponse response = new UpstreamResponse();

    private @Nullable OutgoingCall call;
    private UpstreamFacts facts = new UpstreamFacts();
    private Upstream.Timeouts timeouts = Upstream.Timeouts.DEFAULT;
    private boolean headRead;
    /// The answer has no body, but its end has not come yet.
    private boolean answerOwed;
    private boolean complete;
    private int informational;

    private final DeadlineWheel.Deadline firstByteDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            if (!headRead) {
                fail(Reason.UPSTREAM_FIRST_BYTE_TIMEOUT, connection.evidence().noFirstByte(facts, timeouts));
            }
        }
    };
    private final DeadlineWheel.Deadline idleDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            idleOver();
        }
    };

    Http2UpstreamStream(Http2UpstreamConnection connection) {
        super(connection.loop().deadlines());
        this.connection = connection;
        this.deadlines = connection.loop().deadlines();
    }

    UpstreamResponse response() {
        return response;
    }

    boolean isHeadRead() {
        return headRead;
    }

    // ---- the request -----------------------------------------------------------------------------------------------

    void start(OutgoingCall newCall, Http2Wire<?> wire, int id, long now) {
        call = newCall;
        newCall.exchanging(this);
        facts = newCall.facts();
        timeouts = newCall.timeouts();
        facts.attempts++;
        facts.headSentNanos = now;
        facts.requestSentNanos = 0;
        facts.bytesSent = 0;
        facts.bytesReceived = 0;
        headRead = false;
        answerOwed = false;
        complete = false;
        informational = 0;
        begin(wire, id, false);
        sender.begin();
        UpstreamRequest request = newCall.request();
        Body source = request.body;
        boolean empty = source.isEmpty();
        long length = empty ? 0 : source.length();
        head(newCall.upstream(), request, length);
        BodySink sink = sender.sink(length, false);
        if (empty) {
            sink.end(null);
        } else {
            source.pipeTo(sink);
            if (call == newCall) {
                // Streams begin in the order of their numbers, so that the head cannot wait for its body.
                sender.push();
            }
        }
    }

    private void head(Upstream upstream, UpstreamRequest request, long length) {
        Headers headers = request.headers;
        int most = 96 + request.method.length() + upstream.hostHeader().length() + request.target.length()
                + headers.wireLength() + HpackEncoder.most(0) * (headers.size() + 4);
        ByteBuf out = sender.allocateHead(most, length);
        int from = out.writerIndex();
        HpackEncoder.request(request.method, upstream.tls() != null, upstream.hostHeader(), request.target, out);
        for (int i = 0; i < headers.size(); i++) {
            HeaderName known = headers.knownName(i);
            if (!HopByHop.isOfConnection(known) && !HopByHop.staysBehindHttp2(known)) {
                headers.writeTo(i, known, out);
            }
        }
        if (length > 0 || length == 0 && RequestSink.expectsBody(request.method)) {
            HpackEncoder.contentLength(length, out);
        }
        if (request.takesTrailers) {
            HpackEncoder.takesTrailers(out);
        }
        facts.bytesSent += out.writerIndex() - from;
        sender.head(out);
    }

    @Override
    void counted(int bytes) {
        facts.bytesSent += bytes;
    }

    @Override
    void allSent() {
        facts.requestSentNanos = System.nanoTime();
        if (!headRead && isActive()) {
            deadlines.set(firstByteDeadline, timeouts.firstByte().toNanos());
        }
    }

    @Override
    void cannotSend(String how) {
        fail(Reason.INTERNAL, "the body of the request is " + how + " than it was declared");
    }

    @Override
    void sourceFailed(Reason reason, String evidence) {
        fail(reason, evidence);
    }

    @Override
    long sendPatienceNanos() {
        return timeouts.send().toNanos();
    }

    @Override
    boolean isEnough(long bytes) {
        return bytes > 0;
    }

    @Override
    void takesTooLittle(long bytes) {
        if (!sender.isFinished()) {
            fail(Reason.UPSTREAM_SEND_TIMEOUT, connection.evidence().windowClosed(facts, timeouts));
        }
    }

    // ---- the answer ------------------------------------------------------------------------------------------------

    @Override
    void received(int bytes) {
        facts.bytesReceived += bytes;
    }

    /// A block came: the head of the answer, one before it (1xx), or trailers.
    void blockRead(Http2ResponseHead head, boolean ends, int length) {
        received(length);
        if (isRemoteEnded()) {
            failProtocol("a header block behind the end of the answer");
        } else if (!headRead) {
            if (facts.firstByteNanos == 0) {
                facts.firstByteNanos = System.nanoTime();
            }
            firstByteDeadline.clear();
            head.finish(response);
            headRead(head, ends);
        } else if (!ends) {
            failProtocol("a second header block that does not end the answer");
        } else if (head.malformed() != null || head.refusal() != null) {
            failProtocol("trailers: " + head.evidence());
        } else if (answerOwed) {
            remoteEnded();
            messageRead(null);
        } else {
            trailersRead();
        }
    }

    private void headRead(Http2ResponseHead head, boolean ends) {
        if (head.malformed() != null) {
            failProtocol(head.evidence());
        } else if (head.refusal() != null) {
            fail(head.refusal(), connection.evidence().connection(facts) + ": " + head.evidence(), Http2.Code.CANCEL);
        } else if (response.status >= 200) {
            answered(ends);
        } else if (ends || ++informational > MOST_INFORMATIONAL) {
            failProtocol(ends ? "it ended with " + response.status : "more than " + MOST_INFORMATIONAL
                    + " informational answers (1xx), the last one " + response.status);
        } else {
            deadlines.set(idleDeadline, timeouts.idle().toNanos());
        }
    }

    private void answered(boolean ends) {
        OutgoingCall c = call;
        if (c == null) {
            return;
        }
        headRead = true;
        idleDeadline.clear();
        long declared = response.contentLength;
        boolean without = response.status == 204 || response.status == 304 || c.request().method.equals("HEAD");
        if (ends && declared > 0 && !without) {
            fail(Reason.UPSTREAM_TRUNCATED, connection.evidence().connection(facts) + ": declared " + declared
                    + " bytes of body, and ended behind the head", null);
        } else if (ends || without || declared == 0) {
            response.body = Body.none();
            answerOwed = true;
            if (ends) {
                remoteEnded();
                messageRead(null);
            } else {
                expect(0);
                deadlines.set(idleDeadline, timeouts.idle().toNanos());
            }
        } else {
            expect(declared);
            response.body = body;
            c.answered(response);
        }
    }

    @Override
    boolean admits(long bytes) {
        if (headRead) {
            return true;
        }
        failProtocol("DATA before the head of an answer");
        return false;
    }

    @Override
    void messageRead(@Nullable Headers fields) {
        OutgoingCall c = call;
        if (c == null) {
            return;
        }
        complete = true;
        facts.endedNanos = System.nanoTime();
        idleDeadline.clear();
        if (!answerOwed) {
            body.complete(fields);
            return;
        }
        answerOwed = false;
        c.answered(response);
        taken();
    }

    @Override
    public void taken() {
        OutgoingCall c = call;
        if (!complete || c == null) {
            return;
        }
        call = null;
        deactivate();
        boolean whole = sender.isFinished();
        body.release();
        if (whole) {
            connection.streamEnded(this);
        } else {
            // Answered before the request was sent: nobody needs the rest of it.
            sender.stop();
            connection.streamGone(this, Http2.Code.CANCEL);
        }
        c.ended();
    }

    @Override
    void bodyWanted() {
        deadlines.set(idleDeadline, timeouts.idle().toNanos());
    }

    @Override
    void bodyProgress() {
        deadlines.set(idleDeadline, timeouts.idle().toNanos());
    }

    @Override
    void bodyOver() {
        firstByteDeadline.clear();
        idleDeadline.clear();
    }

    private void idleOver() {
        if (!headRead) {
            fail(Reason.UPSTREAM_IDLE_TIMEOUT, connection.evidence().idleInHead(facts, timeouts, informational));
        } else if (answerOwed || body.wants()) {
            // A slow reader of the answer is not the upstream's fault; set again when it wants more.
            fail(Reason.UPSTREAM_IDLE_TIMEOUT, connection.evidence().idleInStream(facts, timeouts));
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

    @Override
    void mistaken(Http2.Code code, String why) {
        fail(Reason.UPSTREAM_PROTOCOL, connection.evidence().connection(facts) + ": " + why, code);
    }

    @Override
    void lengthDiffers(String why) {
        boolean longer = counted() > response.contentLength;
        fail(longer ? Reason.UPSTREAM_PROTOCOL : Reason.UPSTREAM_TRUNCATED,
                connection.evidence().connection(facts) + ": " + why, Http2.Code.PROTOCOL_ERROR);
    }

    void failProtocol(String why) {
        mistaken(Http2.Code.PROTOCOL_ERROR, why);
    }

    /// The upstream gave the stream up.
    void resetByPeer(long code) {
        String why = "it reset the stream (" + Http2.codeName(code) + ")";
        if (code == Http2.Code.REFUSED_STREAM.ordinal()) {
            unprocessed(why);
        } else if (isRemoteEnded()) {
            // Its answer is complete: it wants no more of the request.
            sender.stop();
            connection.streamGone(this, null);
        } else {
            fail(headRead ? Reason.UPSTREAM_RESET_LATE : Reason.UPSTREAM_RESET_EARLY,
                    connection.evidence().streamEnded(facts, why, headRead, response.contentLength, body), null);
        }
    }

    /// The upstream has not looked at the request: it may be sent again, whatever it is (RFC 9113 section 8.7).
    void unprocessed(String why) {
        OutgoingCall c = call;
        if (c == null) {
            return;
        }
        String whyNot = c.whyNotRepeated(false);
        if (whyNot == null) {
            repeat(c);
        } else {
            fail(Reason.UPSTREAM_RESET_EARLY,
                    connection.evidence().connection(facts) + ": " + why + "; not repeated: " + whyNot, null);
        }
    }

    private void repeat(OutgoingCall c) {
        call = null;
        deactivate();
        sender.leave();
        connection.streamGone(this, null);
        c.repeat();
    }

    /// The connection ended.
    void lost(@Nullable Throwable how, String goodbye) {
        OutgoingCall c = call;
        if (c == null || isRemoteEnded()) {
            return; // what was received is still being taken
        }
        if (headRead || facts.firstByteNanos != 0) {
            fail(how != null ? Reason.UPSTREAM_RESET_LATE : Reason.UPSTREAM_TRUNCATED,
                    connection.evidence().streamEnded(facts, ended(how, goodbye), headRead, response.contentLength, body), null);
            return;
        }
        String whyNot = c.whyNotRepeated(true);
        if (whyNot == null) {
            repeat(c);
        } else {
            fail(facts.reused ? Reason.UPSTREAM_STALE_REUSE : Reason.UPSTREAM_RESET_EARLY,
                    connection.evidence().endedBeforeAnswer(
                            facts, how != null || goodbye.isEmpty() ? how : new IOException("after " + goodbye), null, whyNot),
                    null);
        }
    }

    private static String ended(@Nullable Throwable how, String goodbye) {
        return (how == null ? "the upstream closed the connection" : "the connection was lost (" + how.getMessage() + ")")
                + (goodbye.isEmpty() ? "" : " after " + goodbye);
    }

    @Override
    public void fail(Reason reason, String why) {
        fail(reason, why, Http2.Code.CANCEL);
    }

    /// @param code what the upstream is told, null if it knows
    private void fail(Reason reason, String why, Http2.@Nullable Code code) {
        OutgoingCall c = call;
        if (c == null) {
            return;
        }
        boolean answering = headRead && !answerOwed;
        c.note(reason, why);
        call = null;
        deactivate();
        connection.streamGone(this, code);
        sender.stop();
        if (answering) {
            body.fail(reason, why);
        }
        body.release();
        c.fail(reason, why);
    }

    @Override
    public void abandon(OutgoingCall leaving) {
        if (call != leaving) {
            return;
        }
        call = null;
        deactivate();
        connection.streamGone(this, complete && sender.isFinished() ? null : Http2.Code.CANCEL);
        sender.stop();
        body.release();
    }
}
