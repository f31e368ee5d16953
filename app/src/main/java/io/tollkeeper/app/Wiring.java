package io.tollkeeper.app;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;

import io.tollkeeper.app.command.Program;
import io.tollkeeper.app.command.Sources;
import io.tollkeeper.app.command.VersionCommand;
import io.tollkeeper.app.control.ControlSocket;
import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.app.demo.Demo;
import io.tollkeeper.app.demo.Echo;
import io.tollkeeper.app.operate.AccessLogTarget;
import io.tollkeeper.app.operate.ConfigurationWatch;
import io.tollkeeper.app.operate.Explaining;
import io.tollkeeper.app.operate.LiveConfiguration;
import io.tollkeeper.app.operate.MetricsHandler;
import io.tollkeeper.app.operate.StatusHandler;
import io.tollkeeper.app.operate.StoreMetrics;
import io.tollkeeper.app.operate.TakeOver;
import io.tollkeeper.app.settings.Settings;
import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.authorize.Authorizer;
import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.authorize.ReferrerMatch;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogCommit;
import io.tollkeeper.core.event.EventStore;
import io.tollkeeper.core.integration.IntegrationErrors;
import io.tollkeeper.core.integration.IntegrationErrorsException;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.query.LocalUsage;
import io.tollkeeper.core.query.UsageDeletions;
import io.tollkeeper.core.usage.ProductTotals;
import io.tollkeeper.doctor.explain.CatalogFacts;
import io.tollkeeper.doctor.explain.Explainer;
import io.tollkeeper.gateway.Gateway;
import io.tollkeeper.gateway.meter.LocalMeter;
import io.tollkeeper.gateway.upstream.UpstreamSettings;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.ListenerSettings;
import io.tollkeeper.http.WireLimits;
import io.tollkeeper.http.metrics.PrometheusText;
import io.tollkeeper.http.recorder.Recorder;
import io.tollkeeper.http.recorder.RecorderSettings;
import io.tollkeeper.meter.ProviderTraffic;
import io.tollkeeper.meter.ServiceManagement;
import io.tollkeeper.meter.events.EventsHook;
import io.tollkeeper.meter.events.HookSettings;
import io.tollkeeper.meter.internalapi.Credentials;
import io.tollkeeper.meter.internalapi.InternalApi;
import io.tollkeeper.store.EmbeddedStore;
import io.tollkeeper.store.StoreSettings;
import io.tollkeeper.store.sqlite.StoreFileException;
import io.tollkeeper.store.usage.History;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The map of the program: builds everything in plain Java, in the order in which things need each other. Runs on the
/// main thread and blocks. What a role does not have is not built: null here, and nowhere else.
///
/// ```
/// store ─▶ catalog, applications, totals ─▶ authorizer ─┬▶ gateway ─▶ listeners for API calls
/// engine ─▶ recorder ───────────────────────────────────┴▶ meter ───▶ listener for service management
/// configuration ─▶ catalogue and routes ─▶ watch, control socket ─▶ management, metrics
/// ```
final class Wiring implements Program {
    private static final Logger log = LoggerFactory.getLogger(Wiring.class);

    /// Lines of the access log that an event loop may be ahead of its writer.
    private static final int LOG_LINES = 8192;

    private static final String DEMO = "demo.yaml";

    private final Role role;
    private final InstantSource clock;

    Wiring(Role role, InstantSource clock) {
        this.role = role;
        this.clock = clock;
    }

    @Override public Started start(Configuration configuration, Sources sources) {
        var missing = role.missing(configuration.settings());
        if (missing != null) {
            return new Started.Refused(List.of(missing));
        }
        var closing = new Closing();
        try {
            return build(configuration, sources, closing);
        } catch (StoreFileException | IOException | IllegalStateException e) {
            closing.close();
            log.debug("not started", e);
            return new Started.Refused(List.of(e.getMessage() == null ? e.toString() : e.getMessage()));
        }
    }

    private Started build(Configuration given, Sources sources, Closing closing) throws IOException {
        var settings = given.settings();

        var store = closing.with(EmbeddedStore.open(settings.data(), StoreSettings.defaults().withClock(clock)
                .withFlights(settings.flight().maxDisk().bytes(), settings.flight().maxAge())
                .withEventsKept(settings.meter().events().keep())
                .withHistory(new History(settings.meter().history().hours(), settings.meter().history().days()))));
        var catalog = new Catalog(store.catalog().load());
        var applications = new Applications(store.loader());
        var totals = new ProductTotals();
        store.start(applications, totals);
        var writer = new CatalogWriter(store.catalog(), catalog, applications);
        writer.follow(commit -> forgetErrors(store.errors(), commit));
        var authorizer = new Authorizer(applications, store.journal(), settings.meter().alerts(),
                settings.meter().legacyReferrerFilters() ? ReferrerMatch.PART : ReferrerMatch.WHOLE);
        var traffic = traffic(settings, catalog, applications, authorizer);
        if (traffic != null) {
            closing.with(traffic);
        }

        var accessLog = closing.with(AccessLogTarget.open(settings.accessLog()));
        var engine = closing.with(Engine.start(HttpParts.engine(settings)));
        var recorder = closing.with(new Recorder(engine.loops(),
                new RecorderSettings(settings.flight().records(), settings.flight().successesPerSecond(), LOG_LINES),
                accessLog.channel(), store.flights()));
        var gateway = role.hasGateway() ? closing.with(new Gateway(engine, upstreams(settings),
                new LocalMeter(catalog, authorizer, applications, settings.gateway().onUnwritableMeter()), clock, recorder)) : null;
        var internalApi = closing.with(new InternalApi(credentials(settings), catalog, writer, store.catalog(),
                new LocalUsage(applications, totals, store.usage(), store.journal(), store.catalog(), clock), store.errors(), store.events(),
                new UsageDeletions(applications, store.usage(), store.journal(), store.catalog(), clock)));
        var hook = hook(settings.meter().events().hook(), store.events(), closing);
        var meter = new ServiceManagement(catalog, applications, authorizer, internalApi, store.errors(), traffic, clock, recorder, VersionCommand.current());

        // Without a file a gateway serves the demo; a meter what the Internal API writes.
        var demo = gateway != null && given.file() == null ? Demo.yaml(demoUpstream(engine, closing)) : null;
        var configuration = demo == null ? given : given.declaring(DEMO, demo);
        var takeOver = new TakeOver(gateway == null ? TakeOver.Routes.NONE : routes(gateway), writer, catalog, store.catalog(), settings.data());
        var findings = takeOver.takeOver(configuration);
        if (!findings.isEmpty()) {
            closing.close();
            return new Started.Refused(findings.stream().map(Finding::text).toList());
        }
        configuration.warnings().forEach(warning -> log.warn("{}", warning.text()));

        var live = new LiveConfiguration(configuration, demo == null ? "none" : "none (demo product)",
                () -> again(given.file(), sources, demo), takeOver, clock);
        var running = new RunningNode(role, settings, engine, closing, live, new Explaining(new Explainer(recorder, new CatalogFacts(catalog, store.catalog())::about, clock)));
        if (gateway != null) {
            running.listen(gateway);
        }
        running.listen("meter", settings.meter().listen(), ServiceManagement.WIRE_LIMITS, meter);
        var storeMetrics = new StoreMetrics(store::health);
        running.listen("metrics", settings.metrics().listen(), WireLimits.DEFAULT, loop -> new MetricsHandler(loop, () -> {
            var page = new PrometheusText();
            if (gateway != null) {
                gateway.metrics(page);
            }
            meter.metrics(page);
            recorder.metrics(page);
            storeMetrics.render(page);
            if (hook != null) {
                hook.metrics(page);
            }
            return page.toString();
        }));
        closing.with(ControlSocket.listen(settings.data(), running));
        if (given.file() != null) {
            closing.with(ConfigurationWatch.start(given.file(), live::reload));
        }
        var status = new StatusHandler(running::readiness);
        running.listen("management", settings.management().listen(), WireLimits.DEFAULT, _ -> status); // readiness comes last
        return new Started.Up(running);
    }

    private @Nullable ProviderTraffic traffic(Settings settings, Catalog catalog, Applications applications, Authorizer authorizer) {
        var meter = settings.meter();
        return meter.masterServiceId() == null ? null : new ProviderTraffic(
                new ProviderTraffic.Master(meter.masterServiceId(), meter.masterMetricAuthorize(), meter.masterMetricTransactions()),
                catalog, applications, authorizer, clock, Duration.ofSeconds(1));
    }

    /// A change of the catalogue is done when this is called; errors that stay behind are no reason to call it failed.
    private static void forgetErrors(IntegrationErrors errors, CatalogCommit commit) {
        try {
            errors.forget(commit);
        } catch (IntegrationErrorsException e) {
            log.warn("integration errors of a deleted product stay: {}", e.getMessage());
        }
    }

    private static TakeOver.Routes routes(Gateway gateway) {
        return new TakeOver.Routes() {
            @Override public List<Finding> check(List<ProxyConfig> products) {
                return gateway.check(products);
            }

            @Override public List<Finding> apply(List<ProxyConfig> products) {
                return gateway.apply(products);
            }
        };
    }

    private static UpstreamSettings upstreams(Settings settings) {
        return new UpstreamSettings(HttpParts.upstreamTimeouts(settings), settings.upstream().maxConnections(), ClientTls.VERIFIED);
    }

    private static @Nullable EventsHook hook(Settings.Hook settings, EventStore events, Closing closing) {
        var url = settings.url();
        return url == null ? null : closing.with(EventsHook.start(
                new HookSettings(url, settings.secret() == null ? "" : settings.secret().value(), settings.interval(), settings.timeout()), events,
                VersionCommand.current()));
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
    /// start without one, the file that is there by now, or the demo once more, if there is one.
    private static Loaded again(@Nullable Path file, Sources sources, @Nullable String demo) {
        var loaded = Configuration.load(file != null ? file : sources.file(), sources.environment(), sources.overrides());
        return demo != null && loaded instanceof Loaded.Good(var configuration) && configuration.file() == null
                ? new Loaded.Good(configuration.declaring(DEMO, demo)) : loaded;
    }

    private static int demoUpstream(Engine engine, Closing closing) throws IOException {
        var echo = new Echo();
        return closing.with(engine.listen(
                ListenerSettings.plain("demo upstream", new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), _ -> echo))
                .address().getPort();
    }
}
