package io.tollkeeper.http;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// The answer to one request. Belongs to its connection's event loop; valid until [ExchangeHandler#ended].
///
/// Set status and headers, then call exactly one of [#send] and [#stream]. `Date`, `Content-Length`,
/// `Transfer-Encoding` and `Connection` are written by the connection: setting them has no effect. A body given for a
/// HEAD request, a 204 or a 304 is not sent.
public abstract class Response {

    final Headers headers = new Headers();
    int status = 200;
    @Nullable String reasonPhrase;
    long bodyBytes;
    private boolean committed;

    Response() {}

    // ---- for the connections of this package -----------------------------------------------------------------------

    /// An exchange begins.
    void begin() {
        status = 200;
        reasonPhrase = null;
        headers.clear();
        bodyBytes = 0;
        committed = false;
    }

    /// The request that this answers.
    abstract Request request();

    /// The answer was handed over completely, or given up.
    abstract boolean isFinished();

    /// The head is being written.
    final void committed() {
        committed = true;
    }

    final boolean bodyAllowed() {
        return status >= 200 && status != 204 && status != 304 && !request().method.equals("HEAD");
    }

    /// The handler threw: answer if that is still possible.
    final void failInternally() {
        if (isFinished()) {
            return;
        }
        if (committed) {
            abort(Reason.INTERNAL);
        } else {
            status(500);
            headers.clear();
            closeAfterwards();
            send();
        }
    }

    // ---- for handlers ----------------------------------------------------------------------------------------------

    public final int status() {
        return status;
    }

    public final Response status(int newStatus) {
        status = newStatus;
        reasonPhrase = null;
        return this;
    }

    /// Sets a status with the reason phrase that goes with it (an upstream's, say).
    public final Response status(int newStatus, @Nullable String phrase) {
        status = newStatus;
        reasonPhrase = phrase;
        return this;
    }

    /// The headers to send; may be edited until the head is sent.
    public final Headers headers() {
        return headers;
    }

    /// Bytes of body handed to the socket so far, without chunk framing.
    public final long bodyBytes() {
        return bodyBytes;
    }

    /// True once the head was sent: status and headers can no longer change.
    public final boolean isCommitted() {
        return committed;
    }

    /// Sends the whole answer. The array is not copied and must not change afterwards.
    public abstract void send(byte[] body);

    /// Sends an answer without body (`Content-Length: 0` where a body would be allowed).
    public final void send() {
        send(NO_BYTES);
    }

    /// Sends the head and gives the sink that takes the body.
    ///
    /// @param length bytes that will follow, or -1 if unknown (chunked, or until close for HTTP/1.0)
    public abstract BodySink stream(long length);

    /// Declares that the answer to a HEAD request would have had `length` bytes (-1: unknown) and sends the head.
    public abstract void sendHeadOnly(long length);

    /// Passes on that the upstream agreed to speak another protocol (`answer` is its 101): sends the head with
    /// `Connection: Upgrade`, and from then on bytes flow both ways until both sides have ended. On HTTP/1 only.
    public abstract void tunnel(UpstreamResponse answer);

    /// Closes the connection after this answer, and says so in it.
    public abstract void closeAfterwards();

    /// Breaks off: before the head is sent the connection just closes, afterwards the client sees a truncated answer.
    public abstract void abort(Reason reason);

    private static final byte[] NO_BYTES = {};
}
