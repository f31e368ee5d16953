package io.tollkeeper.gateway;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.gateway.exchange.GatewayLoop;
import io.tollkeeper.gateway.jwt.Issuers;
import io.tollkeeper.gateway.jwt.JwtSettings;
import io.tollkeeper.gateway.meter.Meter;
import io.tollkeeper.gateway.metrics.MetricsPage;
import io.tollkeeper.gateway.metrics.ProductMetricsRegistry;
import io.tollkeeper.gateway.route.HostLoader;
import io.tollkeeper.gateway.route.PathRouting;
import io.tollkeeper.gateway.route.ServiceRouter;
import io.tollkeeper.gateway.sync.ConfigurationSync;
import io.tollkeeper.gateway.sync.ProductCompiler;
import io.tollkeeper.gateway.trace.Tracer;
import io.tollkeeper.gateway.upstream.Forwarder;
import io.tollkeeper.gateway.upstream.UpstreamSettings;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.Listener;
import io.tollkeeper.http.ListenerSettings;
import io.tollkeeper.http.Upstream;
import io.tollkeeper.http.fetch.Fetcher;
import io.tollkeeper.http.metrics.PrometheusText;
import io.tollkeeper.http.recorder.Recorder;
import org.jspecify.annotations.Nullable;

/// The gateway as a whole: made once, given its products with [#apply], then opened with [#listen]. Called from ordinary
/// threads; [#listen], [#drain] and [#close] block.
public final class Gateway implements AutoCloseable {

    private final Engine engine;
    private final ServiceRouter router = new ServiceRouter();
    private final ConfigurationSync sync;
    private final List<GatewayLoop> loops;
    private final List<Listener> listeners = new ArrayList<>();
    private final MetricsPage page;
    private final Meter meter;
    private final Issuers issuers;
    private final @Nullable Tracer tracer;
    private final InstantSource clock;
    private volatile long appliedMillis;
    private volatile @Nullable HostLoader hosts;

    /// @param upstreams how upstreams are called
    /// @param routing   whether mapping rules take part in choosing a product
    /// @param labelProducts whether metrics tell products apart
    /// @param jwt       how tokens are checked
    /// @param tracer    where traces go, none for no traces
    /// @param fetcher   how providers of tokens are asked
    public Gateway(
            Engine engine,
            UpstreamSettings upstreams,
            PathRouting routing,
            boolean labelProducts,
            JwtSettings jwt,
            Fetcher fetcher,
            Meter meter,
            InstantSource clock,
            Recorder recorder,
            @Nullable Tracer tracer) {
        this.engine = engine;
        this.meter = meter;
        loops = engine.loops().stream().map(loop -> new GatewayLoop(loop, clock, recorder.of(loop), tracer)).toList();
        loops.forEach(GatewayLoop::watchLag);
        Forwarder forwarder = new Forwarder(engine.upstreams());
        ProductMetricsRegistry counted = new ProductMetricsRegistry(labelProducts, loops.size());
        issuers = new Issuers(fetcher, jwt, clock);
        sync = new ConfigurationSync(new ProductCompiler(meter, forwarder, upstreams, issuers, counted), router, routing, issuers, counted);
        page = new MetricsPage(loops.stream().map(GatewayLoop::metrics).toList(), counted);
        this.clock = clock;
        this.tracer = tracer;
        appliedMillis = clock.millis();
    }

    /// Has configurations fetched per host when requests need them. To be called before [#listen].
    public void loadHosts(HostLoader loader) {
        hosts = loader;
    }

    /// Puts these products in force, and only these. A product with errors keeps its last good form. No request is
    /// lost: those under way go on with what they started with.
    public List<Finding> apply(List<ProxyConfig> products) {
        List<Finding> findings = sync.apply(products);
        appliedMillis = clock.millis();
        return findings;
    }

    /// What [#apply] would complain about; puts nothing in force.
    public List<Finding> check(List<ProxyConfig> products) {
        return sync.check(products);
    }

    /// Opens a listener for API calls. It accepts when this returns.
    public InetSocketAddress listen(ListenerSettings settings) throws IOException {
        Listener listener = engine.listen(settings, loop -> new GatewayHandler(loops.get(loop.index()), router, hosts));
        synchronized (listeners) {
            listeners.add(listener);
        }
        return listener.address();
    }

    /// The OpenID providers whose tokens are accepted, and how they are.
    public List<Issuers.Report> issuers() {
        return issuers.report();
    }

    /// Appends the gateway's metrics in Prometheus' text format. Any thread.
    public void metrics(PrometheusText out) {
        long connections = 0;
        long accepted = 0;
        synchronized (listeners) {
            for (Listener listener : listeners) {
                connections += listener.openConnections();
                accepted += listener.acceptedConnections();
            }
        }
        long upstreamConnections = 0;
        for (Upstream upstream : router.current().upstreams()) {
            upstreamConnections += engine.upstreams().openConnections(upstream);
        }
        page.render(
                new MetricsPage.Gauges(
                        connections,
                        accepted,
                        upstreamConnections,
                        router.current().productCount(),
                        router.current().version(),
                        Math.max(0, clock.millis() - appliedMillis)),
                out);
        issuers.metrics(out);
        meter.metrics(out);
        if (tracer != null) {
            tracer.metrics(out);
        }
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

    /// Closes listeners at once. The engine stays open.
    @Override
    public void close() {
        issuers.close();
        drain(Duration.ZERO);
    }
}
