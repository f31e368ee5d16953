package io.tollkeeper.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;

/// Keeps reads from a channel whose close was asked for. First handler of channels on io_uring, one each.
///
/// There a close waits for writes under way. A read asked for meanwhile (TLS does so by itself) leaves a poll with the
/// kernel that holds the socket open after the close: no FIN is sent, and the other side waits for ever.
final class ReadStop extends ChannelOutboundHandlerAdapter {

    private boolean closing;

    private ReadStop() {}

    static void addTo(Channel channel, Transport transport) {
        if (transport == Transport.IO_URING) {
            channel.pipeline().addFirst(new ReadStop());
        }
    }

    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
        closing = true;
        context.close(promise);
    }

    @Override
    public void read(ChannelHandlerContext context) {
        if (!closing) {
            context.read();
        }
    }
}
