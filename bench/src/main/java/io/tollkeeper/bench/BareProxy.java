package io.tollkeeper.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;

import io.tollkeeper.http.Engine;
import io.tollkeeper.http.EngineSettings;
import io.tollkeeper.http.ListenerSettings;
import io.tollkeeper.http.Transport;
import io.tollkeeper.http.Upstream;

/// A proxy made of module `http` alone: what a request costs before anything of a gateway is done. A program of its own:
/// `BareProxy <transport> <port> <upstream port>`, everything on loopback.
public final class BareProxy {

    private static final int MOST_UPSTREAM_CONNECTIONS = 1024;

    private BareProxy() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments.length != 3) {
            throw new IllegalArgumentException("expected: transport (io_uring, epoll, nio), port, upstream port");
        }
        var transport = Transport.valueOf(arguments[0].toUpperCase(Locale.ROOT));
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[1]));
        var upstreamPort = Integer.parseInt(arguments[2]);
        var upstream = new Upstream(
                null, "127.0.0.1", upstreamPort, "127.0.0.1:" + upstreamPort, null, Upstream.Timeouts.DEFAULT,
                MOST_UPSTREAM_CONNECTIONS);
        var settings = new EngineSettings(
                transport, Runtime.getRuntime().availableProcessors(), EngineSettings.Dns.DEFAULT);
        try (var engine = Engine.start(settings);
                var listener = engine.listen(
                        ListenerSettings.plain("bare", address),
                        loop -> new BareExchange(engine.upstreams(), loop, upstream))) {
            System.out.println("bare proxy on " + listener.address() + ", " + engine.transport().setting());
            new CountDownLatch(1).await();
        }
    }
}
