package io.tollkeeper.http;

import java.nio.ByteBuffer;
import java.util.Arrays;

import io.netty.buffer.Unpooled;

/// A body that is in memory as a whole, for requests of our own. Can be sent again.
final class HeldBody extends Body {

    private final byte[] bytes;

    /// @param bytes not copied; must not change
    HeldBody(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    public boolean isEmpty() {
        return bytes.length == 0;
    }

    @Override
    public long length() {
        return bytes.length;
    }

    @Override
    public long received() {
        return bytes.length;
    }

    @Override
    public boolean isReplayable() {
        return true;
    }

    @Override
    public void pipeTo(BodySink sink) {
        sink.data(Unpooled.wrappedBuffer(bytes));
        sink.end(null);
    }

    @Override
    public void peek(int limit, Peeked then) {
        boolean complete = bytes.length <= limit;
        then.peeked(ByteBuffer.wrap(bytes, 0, complete ? bytes.length : limit).asReadOnlyBuffer(), complete);
    }

    @Override
    public void collect(int limit, Collected then) {
        if (bytes.length > limit) {
            then.tooLarge(bytes.length);
        } else {
            then.collected(Arrays.copyOf(bytes, bytes.length));
        }
    }

    @Override
    public void discard() {}

    @Override
    public void drain(long limit, Drained then) {
        then.drained(bytes.length <= limit);
    }

    @Override
    void demand() {}

    @Override
    void cancel() {}
}
