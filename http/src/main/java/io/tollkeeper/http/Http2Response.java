package io.tollkeeper.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.tollkeeper.core.reason.Reason;

/// An answer on a stream of HTTP/2: its head, and what it is made of handed to the stream's [Http2Sender]. One per
/// stream, reused. On its loop.
final class Http2Response extends Response {

    private final Http2Exchange stream;

    Http2Response(Http2Exchange stream) {
        this.stream = stream;
    }

    @Override
    void begin() {
        super.begin();
        stream.sender.begin();
    }

    @Override
    boolean isFinished() {
        return stream.sender.isFinished();
    }

    @Override
    Request request() {
        return stream.request();
    }

    @Override
    public void tunnel(UpstreamResponse answer) {
        throw new IllegalStateException("a tunnel was asked for on a stream of HTTP/2");
    }

    /// A stream ends with its answer anyway; the others on its connection have nothing to do with it.
    @Override
    public void closeAfterwards() {}

    @Override
    public void send(byte[] body) {
        if (isFinished()) {
            return;
        }
        boolean allowed = bodyAllowed();
        commit(allowed || status >= 200 && status != 204 && status != 304 ? body.length : -1, allowed ? body.length : 0);
        if (allowed) {
            bodyBytes = body.length;
        }
        stream.sender.whole(allowed && body.length > 0 ? Unpooled.wrappedBuffer(body) : null);
    }

    @Override
    public void sendHeadOnly(long length) {
        if (!isFinished()) {
            commit(length, 0);
            stream.sender.whole(null);
        }
    }

    @Override
    public BodySink stream(long length) {
        if (isFinished() || isCommitted()) {
            return stream.sender.sink();
        }
        boolean allowed = bodyAllowed();
        boolean declares = allowed || stream.request().method.equals("HEAD") && status != 204 && status != 304;
        commit(declares ? length : -1, allowed ? -1 : 0);
        return stream.sender.sink(length, !allowed);
    }

    @Override
    public void abort(Reason reason) {
        if (!isFinished()) {
            stream.sender.release();
            stream.broken();
        }
    }

    /// @param length its Content-Length, negative for none
    /// @param follows bytes of body that follow, negative if unknown
    private void commit(long length, int follows) {
        committed();
        byte[] date = stream.loop().date().line();
        ByteBuf out = stream.sender.allocateHead(
                64 + date.length + headers.wireLength() + HpackEncoder.most(0) * headers.size(), follows);
        HpackEncoder.status(status, out);
        for (int i = 0; i < headers.size(); i++) {
            HeaderName known = headers.knownName(i);
            if (!HopByHop.isOfConnection(known) && known != HeaderName.DATE && known != HeaderName.UPGRADE) {
                headers.writeTo(i, known, out);
            }
        }
        HpackEncoder.date(date, out);
        if (length >= 0) {
            HpackEncoder.contentLength(length, out);
        }
        stream.sender.head(out);
    }
}
