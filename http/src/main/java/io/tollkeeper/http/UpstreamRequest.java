package io.tollkeeper.http;

import org.jspecify.annotations.Nullable;

/// A request to send to an upstream. Mutable and reused by its owner (an exchange on its loop); must not change between
/// [UpstreamPool#call] and the end of that call.
///
/// `Host`, `Content-Length`, `Transfer-Encoding` and `Connection` are written by the connection from the upstream and
/// the body: setting them has no effect.
public final class UpstreamRequest {

    String method = "GET";
    String target = "/";
    final Headers headers = new Headers();
    Body body = Body.none();
    boolean repeatable;
    boolean upgrade;
    boolean chunked;
    Upstream.@Nullable Timeouts timeouts;
    boolean takesTrailers;
    final OutgoingCall call = new OutgoingCall(this);

    /// Forgets everything of the last call.
    public UpstreamRequest reset() {
        method = "GET";
        target = "/";
        headers.clear();
        body = Body.none();
        repeatable = false;
        upgrade = false;
        chunked = false;
        timeouts = null;
        takesTrailers = false;
        return this;
    }

    public UpstreamRequest method(String newMethod) {
        method = newMethod;
        return this;
    }

    /// Sets the target in origin form, sent byte for byte (Latin-1).
    public UpstreamRequest target(String newTarget) {
        target = newTarget;
        return this;
    }

    public UpstreamRequest body(Body newBody) {
        body = newBody;
        return this;
    }

    /// Declares that sending this request twice does no harm. It is then sent again, once, if a reused connection
    /// turns out dead before any byte of an answer, its method is idempotent, and the body can be replayed.
    public UpstreamRequest repeatable(boolean newRepeatable) {
        repeatable = newRepeatable;
        return this;
    }

    /// Asks to speak another protocol, the one that the header field `Upgrade` names: `Connection: Upgrade` is sent with
    /// it, and a 101 is an answer that [Response#tunnel] takes. Only without a body.
    public UpstreamRequest upgrade(boolean newUpgrade) {
        upgrade = newUpgrade;
        return this;
    }

    /// Sends the body in chunks even if its length should be known by then.
    public UpstreamRequest chunked(boolean newChunked) {
        chunked = newChunked;
        return this;
    }

    /// Limits in time for this call instead of its upstream's; null for those.
    public UpstreamRequest timeouts(Upstream.@Nullable Timeouts newTimeouts) {
        timeouts = newTimeouts;
        return this;
    }

    /// Tells an upstream of HTTP/2 that trailers are welcome (`te: trailers`): gRPC asks for that.
    public UpstreamRequest takesTrailers(boolean newTakesTrailers) {
        takesTrailers = newTakesTrailers;
        return this;
    }

    public Headers headers() {
        return headers;
    }

    public String method() {
        return method;
    }

    public String target() {
        return target;
    }
}
