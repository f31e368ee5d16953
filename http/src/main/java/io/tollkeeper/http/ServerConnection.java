package io.tollkeeper.http;

import java.io.IOException;
import java.net.InetSocketAddress;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A client's connection as its listener sees it: opened, told to end, gone; what it carries is its own business. On its
/// loop.
abstract class ServerConnection extends WireConnection {

    private static final Logger LOG = LoggerFactory.getLogger(ServerConnection.class);

    private final Listener listener;
    private final Loop loop;
    private final Channel channel;
    private boolean opened;

    ServerConnection(Listener listener, Loop loop, Channel channel) {
        this.listener = listener;
        this.loop = loop;
        this.channel = channel;
    }

    /// Any thread.
    final Loop loop() {
        return loop;
    }

    /// The connection stands: its TLS handshake, if there is one, is done.
    abstract void opened(Request.Peer peer);

    /// The client is gone, or must go. More than once is once.
    abstract void gone(Ending how, String evidence);

    /// Ends soon: an idle connection at once, another with the answers that it owes.
    abstract void drain();

    /// The drain time is over.
    abstract void closeNow();

    /// The listener drains.
    final void leaveSoon() {
        if (opened) {
            drain();
        } else if (listener.has(this)) {
            // In its handshake: nothing was asked for yet.
            channel.close();
        }
    }

    /// The listener's time to drain is over.
    final void leaveNow() {
        if (opened) {
            closeNow();
        } else if (listener.has(this)) {
            channel.close();
        }
    }

    // ---- the channel's life ----------------------------------------------------------------------------------------

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        super.handlerAdded(context);
        if (channel.isActive()) {
            open();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        open();
    }

    private void open() {
        if (opened) {
            return;
        }
        opened = true;
        InetSocketAddress source = channel.attr(ProxyHeader.SOURCE).get();
        opened(new Request.Peer(
                source != null ? source : (InetSocketAddress) channel.remoteAddress(),
                (InetSocketAddress) channel.localAddress(),
                listener.tlsFacts(channel),
                listener.nextConnectionNumber()));
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        gone(Ending.CLIENT_ABORTED, "client closed the connection");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!(cause instanceof IOException)) {
            LOG.warn("connection {} of listener {} fails", channel, listener.settings().name(), cause);
        }
        gone(Ending.CLIENT_ABORTED, "client's connection broke: " + cause.getMessage());
        context.close();
    }

    final void close() {
        channel.close();
    }

    /// Closes a connection whose client takes no bytes any more.
    final class ClientWatch extends SendWatch {
        private final long patienceNanos;

        ClientWatch() {
            super(loop.deadlines());
            this.patienceNanos = listener.settings().timeouts().send().toNanos();
        }

        @Override
        long patienceNanos() {
            return patienceNanos;
        }

        @Override
        void stalled(long stillPending) {
            gone(Ending.CLIENT_TOO_SLOW, "client took no byte for " + patienceNanos / 1_000_000 + " ms");
            close();
        }
    }
}
