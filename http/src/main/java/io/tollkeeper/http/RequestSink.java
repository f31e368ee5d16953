package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;

import io.netty.buffer.ByteBuf;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// Writes requests on one connection to an upstream: the head, then the body as it comes. Reused; on its loop.
final class RequestSink extends FramedSink {

    private static final byte[] VERSION_AND_HOST = " HTTP/1.1\r\nHost: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CONTENT_LENGTH = "Content-Length: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CHUNKED = "Transfer-Encoding: chunked\r\n".getBytes(StandardCharsets.US_ASCII);

    private static final byte[] UPGRADE = "Connection: Upgrade\r\n".getBytes(StandardCharsets.US_ASCII);

    private static final HeaderName PROXY_AUTHORIZATION = HeaderName.of("Proxy-Authorization");
    private static final byte[] PROXY_AUTHORIZATION_FIELD = "Proxy-Authorization: ".getBytes(StandardCharsets.US_ASCII);

    private final UpstreamConnection connection;
    private boolean finished = true;
    private boolean bodyless;

    RequestSink(UpstreamConnection connection) {
        this.connection = connection;
    }

    /// Begins a request.
    ///
    /// @param length bytes of its body, -1 if unknown
    void begin(Upstream upstream, UpstreamRequest request, long length) {
        finished = false;
        bodyless = length == 0;
        Framing framing = length < 0 ? Framing.CHUNKED : Framing.COUNTED;
        begin(framing, length, head(upstream, request, length, roomBehindHead(framing, length)));
    }

    private ByteBuf head(Upstream upstream, UpstreamRequest request, long length, int room) {
        Headers headers = request.headers;
        String method = request.method;
        String target = request.target;
        String host = upstream.hostHeader();
        ForwardProxy proxy = upstream.asksProxy() ? upstream.proxy() : null;
        if (proxy != null) {
            target = "http://" + upstream.authority() + target;
        }
        ByteBuf out = allocate(method.length() + target.length() + host.length() + headers.wireLength() + 96 + room);
        out.writeCharSequence(method, StandardCharsets.ISO_8859_1);
        out.writeByte(' ');
        out.writeCharSequence(target, StandardCharsets.ISO_8859_1);
        out.writeBytes(VERSION_AND_HOST);
        out.writeCharSequence(host, StandardCharsets.ISO_8859_1);
        out.writeShort('\r' << 8 | '\n');
        if (proxy != null && proxy.authorization() != null && !headers.has(PROXY_AUTHORIZATION)) {
            out.writeBytes(PROXY_AUTHORIZATION_FIELD);
            out.writeCharSequence(proxy.authorization(), StandardCharsets.ISO_8859_1);
            out.writeShort('\r' << 8 | '\n');
        }
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
        if (request.upgrade) {
            out.writeBytes(UPGRADE);
        }
        return out.writeShort('\r' << 8 | '\n');
    }

    private static boolean writtenByUs(@Nullable HeaderName name) {
        return name == HeaderName.CONTENT_LENGTH
                || name == HeaderName.TRANSFER_ENCODING
                || name == HeaderName.HOST
                || name == HeaderName.CONNECTION
                || name == HeaderName.KEEP_ALIVE;
    }

    /// Without a body, these say so (RFC 9110 section 8.6).
    static boolean expectsBody(String method) {
        return switch (method) {
            case "POST", "PUT", "PATCH" -> true;
            default -> false;
        };
    }

    /// Nothing more is taken.
    void stop() {
        Body source = source();
        leave();
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

    @Override
    boolean isFinished() {
        return finished;
    }

    @Override
    ByteBuf allocate(int capacity) {
        return connection.context().alloc().directBuffer(capacity);
    }

    @Override
    void write(ByteBuf bytes) {
        connection.write(bytes);
    }

    @Override
    void flushWire() {
        connection.context().flush();
    }

    /// Nothing obliges a server of HTTP/1 to keep trailers apart from the head, and some do not (hardening.md, 15).
    @Override
    boolean passesTrailers() {
        return false;
    }

    @Override
    void lengthDiffers(String how) {
        connection.fail(Reason.INTERNAL, "the body of the request is " + how + " than it was declared");
    }

    @Override
    void complete() {
        finished = true;
        connection.requestSent(bodyless);
        flushWire();
    }

    @Override
    void fail(Reason reason, String evidence) {
        detach();
        connection.fail(reason, evidence);
    }

    @Override
    boolean isWritable() {
        return finished || connection.takesBytes();
    }
}
