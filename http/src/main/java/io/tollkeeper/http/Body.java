package io.tollkeeper.http;

import java.nio.ByteBuffer;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// A body that flows: bytes move as reference-counted slices from the socket they came by to the sink that takes them,
/// and the next read is asked for only while that sink can take more. Nothing is collected beyond what [#peek] or
/// [#collect] were told to hold. Used on its connection's event loop only.
public abstract class Body {

    Body() {}

    /// No body at all.
    public static Body none() {
        return EmptyBody.INSTANCE;
    }

    /// These bytes, for a request of our own; not copied, must not change.
    public static Body of(byte[] bytes) {
        return bytes.length == 0 ? none() : new HeldBody(bytes);
    }

    /// True if there is no body, or it is known to be empty.
    public abstract boolean isEmpty();

    /// Bytes of the whole body: declared, or counted if it is completely held; -1 if unknown.
    public abstract long length();

    /// Bytes received so far.
    public abstract long received();

    /// True if the body is empty or completely held in memory, so that [#pipeTo] can be called again for a retry.
    public abstract boolean isReplayable();

    /// Lets the body flow into `sink` until its end or a failure of either side.
    public abstract void pipeTo(BodySink sink);

    /// Holds back up to `limit` bytes (at most 64 KiB) and calls `then` as soon as the body is complete or the limit is
    /// reached; a later [#pipeTo] starts with the bytes held. Must be called before `pipeTo`.
    public abstract void peek(int limit, Peeked then);

    /// As [#peek], but waits for nothing: `then` is called when what was received already is decoded, with the whole
    /// body or a part of it. Tells a short body that came together with its head.
    public void peekReceived(int limit, Peeked then) {
        peek(limit, then);
    }

    /// Takes the whole body into memory if it is at most `limit` bytes, for forms that the meter reads.
    public abstract void collect(int limit, Collected then);

    /// Reads and drops what is left.
    public abstract void discard();

    /// Reads and drops what is left, up to `limit` bytes of the whole body, and then calls `then`: for answers that a
    /// client reads only after it has sent everything.
    public abstract void drain(long limit, Drained then);

    /// The sink can take bytes again.
    abstract void demand();

    /// The sink will never take bytes again (its side failed): stop, and drop what is held.
    abstract void cancel();

    /// Called once by [#peek].
    public interface Peeked {
        /// @param bytes    what is held, valid during the call only
        /// @param complete whether that is the whole body
        void peeked(ByteBuffer bytes, boolean complete);

        /// The body broke before the peek was complete.
        void failed(Reason reason, String evidence);
    }

    /// Called once by [#drain].
    @FunctionalInterface
    public interface Drained {
        /// @param complete whether the body was read to its end; otherwise the connection closes after the answer
        void drained(boolean complete);
    }

    /// Called once by [#collect].
    public interface Collected {
        void collected(byte[] bytes);

        /// More than the limit: the rest stays unread (the connection closes after the answer).
        void tooLarge(long atLeast);

        /// The body broke before it was complete.
        void failed(Reason reason, String evidence);
    }
}
