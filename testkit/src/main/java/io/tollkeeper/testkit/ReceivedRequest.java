package io.tollkeeper.testkit;

import java.util.List;

import org.jspecify.annotations.Nullable;

/// A request as the upstream received it, visible from its head on while the body still arrives. Any thread may read.
public final class ReceivedRequest {

    /// How the request stands.
    public enum State {
        ARRIVING,
        COMPLETE,
        /// The connection ended, or broke the protocol, before the request did.
        BROKEN
    }

    private final int connection;
    private final int exchange;
    private final String startLine;
    private final Headers headers;
    private final BoundedBytes raw;
    private final BoundedBytes body;
    private volatile Headers trailers = new Headers(List.of());
    private volatile State state = State.ARRIVING;

    ReceivedRequest(int connection, int exchange, WireReader.Head head, BoundedBytes raw, BoundedBytes body) {
        this.connection = connection;
        this.exchange = exchange;
        this.startLine = head.startLine();
        this.headers = head.headers();
        this.raw = raw;
        this.body = body;
    }

    BoundedBytes arriving() {
        return body;
    }

    void completed(Headers trailers) {
        this.trailers = trailers;
        state = State.COMPLETE;
    }

    void broken() {
        if (state == State.ARRIVING) {
            state = State.BROKEN;
        }
    }

    /// Number of the connection it came on, from 1.
    public int connection() {
        return connection;
    }

    /// Number of the request on its connection, from 1.
    public int exchange() {
        return exchange;
    }

    public String startLine() {
        return startLine;
    }

    public String method() {
        return part(0);
    }

    public String target() {
        return part(1);
    }

    public String version() {
        return part(2);
    }

    private String part(int index) {
        var parts = startLine.split(" ", -1);
        return index < parts.length ? parts[index] : "";
    }

    public Headers headers() {
        return headers;
    }

    /// Shorthand for the first value of that name.
    public @Nullable String header(String name) {
        return headers.first(name);
    }

    public Headers trailers() {
        return trailers;
    }

    /// The first 64 KiB of the body, without chunk framing.
    public byte[] body() {
        return body.bytes();
    }

    /// Body bytes that arrived so far, without chunk framing.
    public long bodyLength() {
        return body.total();
    }

    /// CRC-32 of all body bytes so far.
    public long bodyChecksum() {
        return body.checksum();
    }

    /// The first 128 KiB exactly as they came over the wire, framing included.
    public byte[] raw() {
        return raw.bytes();
    }

    public String rawText() {
        return WireReader.latin1(raw.bytes());
    }

    public State state() {
        return state;
    }

    @Override
    public String toString() {
        return startLine + " " + headers.all() + ", " + bodyLength() + " bytes of body, " + state;
    }
}
