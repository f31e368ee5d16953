package io.tollkeeper.http;

import java.nio.ByteBuffer;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// A body that comes from a connection. The connection asks [#wants] before it decodes or reads more, and hands over
/// what it decoded; whoever consumes the body (a sink, a peek, a collection) asks for more through [Source#wanted].
///
/// One per connection, reused for each message. Bytes held by a peek stay until [#release], so that a body which fits
/// into it can be sent a second time.
final class WireBody extends Body {

    /// The connection that the bytes come by.
    interface Source {
        /// More bytes can be taken now: decode what is there, flush the body, then read. May be called from within
        /// `receive`.
        void wanted();

        /// Nobody will take the rest.
        void unwanted();

        /// The body is complete and its consumer has, or gave up, all of it.
        default void taken() {}
    }

    private enum Mode { IDLE, PEEKING, COLLECTING, PIPING, DISCARDING, DRAINING }

    private final Source source;
    private Mode mode = Mode.IDLE;
    private long declared;
    private long received;
    private boolean complete;
    private boolean delivered;
    private @Nullable Headers trailers;
    private @Nullable Reason failure;
    private String evidence = "";
    private @Nullable BodySink sink;
    private @Nullable CompositeByteBuf held;
    private long limit;
    private @Nullable Peeked peeked;
    /// The peek is over with the read that is going on.
    private boolean impatient;
    private @Nullable Collected collected;
    private @Nullable Drained drained;

    WireBody(Source source) {
        this.source = source;
    }

    // ---- from the connection ---------------------------------------------------------------------------------------

    /// A message with a body begins.
    ///
    /// @param length its Content-Length, -1 if unknown
    void begin(long length) {
        release();
        declared = length;
        received = 0;
        complete = false;
        delivered = false;
        trailers = null;
        failure = null;
        evidence = "";
        mode = Mode.IDLE;
    }

    /// Frees what is held. The body cannot be used afterwards.
    void release() {
        CompositeByteBuf h = held;
        held = null;
        if (h != null) {
            h.release();
        }
        sink = null;
        peeked = null;
        collected = null;
        drained = null;
        mode = Mode.IDLE;
    }

    /// May the connection decode and read more of this body now?
    boolean wants() {
        return switch (mode) {
            case IDLE -> false;
            case PEEKING, COLLECTING, DISCARDING, DRAINING -> true;
            case PIPING -> sink != null && sink.isWritable();
        };
    }

    boolean isComplete() {
        return complete;
    }

    /// Whether nobody has asked for this body yet (so nobody will miss it).
    boolean isUntouched() {
        return mode == Mode.IDLE;
    }

    /// Takes ownership of decoded bytes.
    void receive(ByteBuf bytes) {
        received += bytes.readableBytes();
        switch (mode) {
            case PIPING -> {
                BodySink s = sink;
                if (s == null) {
                    bytes.release();
                } else {
                    s.data(bytes);
                }
            }
            case PEEKING -> {
                hold(bytes);
                if (received >= limit) {
                    peekDone();
                }
            }
            case COLLECTING -> {
                if (received > limit) {
                    bytes.release();
                    Collected then = collected;
                    release();
                    if (then != null) {
                        then.tooLarge(received);
                    }
                } else {
                    hold(bytes);
                }
            }
            case DRAINING -> {
                bytes.release();
                if (received > limit) {
                    drained(false);
                }
            }
            case IDLE, DISCARDING -> bytes.release();
        }
    }

    private void drained(boolean whole) {
        Drained then = drained;
        release();
        mode = Mode.DISCARDING;
        if (then != null) {
            then.drained(whole);
        }
        if (complete) {
            source.taken();
        }
    }

    /// The connection has nothing more to hand over for now.
    void flush() {
        if (mode == Mode.PIPING && sink != null && !delivered) {
            sink.flush();
        } else if (mode == Mode.PEEKING && impatient) {
            peekDone();
        }
    }

    /// The body ended as it should.
    void complete(@Nullable Headers newTrailers) {
        complete = true;
        trailers = newTrailers;
        switch (mode) {
            case PIPING -> deliverEnd();
            case PEEKING -> peekDone();
            case COLLECTING -> {
                byte[] all = new byte[(int) received];
                if (held != null) {
                    held.readBytes(all);
                }
                Collected then = collected;
                release();
                if (then != null) {
                    then.collected(all);
                }
                source.taken();
            }
            case DRAINING -> drained(true);
            case DISCARDING -> source.taken();
            case IDLE -> {}
        }
    }

    /// The body broke off. Told to the consumer, now or when there is one.
    void fail(Reason reason, String why) {
        if (complete || failure != null) {
            return;
        }
        failure = reason;
        evidence = why;
        deliverFailure();
    }

    private void deliverFailure() {
        Reason reason = failure;
        if (reason == null) {
            return;
        }
        switch (mode) {
            case PIPING -> {
                BodySink s = sink;
                sink = null;
                mode = Mode.DISCARDING;
                if (s != null && !delivered) {
                    s.fail(reason, evidence);
                }
            }
            case PEEKING -> {
                Peeked then = peeked;
                release();
                if (then != null) {
                    then.failed(reason, evidence);
                }
            }
            case COLLECTING -> {
                Collected then = collected;
                release();
                if (then != null) {
                    then.failed(reason, evidence);
                }
            }
            case DRAINING -> drained(false);
            case IDLE, DISCARDING -> {}
        }
    }

    // ---- from the consumer -----------------------------------------------------------------------------------------

    @Override
    public boolean isEmpty() {
        return declared == 0 || (complete && received == 0);
    }

    @Override
    public long length() {
        return declared >= 0 ? declared : complete ? received : -1;
    }

    @Override
    public long received() {
        return received;
    }

    @Override
    public boolean isReplayable() {
        return complete && (received == 0 || (held != null && held.readableBytes() == received));
    }

    @Override
    public void pipeTo(BodySink newSink) {
        newSink.attach(this);
        sink = newSink;
        delivered = false;
        mode = Mode.PIPING;
        if (held != null && held.isReadable()) {
            // A complete body is kept for a retry; the first part of a longer one is handed on for good.
            if (complete) {
                newSink.data(held.retainedSlice());
            } else {
                CompositeByteBuf first = held;
                held = null;
                newSink.data(first);
            }
        }
        if (failure != null) {
            deliverFailure();
        } else if (complete) {
            deliverEnd();
        } else {
            // Not flushed here: what the source has already goes out together with the sink's head.
            source.wanted();
        }
    }

    private void deliverEnd() {
        BodySink s = sink;
        if (s != null && !delivered) {
            delivered = true;
            // The source first: an upstream call is over before the answer that it fed, so whoever hears that the
            // answer was sent finds the call ended and its connection free again.
            source.taken();
            s.end(trailers);
        }
    }

    @Override
    public void peek(int newLimit, Peeked then) {
        if (newLimit <= 0 || newLimit > 65536) {
            throw new IllegalArgumentException("peek limit: " + newLimit + " (expected: 1 to 65536)");
        }
        peek(newLimit, false, then);
    }

    @Override
    public void peekReceived(int newLimit, Peeked then) {
        peek(newLimit, true, then);
    }

    private void peek(int newLimit, boolean onlyReceived, Peeked then) {
        limit = newLimit;
        peeked = then;
        impatient = onlyReceived;
        mode = Mode.PEEKING;
        if (failure != null) {
            deliverFailure();
        } else if (complete || received >= limit) {
            peekDone();
        } else {
            source.wanted();
        }
    }

    private void peekDone() {
        Peeked then = peeked;
        peeked = null;
        mode = Mode.IDLE;
        if (then == null) {
            return;
        }
        ByteBuffer view = held == null ? ByteBuffer.allocate(0) : held.nioBuffer().asReadOnlyBuffer();
        then.peeked(view, complete);
    }

    @Override
    public void collect(int newLimit, Collected then) {
        limit = newLimit;
        collected = then;
        mode = Mode.COLLECTING;
        if (declared > newLimit) {
            release();
            then.tooLarge(declared);
        } else if (failure != null) {
            deliverFailure();
        } else if (complete) {
            complete(trailers);
        } else {
            source.wanted();
        }
    }

    @Override
    public void discard() {
        release();
        mode = Mode.DISCARDING;
        if (complete) {
            source.taken();
        } else if (failure == null) {
            source.wanted();
        }
    }

    @Override
    public void drain(long newLimit, Drained then) {
        release();
        limit = newLimit;
        drained = then;
        mode = Mode.DRAINING;
        if (complete) {
            drained(true);
        } else if (failure != null || declared > newLimit || received > newLimit) {
            drained(false);
        } else {
            source.wanted();
        }
    }

    @Override
    void demand() {
        if (!complete && failure == null) {
            source.wanted();
        }
    }

    @Override
    void cancel() {
        boolean open = !complete && failure == null;
        sink = null;
        mode = Mode.DISCARDING;
        if (open) {
            source.unwanted();
        } else if (complete) {
            source.taken();
        }
    }

    private void hold(ByteBuf bytes) {
        if (held == null) {
            held = Unpooled.compositeBuffer(Integer.MAX_VALUE);
        }
        held.addComponent(true, bytes);
    }
}
