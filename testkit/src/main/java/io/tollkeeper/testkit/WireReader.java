package io.tollkeeper.testkit;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Reads HTTP/1 messages strictly and remembers their raw bytes. Blocks; one thread.
///
/// Strict on purpose: what a proxy hands to its upstream, or answers to its client, must leave no room for a second
/// reading. Bare CR or LF, folded lines, two lengths, length beside chunked and odd chunk sizes are violations.
final class WireReader {

    private static final int LINE_LIMIT = 1 << 20;

    private final InputStream in;
    private final byte[] buffer = new byte[16 * 1024];
    private int position;
    private int limit;
    private int bytesPerRead = Integer.MAX_VALUE;
    private Duration pauseBeforeRead = Duration.ZERO;
    private BoundedBytes raw = new BoundedBytes(0);

    WireReader(InputStream in) {
        this.in = in;
    }

    /// From now on at most so many bytes at once, each after a pause: a peer that reads slowly.
    void pace(int bytes, Duration pause) {
        bytesPerRead = bytes;
        pauseBeforeRead = pause;
    }

    /// Everything read from now on is remembered there as well.
    void remember(BoundedBytes target) {
        raw = target;
    }

    /// Waits for a byte without taking it; false at the end of the stream.
    boolean awaitByte() throws IOException {
        if (position < limit) {
            return true;
        }
        if (!pauseBeforeRead.isZero()) {
            try {
                Thread.sleep(pauseBeforeRead);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while reading slowly", interrupted);
            }
        }
        var n = in.read(buffer, 0, Math.min(buffer.length, bytesPerRead));
        if (n <= 0) {
            return false;
        }
        position = 0;
        limit = n;
        return true;
    }

    /// Takes whatever is there, at least one byte; 0 at the end of the stream.
    int readSome(byte[] into, int most) throws IOException {
        if (!awaitByte()) {
            return 0;
        }
        var n = Math.min(most, limit - position);
        System.arraycopy(buffer, position, into, 0, n);
        raw.append(buffer, position, n);
        position += n;
        return n;
    }

    Head readHead() throws IOException {
        var start = line();
        var headers = fields();
        return new Head(start, headers);
    }

    /// Reads a body into the sink and returns its trailers.
    Headers readBody(Framing framing, BoundedBytes sink) throws IOException {
        return switch (framing) {
            case Framing.None _ -> new Headers(List.of());
            case Framing.Length(var length) -> {
                copy(length, sink);
                yield new Headers(List.of());
            }
            case Framing.UntilClose _ -> {
                var chunk = new byte[buffer.length];
                for (var n = readSome(chunk, chunk.length); n > 0; n = readSome(chunk, chunk.length)) {
                    sink.append(chunk, 0, n);
                }
                yield new Headers(List.of());
            }
            case Framing.Chunked _ -> {
                for (var size = chunkSize(); size > 0; size = chunkSize()) {
                    copy(size, sink);
                    var end = line();
                    if (!end.isEmpty()) {
                        throw new ProtocolViolation("chunk is longer than it says, then: " + end);
                    }
                }
                yield fields();
            }
        };
    }

    private long chunkSize() throws IOException {
        var line = line();
        var size = line.split(";", 2)[0];
        if (!size.matches("[0-9A-Fa-f]{1,15}")) {
            throw new ProtocolViolation("chunk size: " + line + " (expected: hexadecimal digits)");
        }
        return Long.parseLong(size, 16);
    }

    private void copy(long length, BoundedBytes sink) throws IOException {
        var chunk = new byte[buffer.length];
        for (var left = length; left > 0; ) {
            var n = readSome(chunk, (int) Math.min(left, chunk.length));
            if (n == 0) {
                throw new EOFException("ended " + left + " bytes before the end of the body");
            }
            sink.append(chunk, 0, n);
            left -= n;
        }
    }

    private Headers fields() throws IOException {
        var headers = new ArrayList<Header>();
        for (var line = line(); !line.isEmpty(); line = line()) {
            var colon = line.indexOf(':');
            if (colon < 1 || !isToken(line.substring(0, colon))) {
                throw new ProtocolViolation("header line: " + line + " (expected: name, colon, value)");
            }
            headers.add(new Header(line.substring(0, colon), line.substring(colon + 1).strip()));
        }
        return new Headers(headers);
    }

    private static boolean isToken(String name) {
        return name.chars().allMatch(c -> c > ' ' && c < 127 && "()<>@,;:\\\"/[]?={}".indexOf(c) < 0);
    }

    private String line() throws IOException {
        var bytes = new StringBuilder();
        var one = new byte[1];
        while (true) {
            if (readSome(one, 1) == 0) {
                throw new EOFException("ended in the middle of a line: " + bytes);
            }
            var c = (char) (one[0] & 0xff);
            if (c == '\n') {
                throw new ProtocolViolation("bare LF after: " + bytes);
            }
            if (c == '\r') {
                if (readSome(one, 1) == 0) {
                    throw new EOFException("ended after CR: " + bytes);
                }
                if (one[0] != '\n') {
                    throw new ProtocolViolation("bare CR after: " + bytes);
                }
                return bytes.toString();
            }
            bytes.append(c);
            if (bytes.length() > LINE_LIMIT) {
                throw new ProtocolViolation("line longer than " + LINE_LIMIT + " bytes");
            }
        }
    }

    /// Start line and fields of a message.
    record Head(String startLine, Headers headers) {}

    /// Where a body ends.
    sealed interface Framing {

        record None() implements Framing {}

        record Length(long bytes) implements Framing {}

        record Chunked() implements Framing {}

        record UntilClose() implements Framing {}

        static Framing ofRequest(Headers headers) throws ProtocolViolation {
            return of(headers, new None());
        }

        static Framing ofAnswer(String requestMethod, int status, Headers headers) throws ProtocolViolation {
            var bodiless = requestMethod.equals("HEAD") || status == 204 || status == 304 || status < 200;
            return bodiless ? new None() : of(headers, new UntilClose());
        }

        private static Framing of(Headers headers, Framing otherwise) throws ProtocolViolation {
            var codings = headers.values("transfer-encoding");
            var lengths = headers.values("content-length");
            if (!codings.isEmpty()) {
                if (!lengths.isEmpty()) {
                    throw new ProtocolViolation("Content-Length beside Transfer-Encoding: " + headers.all());
                }
                if (codings.size() > 1 || !codings.getFirst().toLowerCase(Locale.ROOT).equals("chunked")) {
                    throw new ProtocolViolation("Transfer-Encoding: " + codings + " (expected: chunked)");
                }
                return new Chunked();
            }
            if (lengths.isEmpty()) {
                return otherwise;
            }
            if (lengths.size() > 1 || !lengths.getFirst().matches("[0-9]{1,18}")) {
                throw new ProtocolViolation("Content-Length: " + lengths + " (expected: one decimal number)");
            }
            return new Length(Long.parseLong(lengths.getFirst()));
        }
    }

    static String latin1(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
