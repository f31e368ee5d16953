package io.tollkeeper.http;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;

/// How event loops talk to the kernel.
public enum Transport {
    IO_URING,
    EPOLL,
    NIO;

    /// As written in settings: `io_uring`, `epoll`, `nio`.
    public String setting() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /// A transport that was chosen, with the classes of its sockets.
    ///
    /// @param whyNotBetter one sentence per transport that was tried before and why it cannot be used, empty if the best
    ///                     one runs or one was forced
    record Chosen(
            Transport transport,
            String whyNotBetter,
            IoHandlerFactory handlers,
            Class<? extends ServerSocketChannel> server,
            Class<? extends SocketChannel> client,
            Class<? extends DatagramChannel> datagram) {}
}
