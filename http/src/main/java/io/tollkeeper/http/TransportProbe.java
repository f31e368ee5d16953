package io.tollkeeper.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringDatagramChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.jspecify.annotations.Nullable;

/// Chooses the transport: io_uring, else epoll, else NIO. "Available" is not believed: containers' seccomp profiles and
/// memory limits let libraries load and calls fail, so every loop must really accept a connection and receive a byte.
/// Blocks; runs once at start.
final class TransportProbe {

    private static final String MULTISHOT_POLL = "io.netty.iouring.pollAddMultishotEnabled";

    /// @param loops the started event loops of the chosen transport
    record Result(Transport.Chosen chosen, MultiThreadIoEventLoopGroup loops) {}

    static {
        // With one poll for many wake-ups (Netty 4.2.18's default), an RST that comes right behind data is never told: the
        // connection hangs until a timeout. A poll per wait finds it.
        if (System.getProperty(MULTISHOT_POLL) == null) {
            System.setProperty(MULTISHOT_POLL, "false");
        }
    }

    private TransportProbe() {}

    /// @param forced tries only this one; null tries all, best first
    /// @throws IllegalStateException if none works, with the reason of each
    static Result choose(@Nullable Transport forced, int loops) {
        StringBuilder whyNot = new StringBuilder();
        Transport[] candidates = forced == null ? Transport.values() : new Transport[] {forced};
        for (Transport transport : candidates) {
            MultiThreadIoEventLoopGroup group = null;
            try {
                Transport.Chosen chosen = chosen(transport, whyNot.toString());
                group = new MultiThreadIoEventLoopGroup(loops, new DefaultThreadFactory("loop"), chosen.handlers());
                for (int i = 0; i < loops; i++) {
                    probe(chosen, group.next());
                }
                return new Result(chosen, group);
            } catch (Exception | LinkageError e) {
                if (group != null) {
                    group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
                }
                if (!whyNot.isEmpty()) {
                    whyNot.append("; ");
                }
                whyNot.append(transport.setting()).append(" does not work here: ").append(reason(e));
                if (e instanceof InterruptedException) {
                    Thread.currentThread().interrupt();
                    break;
                }
            }
        }
        throw new IllegalStateException(
                "no transport works (setting transport: " + (forced == null ? "auto" : forced.setting()) + "): " + whyNot);
    }

    private static String reason(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null && (cause instanceof ExecutionException || cause.getMessage() == null
                || cause instanceof UnsatisfiedLinkError || cause instanceof IllegalStateException)) {
            cause = cause.getCause();
        }
        String message = cause.getMessage();
        return message == null ? cause.getClass().getSimpleName() : message.lines().findFirst().orElse("");
    }

    private static Transport.Chosen chosen(Transport transport, String whyNotBetter) {
        return switch (transport) {
            case IO_URING -> {
                IoUring.ensureAvailability();
                yield new Transport.Chosen(
                        transport,
                        whyNotBetter,
                        IoUringIoHandler.newFactory(),
                        IoUringServerSocketChannel.class,
                        IoUringSocketChannel.class,
                        IoUringDatagramChannel.class);
            }
            case EPOLL -> {
                Epoll.ensureAvailability();
                yield new Transport.Chosen(
                        transport,
                        whyNotBetter,
                        EpollIoHandler.newFactory(),
                        EpollServerSocketChannel.class,
                        EpollSocketChannel.class,
                        EpollDatagramChannel.class);
            }
            case NIO -> new Transport.Chosen(
                    transport,
                    whyNotBetter,
                    NioIoHandler.newFactory(),
                    NioServerSocketChannel.class,
                    NioSocketChannel.class,
                    NioDatagramChannel.class);
        };
    }

    /// One connection to itself on `loop`: accept, send a byte, receive it.
    private static void probe(Transport.Chosen chosen, EventLoop loop)
            throws InterruptedException, ExecutionException, TimeoutException {
        CompletableFuture<Byte> received = new CompletableFuture<>();
        Channel server = null;
        Channel client = null;
        try {
            server = new ServerBootstrap()
                    .group(loop, loop)
                    .channel(chosen.server())
                    .childHandler(new ChannelInboundHandlerAdapter() {
                        @Override
                        public void channelRead(ChannelHandlerContext ctx, Object msg) {
                            received.complete(((ByteBuf) msg).getByte(0));
                            ReferenceCountUtil.release(msg);
                            ctx.close();
                        }
                    })
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .sync()
                    .channel();
            client = new Bootstrap()
                    .group(loop)
                    .channel(chosen.client())
                    .handler(new ChannelInboundHandlerAdapter())
                    .connect(server.localAddress())
                    .sync()
                    .channel();
            client.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {42})).sync();
            if (received.get(2, TimeUnit.SECONDS) != 42) {
                throw new IllegalStateException("a byte sent over loopback arrived changed");
            }
        } finally {
            if (client != null) {
                client.close();
            }
            if (server != null) {
                server.close().sync();
            }
        }
    }
}
