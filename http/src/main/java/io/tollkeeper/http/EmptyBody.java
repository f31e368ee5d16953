package io.tollkeeper.http;

import java.nio.ByteBuffer;

/// The body of a message that has none.
final class EmptyBody extends Body {

    static final Body INSTANCE = new EmptyBody();

    private EmptyBody() {}

    @Override
    public boolean isEmpty() {
        return true;
    }

    @Override
    public long length() {
        return 0;
    }

    @Override
    public long received() {
        return 0;
    }

    @Override
    public boolean isReplayable() {
        return true;
    }

    @Override
    public void pipeTo(BodySink sink) {
        sink.end(null);
    }

    @Override
    public void peek(int limit, Peeked then) {
        then.peeked(ByteBuffer.allocate(0), true);
    }

    @Override
    public void collect(int limit, Collected then) {
        then.collected(new byte[0]);
    }

    @Override
    public void discard() {}

    @Override
    public void drain(long limit, Drained then) {
        then.drained(true);
    }

    @Override
    void demand() {}

    @Override
    void cancel() {}
}
