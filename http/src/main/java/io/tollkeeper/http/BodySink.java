package io.tollkeeper.http;

import io.netty.buffer.ByteBuf;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// Where the bytes of a body go: the answer to a client, the request to an upstream, memory, or nowhere. Opaque outside
/// this package: pass it to [Body#pipeTo]. Used on one event loop only.
///
/// Back-pressure: a source asks [#isWritable] before it reads more; a sink that said no calls [Body#demand] on its
/// source when it can take bytes again.
public abstract class BodySink {

    private @Nullable Body source;

    BodySink() {}

    /// Takes ownership of `bytes` (releases them, also when it fails).
    abstract void data(ByteBuf bytes);

    /// Writes out what was collected by [#data] since the last flush.
    abstract void flush();

    /// The body is complete. Implies a flush.
    abstract void end(@Nullable Headers trailers);

    /// The source broke; the sink must not let the receiver believe that the body is complete.
    abstract void fail(Reason reason, String evidence);

    /// May more bytes be read from the source now?
    abstract boolean isWritable();

    final void attach(Body newSource) {
        source = newSource;
    }

    /// Forgets the source: it is done, or cancelled.
    final void detach() {
        source = null;
    }

    /// The body that feeds this sink, null before [Body#pipeTo].
    final @Nullable Body source() {
        return source;
    }
}
