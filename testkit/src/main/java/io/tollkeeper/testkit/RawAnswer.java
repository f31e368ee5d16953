package io.tollkeeper.testkit;

import java.nio.charset.StandardCharsets;
import java.util.List;

import org.jspecify.annotations.Nullable;

/// An answer as it came over the wire. Any thread may read.
public final class RawAnswer {

    /// How the answer ended.
    public enum Ending {
        COMPLETE,
        /// The connection was closed in an orderly way before the body was whole.
        CLOSED_EARLY,
        /// The connection was reset before the body was whole.
        RESET_EARLY
    }

    private final int status;
    private final WireReader.Head head;
    private final BoundedBytes body;
    private final BoundedBytes raw;
    private final Headers trailers;
    private final Ending ending;
    private final List<Integer> interim;

    RawAnswer(
            int status, WireReader.Head head, BoundedBytes body, BoundedBytes raw, Headers trailers, Ending ending,
            List<Integer> interim) {
        this.status = status;
        this.head = head;
        this.body = body;
        this.raw = raw;
        this.trailers = trailers;
        this.ending = ending;
        this.interim = List.copyOf(interim);
    }

    public int status() {
        return status;
    }

    public String statusLine() {
        return head.startLine();
    }

    public Headers headers() {
        return head.headers();
    }

    /// Shorthand for the first value of that name.
    public @Nullable String header(String name) {
        return headers().first(name);
    }

    public Headers trailers() {
        return trailers;
    }

    public Ending ending() {
        return ending;
    }

    /// The 1xx statuses that came before.
    public List<Integer> interim() {
        return interim;
    }

    /// The first 1 MiB of the body, without chunk framing.
    public byte[] body() {
        return body.bytes();
    }

    /// The same as UTF-8.
    public String text() {
        return new String(body.bytes(), StandardCharsets.UTF_8);
    }

    /// Length of the whole body, without chunk framing.
    public long bodyLength() {
        return body.total();
    }

    /// CRC-32 of the whole body.
    public long bodyChecksum() {
        return body.checksum();
    }

    /// The first 1 MiB exactly as they came, 1xx and framing included.
    public String rawText() {
        return WireReader.latin1(raw.bytes());
    }

    @Override
    public String toString() {
        return statusLine() + " " + headers().all() + ", " + bodyLength() + " bytes of body, " + ending;
    }
}
