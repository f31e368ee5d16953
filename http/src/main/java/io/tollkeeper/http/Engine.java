package io.tollkeeper.http;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;

/// The event loops, the transport they use, and what is made on them: listeners and upstream connections. One per
/// process. [#start], [#listen] and [#close] block; call them from an ordinary thread.
public final class Engine implements AutoCloseable {

    /// Back-pressure marks of every connection: a source stops being read above the high one, goes on below the low one.
    static final WriteBufferWaterMark WRITE_MARKS = new WriteBufferWaterMark(32 * 1024, 64 * 1024);

    /// How soon a renewed certificate is noticed.
    private static final Duration LOOK_AT_FILES = Duration.ofSeconds(5);

    private final Transport.Chosen transport;
    private final MultiThreadIoEventLoopGroup group;
    private final List<Loop> loops;
    private final FileWatch files;
    private final Resolver resolver;
    private final UpstreamPool upstreams;
    private final AtomicInteger nextLoop = new AtomicInteger();

    private Engine(EngineSettings settings) {
        TransportProbe.Result probed = TransportProbe.choose(settings.transport(), settings.loops());
        transport = probed.chosen();
        group = probed.loops();
        List<Loop> started = new ArrayList<>();
        group.forEach(executor -> started.add(new Loop((EventLoop) executor, started.size())));
        loops = List.copyOf(started);
        for (Loop loop : loops) {
            loop.eventLoop()
                    .scheduleAtFixedRate(
                            loop.deadlines()::advance,
                            DeadlineWheel.TICK_MILLIS,
                            DeadlineWheel.TICK_MILLIS,
                            TimeUnit.MILLISECONDS);
        }
        files = new FileWatch(LOOK_AT_FILES);
        resolver = new Resolver(settings.dns(), transport, loops.getFirst());
        files.add(resolver::lookAtHosts);
        upstreams = new UpstreamPool(settings.upstreams(), transport, resolver, loops, files);
    }

    /// Starts the loops on the best transport that really works, or on the one that is forced.
    ///
    /// @throws IllegalStateException if the transport does not work, with the reason
    public static Engine start(EngineSettings settings) {
        return new Engine(settings);
    }

    public Transport transport() {
        return transport.transport();
    }

    Transport.Chosen chosenTransport() {
        return transport;
    }

    /// Why no better transport is used; empty if the best one is, or one was forced.
    public String whyNoBetterTransport() {
        return transport.whyNotBetter();
    }

    public List<Loop> loops() {
        return loops;
    }

    /// Some loop, in turn. Any thread.
    public Loop anyLoop() {
        return loops.get((nextLoop.getAndIncrement() & Integer.MAX_VALUE) % loops.size());
    }

    public Resolver resolver() {
        return resolver;
    }

    /// Looks for changed files now and then, or when told.
    FileWatch files() {
        return files;
    }

    public UpstreamPool upstreams() {
        return upstreams;
    }

    /// Opens a listener. It accepts when this returns.
    ///
    /// @throws IOException if the address cannot be bound (in use, not ours, not allowed); its message names the address
    public Listener listen(ListenerSettings settings, ExchangeHandler.Factory handlers) throws IOException {
        Listener listener = new Listener(settings, handlers, loops.size());
        files.add(listener::lookAtFiles);
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(group, group)
                .channel(transport.server())
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, 4096)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WRITE_MARKS)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        ReadStop.addTo(channel, transport());
                        listener.accepted(channel, loopOf(channel.eventLoop()));
                    }
                });
        var bound = bootstrap.bind(settings.address()).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(settings.name() + ".listen: cannot listen on " + settings.address().getHostString() + ":"
                    + settings.address().getPort() + ": " + bound.cause().getMessage(), bound.cause());
        }
        Channel channel = bound.channel();
        listener.opened(channel);
        return listener;
    }

    private Loop loopOf(EventLoop eventLoop) {
        for (Loop loop : loops) {
            if (loop.eventLoop() == eventLoop) {
                return loop;
            }
        }
        throw new IllegalStateException("a channel on a foreign event loop");
    }

    /// Closes all that is open and stops the loops. Listeners are drained before, see [Listener#drain].
    @Override
    public void close() {
        files.close();
        resolver.close();
        upstreams.close();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(10, TimeUnit.SECONDS);
    }
}
