package io.tollkeeper.meter;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;

import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.authorize.Authorizer;
import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.authorize.LoadKey;
import io.tollkeeper.core.authorize.Loaded;
import io.tollkeeper.core.authorize.Loader;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.query.LocalUsage;
import io.tollkeeper.core.query.UsageDeletions;
import io.tollkeeper.core.usage.ProductTotals;
import io.tollkeeper.core.usage.StoredPast;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.EngineSettings;
import io.tollkeeper.http.Listener;
import io.tollkeeper.http.ListenerSettings;
import io.tollkeeper.http.Transport;
import io.tollkeeper.http.recorder.LogFormat;
import io.tollkeeper.http.recorder.Recorder;
import io.tollkeeper.http.recorder.RecorderSettings;
import io.tollkeeper.meter.internalapi.Credentials;
import io.tollkeeper.meter.internalapi.InternalApi;
import io.tollkeeper.testkit.store.MemoryCatalogStore;
import io.tollkeeper.testkit.store.MemoryEventStore;
import io.tollkeeper.testkit.store.MemoryIntegrationErrors;

/// A meter on a port of its own, everything real but the disk.
final class RunningMeter implements AutoCloseable {

    static final String INTERNAL = "conformance:s3cr3t-conformance";

    final MemoryCatalogStore store = new MemoryCatalogStore();
    final ProductTotals totals = new ProductTotals();
    final MemoryEventStore events = new MemoryEventStore();
    final GroupingJournal journal = new GroupingJournal(totals, events);
    final MemoryIntegrationErrors errors = new MemoryIntegrationErrors();
    final MemoryLoader loader = new MemoryLoader();
    final Recorder flights;

    /// Hands in when a test says so.
    final ProviderTraffic traffic;

    private final Engine engine;
    private final Listener listener;
    private final ServiceManagement meter;
    private final InternalApi internalApi;

    RunningMeter(int port, InstantSource clock, int loops) {
        var catalog = new Catalog(store.load());
        var applications = new Applications(loader);
        var writer = new CatalogWriter(store, catalog, applications);
        writer.follow(errors::forget);
        var usage = new MemoryUsageStore();
        internalApi = new InternalApi(
                Credentials.of("conformance", "s3cr3t-conformance"),
                catalog,
                writer,
                store,
                new LocalUsage(applications, totals, usage, journal, store, clock),
                errors,
                events,
                new UsageDeletions(applications, usage, journal, store, clock));
        engine = Engine.start(new EngineSettings(Transport.NIO, loops, EngineSettings.Dns.DEFAULT));
        flights = new Recorder(engine.loops(), new RecorderSettings(1024, 10_000, 1024, LogFormat.JSON), null, null);
        var authorizer = new Authorizer(applications, journal);
        var master = new ProviderTraffic.Master("master", "transactions/authorize", "transactions");
        traffic = new ProviderTraffic(master, catalog, applications, authorizer, clock, Duration.ofHours(1));
        meter = new ServiceManagement(
                catalog, applications, authorizer, internalApi, errors, traffic, clock, flights, "0-test");
        try {
            listener = engine.listen(
                    new ListenerSettings(
                            "meter",
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                            null,
                            ServiceManagement.WIRE_LIMITS,
                            ListenerSettings.Timeouts.DEFAULT),
                    meter);
        } catch (IOException e) {
            engine.close();
            throw new UncheckedIOException(e);
        }
    }

    static RunningMeter start() {
        return new RunningMeter(0, InstantSource.system(), 1);
    }

    String metrics() {
        var page = new io.tollkeeper.http.metrics.PrometheusText();
        meter.metrics(page);
        return page.toString();
    }

    int port() {
        return listener.address().getPort();
    }

    static String authorization() {
        return "Basic " + Base64.getEncoder().encodeToString(INTERNAL.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        listener.close();
        traffic.close();
        loader.close();
        flights.close();
        engine.close();
        internalApi.close();
        journal.close();
    }

    /// Reads the catalogue's store on a thread of its own, as the real loader does.
    final class MemoryLoader implements Loader, AutoCloseable {

        private final ExecutorService thread = Executors.newSingleThreadExecutor();
        volatile boolean full;
        volatile boolean broken;

        @Override
        public boolean submit(LoadKey key, Done done) {
            if (full) {
                return false;
            }
            try {
                thread.execute(() -> done.loaded(broken ? new Loaded.Failed("the disk is gone") : find(key)));
                return true;
            } catch (RejectedExecutionException closed) {
                return false;
            }
        }

        private Loaded find(LoadKey key) {
            return switch (key) {
                case LoadKey.ById(var product, var id) -> new Loaded.Definition(id, store.application(product, id), null);
                case LoadKey.ByUserKey(var product, var userKey) -> {
                    var id = store.applicationIdOfUserKey(product, userKey);
                    yield new Loaded.Definition(id, id == null ? null : store.application(product, id), null);
                }
                case LoadKey.ByNumber _ -> new Loaded.Definition(null, null, null, null);
                case LoadKey.Past(var application, _) ->
                    new Loaded.Past(new StoredPast(application, 0, java.util.Map.of()));
            };
        }

        @Override
        public void close() {
            thread.shutdownNow();
        }
    }

    /// Serves until it is killed: what `run.py` of the recordings starts.
    public static void main(String[] arguments) throws InterruptedException {
        int port = Integer.parseInt(System.getenv().getOrDefault("CONFORMANCE_METER_PORT", "3000"));
        try (var meter = new RunningMeter(port, InstantSource.system(), Integer.getInteger("loops", 1))) {
            Thread.currentThread().join();
            meter.port();
        }
    }
}
