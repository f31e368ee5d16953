package io.tollkeeper.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// One end of a tunnel: what a connection becomes once both sides have agreed to speak another protocol (101). Bytes
/// that come in are a body without end for the other end's sink, and the other way round, with the back-pressure that
/// all bodies have. On the connection's loop; made per tunnel.
///
/// ```
///   client ──▶ body ──▶ sink ──▶ upstream        the client's end      the upstream's end
///   client ◀── sink ◀── body ◀── upstream
/// ```
///
/// Half-close: the end of what comes in shuts down what goes out at the other end, and nothing else. The tunnel is over
/// when both directions are.
final class TunnelEnd implements WireBody.Source {

    /// The connection that became this end.
    interface Owner {

        /// Bytes went through.
        ///
        /// @param sent how many of them to this end's peer
        default void moved(int sent) {}

        /// Both directions have ended as they should.
        void over();

        /// The other end broke: this one must, too.
        void broken(Reason reason, String evidence);
    }

    private final WireConnection connection;
    private final Owner owner;
    private final WireBody body = new WireBody(this);
    private final Sink sink = new Sink();
    private long sent;
    private boolean inputAtEnd;
    private boolean inputTaken;
    private boolean outputEnded;
    private boolean outputShut;
    private boolean closed;

    TunnelEnd(WireConnection connection, Owner owner) {
        this.connection = connection;
        this.owner = owner;
        // A FIN is the end of one direction now, no longer of everything.
        channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        body.begin(-1);
    }

    /// Lets bytes flow between both ends. Each connection is in its tunnel state already.
    static void join(TunnelEnd one, TunnelEnd other) {
        one.body.pipeTo(other.sink);
        other.body.pipeTo(one.sink);
    }

    private Channel channel() {
        return connection.context().channel();
    }

    /// What comes in.
    Body body() {
        return body;
    }

    /// Bytes sent to this end's peer.
    long sent() {
        return sent;
    }

    /// Bytes received from this end's peer.
    long received() {
        return body.received();
    }

    // ---- from the connection ---------------------------------------------------------------------------------------

    boolean wantsRead() {
        return !closed && !inputAtEnd && body.wants();
    }

    /// Takes what was received.
    void take(ByteBuf buffered) {
        if (body.wants()) {
            owner.moved(0);
            body.receive(buffered.readRetainedSlice(buffered.readableBytes()));
        }
    }

    /// The read is over.
    void readComplete() {
        body.flush();
        endInput();
    }

    /// What the connection was told by its channel: perhaps that the peer sends nothing more.
    void heard(Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            inputEnded();
        } else if (event == SslCloseCompletionEvent.SUCCESS) {
            // TLS engines close both directions at once: nothing can be sent after that.
            if (!outputEnded) {
                outputEnded = true;
                outputShut = true;
            }
            inputEnded();
        }
    }

    private void inputEnded() {
        if (inputAtEnd || closed) {
            return;
        }
        inputAtEnd = true;
        connection.process();
        body.flush();
        endInput();
    }

    private void endInput() {
        if (inputAtEnd && !closed && !inputTaken && !connection.isProcessing() && connection.inputLength() == 0) {
            body.complete(null);
        }
    }

    /// The socket takes bytes again.
    void writable() {
        Body source = sink.source();
        if (source != null && !closed) {
            source.demand();
        }
    }

    /// The connection is gone: the other end hears that nothing comes from here any more, and that nothing is taken.
    void fail(Reason reason, String evidence) {
        if (closed) {
            return;
        }
        closed = true;
        Body source = sink.source();
        sink.detach();
        body.fail(reason, evidence);
        body.release();
        if (source != null) {
            source.cancel();
        }
    }

    // ---- from the other end ----------------------------------------------------------------------------------------

    @Override
    public void wanted() {
        if (closed) {
            return;
        }
        boolean nested = connection.isProcessing();
        connection.process();
        if (!nested && !connection.isInRead()) {
            body.flush();
        }
        endInput();
        if (!connection.isInRead() && wantsRead()) {
            connection.armRead();
        }
    }

    /// The other end takes nothing any more; it tells why by itself.
    @Override
    public void unwanted() {
        if (!closed) {
            owner.broken(Reason.ABORTED, "the other side of the tunnel was closed");
        }
    }

    @Override
    public void taken() {
        inputTaken = true;
        overIfBothAre();
    }

    private void overIfBothAre() {
        if (inputTaken && outputShut && !closed) {
            closed = true;
            owner.over();
        }
    }

    /// Takes what the other end received.
    private final class Sink extends BodySink {

        @Override
        void data(ByteBuf bytes) {
            if (closed || outputEnded) {
                bytes.release();
                if (!closed) {
                    owner.broken(Reason.ABORTED, "the other side takes no bytes any more");
                }
                return;
            }
            owner.moved(bytes.readableBytes());
            sent += bytes.readableBytes();
            connection.context().write(bytes, connection.context().voidPromise());
        }

        @Override
        void flush() {
            if (!closed) {
                connection.context().flush();
            }
        }

        @Override
        void end(@Nullable Headers trailers) {
            if (closed || outputEnded) {
                return;
            }
            outputEnded = true;
            detach();
            shutOutput();
        }

        @Override
        void fail(Reason reason, String evidence) {
            detach();
            if (!closed) {
                owner.broken(reason, evidence);
            }
        }

        @Override
        boolean isWritable() {
            return !closed && channel().isWritable();
        }
    }

    /// FIN behind the last byte; over TLS the alert that says the same.
    private void shutOutput() {
        SslHandler secured = secured();
        if (secured != null) {
            connection.context().flush();
            secured.closeOutbound().addListener(done -> outputShut());
            return;
        }
        connection.context().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> {
            if (done.isSuccess() && channel() instanceof DuplexChannel duplex) {
                duplex.shutdownOutput();
                outputShut();
            }
        });
    }

    private void outputShut() {
        outputShut = true;
        overIfBothAre();
    }

    private @Nullable SslHandler secured() {
        return connection.context().pipeline().get(SslHandler.class);
    }
}
