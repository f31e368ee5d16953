package io.tollkeeper.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import org.jspecify.annotations.Nullable;

/// What every connection of ours stands on: received bytes wait in one buffer, steps take them from there until one
/// cannot go on, and at most one read is armed. On its loop; never blocks.
///
/// Steps are not nested: what happens during a step (an answer, a demand for more body) only changes the state, and the
/// loop of steps goes on from there.
abstract class WireConnection extends ChannelInboundHandlerAdapter {

    private @Nullable ChannelHandlerContext ctx;
    private @Nullable ByteBuf in;
    /// `in` was made by us and may be written on.
    private boolean joined;
    private boolean processing;
    private boolean readArmed;
    private boolean inRead;

    /// Takes what it can from [#input].
    ///
    /// @return false if more bytes are needed, or somebody must act first
    abstract boolean step();

    /// Whether bytes can be taken from the socket now.
    abstract boolean wantsRead();

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
    }

    final ChannelHandlerContext context() {
        ChannelHandlerContext c = ctx;
        if (c == null) {
            throw new IllegalStateException("connection used before it was opened");
        }
        return c;
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    /// Asks the socket for bytes, unless that was done already.
    final void armRead() {
        if (!readArmed) {
            readArmed = true;
            context().read();
        }
    }

    /// The read that was armed has brought something, or is over.
    final void readIsOver() {
        readArmed = false;
    }

    /// Whether the socket is handing over bytes now; flushes and the next read come at the end of that.
    final boolean isInRead() {
        return inRead;
    }

    /// Takes ownership of received bytes and goes on with them.
    final void received(ByteBuf bytes) {
        inRead = true;
        append(bytes);
        process();
        inRead = false;
    }

    private void append(ByteBuf bytes) {
        ByteBuf buffered = in;
        if (buffered == null) {
            in = bytes;
            joined = false;
            return;
        }
        int rest = buffered.readableBytes();
        int more = bytes.readableBytes();
        if (rest == 0) {
            buffered.release();
            in = bytes;
            joined = false;
        } else if (joined && buffered.writableBytes() >= more) {
            buffered.writeBytes(bytes);
            bytes.release();
        } else {
            // Rare on HTTP/1: a head or a pipelined request in several pieces. Twice the room, or a head that comes byte
            // by byte would be copied for each of them.
            ByteBuf both = context().alloc().buffer(2 * (rest + more));
            both.writeBytes(buffered).writeBytes(bytes);
            buffered.release();
            bytes.release();
            in = both;
            joined = true;
        }
    }

    /// Bytes received and not taken yet; null if there are none.
    final @Nullable ByteBuf input() {
        ByteBuf buffered = in;
        return buffered == null || !buffered.isReadable() ? null : buffered;
    }

    final int inputLength() {
        ByteBuf buffered = in;
        return buffered == null ? 0 : buffered.readableBytes();
    }

    /// Another handler goes on with what was received: the caller owns it now.
    final @Nullable ByteBuf giveInput() {
        ByteBuf buffered = in;
        in = null;
        return buffered;
    }

    /// Forgets what was received and not taken.
    final void dropInput() {
        ByteBuf buffered = in;
        if (buffered != null) {
            buffered.skipBytes(buffered.readableBytes());
        }
    }

    /// The connection is over.
    final void freeInput() {
        dropInput();
        ByteBuf buffered = in;
        // In the middle of a step somebody still looks at it.
        if (buffered != null && !processing) {
            in = null;
            buffered.release();
        }
    }

    final boolean isProcessing() {
        return processing;
    }

    /// Goes on with what was received.
    final void process() {
        if (processing) {
            return;
        }
        processing = true;
        while (step()) {}
        processing = false;
        ByteBuf buffered = in;
        if (buffered != null && !buffered.isReadable()) {
            buffered.release();
            in = null;
        }
    }

    // ---- writing ---------------------------------------------------------------------------------------------------

    final long pendingBytes() {
        ChannelOutboundBuffer out = context().channel().unsafe().outboundBuffer();
        return out == null ? 0 : out.totalPendingWriteBytes();
    }

    /// Notices a peer that takes no bytes. Watching begins when the socket takes no more, and ends when it does again.
    abstract class SendWatch extends DeadlineWheel.Deadline {
        private final DeadlineWheel deadlines;
        private long pending;

        SendWatch(DeadlineWheel deadlines) {
            this.deadlines = deadlines;
        }

        /// The longest time without a byte taken.
        abstract long patienceNanos();

        /// Nothing was taken for so long.
        abstract void stalled(long stillPending);

        final void begin() {
            pending = pendingBytes();
            deadlines.set(this, patienceNanos());
        }

        @Override
        protected final void expired() {
            if (context().channel().isWritable()) {
                return;
            }
            long now = pendingBytes();
            if (now < pending) {
                begin();
            } else {
                stalled(now);
            }
        }
    }
}
