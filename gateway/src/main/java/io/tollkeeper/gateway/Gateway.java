package io.tollkeeper.gateway;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.WritableByteChannel;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.core.flight.FlightQuota;
import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.FlightRing;
import io.tollkeeper.core.flight.FlightStore;
import io.tollkeeper.core.flight.RequestId;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.gateway.accesslog.LogRing;
import io.tollkeeper.gateway.accesslog.LogWriter;
import io.tollkeeper.gateway.exchange.GatewayLoop;
import io.tollkeeper.gateway.meter.Meter;
import io.tollkeeper.gateway.metrics.MetricsPage;
import io.tollkeeper.gateway.route.ServiceRouter;
import io.tollkeeper.gateway.sync.ConfigurationSync;
import io.tollkeeper.gateway.sync.ProductCompiler;
import io.tollkeeper.gateway.upstream.Forwarder;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.Listener;
import io.tollkeeper.http.ListenerSettings;
import io.tollkeeper.http.Loop;
import io.tollkeeper.http.Upstream;
import org.jspecify.annotations.Nullable;

/// The gateway as a whole: made once, given its products with [#apply], then opened with [#listen]. Called from ordinary
/// threads; [#listen], [#drain] and [#close] block.
public final class Gateway implements AutoCloseable {

    private final Engine engine;
    private final ServiceRouter router = new ServiceRouter();
    private final ConfigurationSync sync;
    private final List<GatewayLoop> loops;
    private final List<Listener> listeners = new ArrayList<>();
    private final LogWriter writer;
    private final MetricsPage page;
    private final @Nullable FlightStore flights;
    private final boolean logged;

    /// @param accessLog where access log lines go; none for no access log. Not closed by the gateway
    /// @param flights   where flight records are kept beyond memory, or none
    public Gateway(
            Engine engine,
            GatewaySettings settings,
            Meter meter,
            InstantSource clock,
            @Nullable WritableByteChannel accessLog,
            @Nullable FlightStore flights) {
        this.engine = engine;
        this.flights = flights;
        this.logged = accessLog != null;
        List<GatewayLoop> made = new ArrayList<>();
        List<LogRing> rings = new ArrayList<>();
        SecureRandom seeds = new SecureRandom();
        int count = engine.loops().size();
        FlightQuota quota = FlightQuota.ofNode(count);
        quota = new FlightQuota(
                quota.failuresPerSecond(), Math.max(1, settings.successesPerSecond() / count), quota.successesOneIn());
        for (Loop loop : engine.loops()) {
            LogRing ring = accessLog == null ? null : new LogRing(settings.logLines());
            if (ring != null) {
                rings.add(ring);
            }
            made.add(new GatewayLoop(
                    loop, clock, seeds.nextLong(), new FlightRing(settings.flightRecords(), quota), ring));
        }
        loops = List.copyOf(made);
        loops.forEach(GatewayLoop::watchLag);
        Forwarder forwarder = new Forwarder(engine.upstreams());
        sync = new ConfigurationSync(new ProductCompiler(meter, forwarder, settings.upstreams()), router);
        page = new MetricsPage(loops.stream().map(GatewayLoop::metrics).toList());
        writer = new LogWriter(
                        rings, accessLog, loops.stream().map(GatewayLoop::flights).toList(), flights)
                .start();
    }

    /// Puts these products in force, and only these. A product with errors keeps its last good form. No request is
    /// lost: those under way go on with what they started with.
    public List<Finding> apply(List<ProxyConfig> products) {
        return sync.apply(products);
    }

    /// What [#apply] would complain about; puts nothing in force.
    public List<Finding> check(List<ProxyConfig> products) {
        return sync.check(products);
    }

    /// Where the kept records of a loop are; shared with whoever else serves on it.
    public FlightRing flights(Loop loop) {
        return loops.get(loop.index()).flights();
    }

    /// Opens a listener for API calls. It accepts when this returns.
    public InetSocketAddress listen(ListenerSettings settings) throws IOException {
        Listener listener = engine.listen(settings, loop -> new GatewayHandler(loops.get(loop.index()), router));
        synchronized (listeners) {
            listeners.add(listener);
        }
        return listener.address();
    }

    /// The kept record of a request: from memory, else from the store. May block.
    public @Nullable FlightRecord find(RequestId id) {
        for (GatewayLoop loop : loops) {
            FlightRecord record = loop.flights().find(id.high(), id.low());
            if (record != null) {
                return record;
            }
        }
        return flights == null ? null : flights.find(id);
    }

    /// Kept records, newest first, at most `limit`: those on disk, or, without a store, those in memory. May block.
    public List<FlightRecord> newest(int limit) {
        if (flights != null) {
            return flights.newest(limit);
        }
        List<FlightRecord> records = new ArrayList<>();
        for (GatewayLoop loop : loops) {
            records.addAll(loop.flights().newest(limit));
        }
        records.sort((a, b) -> Long.compare(b.receivedMillis(), a.receivedMillis()));
        return records.subList(0, Math.min(limit, records.size()));
    }

    /// Appends the gateway's metrics in Prometheus' text format. Any thread.
    public void metrics(StringBuilder out) {
        long connections = 0;
        synchronized (listeners) {
            for (Listener listener : listeners) {
                connections += listener.openConnections();
            }
        }
        long upstreamConnections = 0;
        for (Upstream upstream : router.current().upstreams()) {
            upstreamConnections += engine.upstreams().openConnections(upstream);
        }
        page.render(
                new MetricsPage.Gauges(
                        connections,
                        writer.dropped(),
                        logged ? writer.written() : 0,
                        upstreamConnections,
                        router.current().productCount(),
                        router.current().version()),
                out);
    }

    /// Stops accepting and lets requests under way finish, for at most `patience`. Blocks.
    public void drain(Duration patience) {
        List<Listener> open;
        synchronized (listeners) {
            open = List.copyOf(listeners);
        }
        List<Thread> draining = open.stream()
                .map(listener -> Thread.ofVirtual().start(() -> listener.drain(patience)))
                .toList();
        for (Thread thread : draining) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /// Closes listeners at once, writes what is left of log and flight records. The engine stays open.
    @Override
    public void close() {
        drain(Duration.ZERO);
        writer.close();
    }
}
