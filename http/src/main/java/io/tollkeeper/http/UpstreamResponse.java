package io.tollkeeper.http;

import org.jspecify.annotations.Nullable;

/// An upstream's answer: head, then a body that flows. Reused by its connection; valid until the call has ended.
public final class UpstreamResponse {

    final Headers headers = new Headers();
    int status;
    int minorVersion = 1;
    @Nullable String reasonPhrase;
    Body body = Body.none();
    long contentLength = MessageParser.NO_LENGTH;
    /// The upstream's end of a tunnel, only with status 101.
    @Nullable TunnelEnd tunnel;

    UpstreamResponse() {}

    public int status() {
        return status;
    }

    /// The reason phrase as received, null if it is the usual one of that status.
    public @Nullable String reasonPhrase() {
        return reasonPhrase;
    }

    public Headers headers() {
        return headers;
    }

    /// The `Content-Length` as received, -1 without one: for the answer to a HEAD request, whose body is empty.
    public long contentLength() {
        return contentLength;
    }

    /// Must be piped or discarded, else the connection stays busy.
    public Body body() {
        return body;
    }
}
