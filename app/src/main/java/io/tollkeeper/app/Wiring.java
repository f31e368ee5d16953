package io.tollkeeper.app;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import io.tollkeeper.app.command.Program;
import io.tollkeeper.app.command.Sources;
import io.tollkeeper.app.command.VersionCommand;
import io.tollkeeper.app.control.Answer;
import io.tollkeeper.app.control.ControlSocket;
import io.tollkeeper.app.control.Controls;
import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.app.demo.Demo;
import io.tollkeeper.app.demo.Echo;
import io.tollkeeper.app.operate.AccessLogTarget;
import io.tollkeeper.app.operate.ConfigurationWatch;
import io.tollkeeper.app.operate.Explaining;
import io.tollkeeper.app.operate.LiveConfiguration;
import io.tollkeeper.app.operate.LiveConfiguration.Outcome;
import io.tollkeeper.app.operate.MetricsHandler;
import io.tollkeeper.app.operate.StatusHandler;
import io.tollkeeper.app.operate.StatusHandler.Readiness;
import io.tollkeeper.app.operate.StoreMetrics;
import io.tollkeeper.app.operate.TakeOver;
import io.tollkeeper.app.settings.ListenAddress;
import io.tollkeeper.app.settings.Settings;
import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.authorize.Authorizer;
import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogCommit;
import io.tollkeeper.core.integration.IntegrationErrors;
import io.tollkeeper.core.integration.IntegrationErrorsException;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.usage.ProductTotals;
import io.tollkeeper.doctor.explain.Explainer;
import io.tollkeeper.gateway.Gateway;
import io.tollkeeper.gateway.meter.LocalMeter;
import io.tollkeeper.gateway.upstream.UpstreamSettings;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.Listener;
import io.tollkeeper.http.ListenerSettings;
import io.tollkeeper.http.WireLimits;
import io.tollkeeper.http.metrics.PrometheusText;
import io.tollkeeper.http.recorder.Recorder;
import io.tollkeeper.http.recorder.RecorderSettings;
import io.tollkeeper.meter.ServiceManagement;
import io.tollkeeper.meter.internalapi.Credentials;
import io.tollkeeper.meter.internalapi.InternalApi;
import io.tollkeeper.meter.internalapi.UsageReader;
import io.tollkeeper.store.EmbeddedStore;
import io.tollkeeper.store.StoreSettings;
import io.tollkeeper.store.sqlite.StoreFileException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The map of the program: builds everything in plain Java, in the order in which things need each other. Runs on the
/// main thread and blocks.
///
/// ```
/// store ─▶ catalog, applications, totals ─▶ authorizer ─┬▶ gateway ─▶ listeners for API calls
/// engine ───────────────────────────────────────────────┴▶ meter ───▶ listener for service management
/// configuration ─▶ catalogue and routes ─▶ watch, control socket ─▶ management, metrics
/// ```
final class Wiring implements Program {
    private static final Logger log = LoggerFactory.getLogger(Wiring.class);

    /// Lines of the access log that an event loop may be ahead of its writer.
    private static final int LOG_LINES = 8192;

    private static final String DEMO = "demo.yaml";

    private final InstantSource clock;

    Wiring(InstantSource clock) {
        this.clock = clock;
    }

    @Override public Started start(Configuration configuration, Sources sources) {
        var closing = new Closing();
        try {
            return build(configuration, sources, clock, closing);
        } catch (StoreFileException | IOException | IllegalStateException e) {
            closing.close();
            log.debug("not started", e);
            return new Started.Refused(List.of(e.getMessage() == null ? e.toString() : e.getMessage()));
        }
    }

    private static Started build(Configuration given, Sources sources, InstantSource clock, Closing closing) throws IOException {
        var settings = given.settings();

        var store = closing.with(EmbeddedStore.open(settings.data(), StoreSettings.defaults().withClock(clock)
                .withFlights(settings.flight().maxDisk().bytes(), settings.flight().maxAge())));
        var catalog = new Catalog(store.catalog().load());
        var applications = new Applications(store.loader());
        var totals = new ProductTotals();
        store.start(applications, totals);
        var writer = new CatalogWriter(store.catalog(), catalog, applications);
        writer.follow(commit -> forgetErrors(store.errors(), commit));
        var authorizer = new Authorizer(applications, store.journal());

        var accessLog = closing.with(AccessLogTarget.open(settings.accessLog()));
        var engine = closing.with(Engine.start(HttpParts.engine(settings)));
        var recorder = closing.with(new Recorder(engine.loops(),
                new RecorderSettings(settings.flight().records(), settings.flight().successesPerSecond(), LOG_LINES),
                accessLog.channel(), store.flights()));
        var gateway = closing.with(new Gateway(engine, upstreams(settings),
                new LocalMeter(catalog, authorizer, applications, settings.gateway().onUnwritableMeter()), clock, recorder));
        var internalApi = closing.with(new InternalApi(credentials(settings), catalog, writer, store.catalog(),
                new UsageReader(applications, totals, store.usage(), store.journal(), clock), store.errors()));
        var meter = new ServiceManagement(catalog, applications, authorizer, internalApi, store.errors(), clock, recorder, VersionCommand.current());

        var demo = given.file() == null ? Demo.yaml(demoUpstream(engine, closing)) : "";
        var configuration = given.file() == null ? given.declaring(DEMO, demo) : given;
        var takeOver = new TakeOver(gateway, writer, catalog, store.catalog(), settings.data());
        var findings = takeOver.takeOver(configuration);
        if (!findings.isEmpty()) {
            closing.close();
            return new Started.Refused(findings.stream().map(Finding::text).toList());
        }
        configuration.warnings().forEach(warning -> log.warn("{}", warning.text()));

        var running = new Running(settings, engine, recorder, gateway, closing,
                new LiveConfiguration(configuration, () -> again(given.file(), sources, demo), takeOver, clock),
                new Explaining(new Explainer(recorder, clock)));
        running.listen(meter, new StoreMetrics(store::health));
        return new Started.Up(running);
    }

    /// A change of the catalogue is done when this is called; errors that stay behind are no reason to call it failed.
    private static void forgetErrors(IntegrationErrors errors, CatalogCommit commit) {
        try {
            errors.forget(commit);
        } catch (IntegrationErrorsException e) {
            log.warn("integration errors of a deleted product stay: {}", e.getMessage());
        }
    }

    private static UpstreamSettings upstreams(Settings settings) {
        return new UpstreamSettings(HttpParts.upstreamTimeouts(settings), settings.upstream().maxConnections(), ClientTls.VERIFIED);
    }

    /// Without credentials of its own the Internal API is for whoever reaches loopback; on any other address for nobody.
    private static Credentials credentials(Settings settings) {
        var api = settings.meter().internalApi();
        if (api.user() != null && api.password() != null) {
            return Credentials.of(api.user(), api.password().value());
        }
        var address = settings.meter().listen();
        if (address == null || address.toSocketAddress().getAddress().isLoopbackAddress()) {
            return Credentials.everybody();
        }
        log.warn("the Internal API is closed: meter.listen is {}, and neither meter.internal-api.user nor .password is set", address);
        return Credentials.of(UUID.randomUUID().toString(), UUID.randomUUID().toString());
    }

    /// What a reload reads: the file of the start (that it is gone is a mistake, not the end of all products), or, after a
    /// start without one, the file that is there by now, or the demo once more.
    private static Loaded again(@Nullable Path file, Sources sources, String demo) {
        var loaded = Configuration.load(file != null ? file : sources.file(), sources.environment(), sources.overrides());
        return loaded instanceof Loaded.Good(var configuration) && configuration.file() == null
                ? new Loaded.Good(configuration.declaring(DEMO, demo)) : loaded;
    }

    private static int demoUpstream(Engine engine, Closing closing) throws IOException {
        var echo = new Echo();
        return closing.with(engine.listen(
                ListenerSettings.plain("demo upstream", new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), _ -> echo))
                .address().getPort();
    }

    /// The program once it is built: what listens, what it can be asked, how it ends.
    private static final class Running implements Program.Running, Controls {
        private final Settings settings;
        private final Engine engine;
        private final Recorder recorder;
        private final Gateway gateway;
        private final Closing closing;
        private final LiveConfiguration live;
        private final Explaining explaining;
        private final Map<String, InetSocketAddress> addresses = new LinkedHashMap<>();
        private @Nullable Listener meterListener;
        private volatile boolean draining;

        Running(Settings settings, Engine engine, Recorder recorder, Gateway gateway, Closing closing, LiveConfiguration live, Explaining explaining) {
            this.settings = settings;
            this.engine = engine;
            this.recorder = recorder;
            this.gateway = gateway;
            this.closing = closing;
            this.live = live;
            this.explaining = explaining;
        }

        /// Opens everything that can be reached from outside; readiness last.
        void listen(ServiceManagement meter, StoreMetrics storeMetrics) throws IOException {
            var plain = settings.gateway().listen();
            if (plain != null) {
                addresses.put("gateway", gateway.listen(HttpParts.gateway(settings, plain)));
            }
            var tls = settings.gateway().tls().listen();
            if (tls != null) {
                addresses.put("gateway.tls", gateway.listen(HttpParts.gatewayTls(settings, tls)));
            }
            meterListener = listen("meter", settings.meter().listen(), ServiceManagement.WIRE_LIMITS, meter);
            listen("metrics", settings.metrics().listen(), WireLimits.DEFAULT, loop -> new MetricsHandler(loop, () -> {
                var page = new PrometheusText();
                gateway.metrics(page);
                recorder.metrics(page);
                storeMetrics.render(page);
                return page.toString();
            }));
            closing.with(ControlSocket.listen(settings.data(), this));
            var file = live.current().file();
            if (file != null) {
                closing.with(ConfigurationWatch.start(file, live::reload));
            }
            var status = new StatusHandler(this::readiness);
            listen("management", settings.management().listen(), WireLimits.DEFAULT, _ -> status);
        }

        private @Nullable Listener listen(String name, @Nullable ListenAddress address, WireLimits limits, io.tollkeeper.http.ExchangeHandler.Factory handlers)
                throws IOException {
            if (address == null) {
                return null;
            }
            var listener = closing.with(engine.listen(HttpParts.plain(name, address, limits, settings), handlers));
            addresses.put(name, listener.address());
            return listener;
        }

        private Readiness readiness() {
            return draining ? Readiness.DRAINING
                    : live.current().declared().products().isEmpty() ? Readiness.NO_PRODUCTS : Readiness.READY;
        }

        @Override public List<String> greeting() {
            return Greeting.lines(live.current(), engine, addresses, settings.data());
        }

        @Override public Answer explain(String requestId) {
            return explaining.explain(requestId);
        }

        @Override public Answer status() {
            return Answer.ok(Greeting.listening(engine, addresses, settings.data()) + live.describe());
        }

        @Override public Answer reload() {
            return switch (live.reload()) {
                case Outcome.Taken _ -> Answer.ok(live.describe());
                case Outcome.Refused(var findings) -> Answer.refused(LiveConfiguration.text(findings));
            };
        }

        @Override public void stop() {
            log.info("ending: calls under way may take {} s", settings.drain().timeout().toSeconds());
            draining = true;
            rest(settings.drain().delay());
            var meterDrained = Thread.ofVirtual().start(() -> {
                if (meterListener != null) {
                    meterListener.drain(settings.drain().timeout());
                }
            });
            gateway.drain(settings.drain().timeout());
            await(meterDrained);
            closing.close();
            log.info("ended");
        }

        private static void rest(Duration time) {
            try {
                Thread.sleep(time);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt(); // then without delay
            }
        }

        private static void await(Thread thread) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt(); // closing goes on
            }
        }
    }
}
