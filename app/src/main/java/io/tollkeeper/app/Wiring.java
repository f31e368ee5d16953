package io.tollkeeper.app;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;

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
import io.tollkeeper.app.operate.LiveConfiguration.Took;
import io.tollkeeper.app.operate.ManagementApi;
import io.tollkeeper.app.operate.ManagementHandler;
import io.tollkeeper.app.operate.MetricsHandler;
import io.tollkeeper.app.operate.ProgramLog;
import io.tollkeeper.app.operate.TakeOver;
import io.tollkeeper.app.settings.Role;
import io.tollkeeper.app.settings.Settings;
import io.tollkeeper.core.flight.FlightStore;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.doctor.explain.Explainer;
import io.tollkeeper.gateway.Gateway;
import io.tollkeeper.gateway.jwt.JwtSettings;
import io.tollkeeper.gateway.meter.Meter;
import io.tollkeeper.gateway.meter.RemoteMeter;
import io.tollkeeper.gateway.policy.BuiltinPolicies;
import io.tollkeeper.gateway.trace.TraceSettings;
import io.tollkeeper.gateway.trace.Tracer;
import io.tollkeeper.gateway.upstream.UpstreamSettings;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.ListenerSettings;
import io.tollkeeper.http.WireLimits;
import io.tollkeeper.http.fetch.FetchUrl;
import io.tollkeeper.http.fetch.Fetcher;
import io.tollkeeper.http.metrics.PrometheusText;
import io.tollkeeper.http.recorder.Recorder;
import io.tollkeeper.http.recorder.RecorderSettings;
import io.tollkeeper.meter.ServiceManagement;
import io.tollkeeper.store.FlightFolder;
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
/// store ─▶ meter's parts (or, without a meter, the folder alone) ─┬▶ gateway ─▶ listeners for API calls
/// engine ─▶ recorder ─────────────────────────────────────────────┴▶ meter ───▶ listener for service management
/// configuration ─▶ catalogue and routes ─▶ watch, control socket ─▶ management, metrics ─▶ API calls
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

    @Override public Role role() {
        return role;
    }

    @Override public Started start(Configuration configuration, Sources sources) {
        var missing = role.missing(configuration.settings());
        if (missing != null) {
            return new Started.Refused(List.of(missing));
        }
        if (role == Role.GATEWAY && !configuration.hasProducts()) {
            return new Started.Refused(List.of("there is no configuration: nothing says which products to serve (set gateway.configuration"
                    + " to a 3scale document, e.g. THREESCALE_CONFIG_FILE=config.json, or write products into tollkeeper.yaml)"));
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

        ProgramLog.apply(settings.log());
        var parts = role.hasMeter() ? MeterParts.open(settings, storeSettings(settings), clock, closing) : null;
        var flights = parts != null ? parts.flights() : lone(settings, closing);

        var accessLog = closing.with(AccessLogTarget.open(settings.accessLog()));
        var engine = closing.with(Engine.start(HttpParts.engine(settings)));
        var recorder = closing.with(new Recorder(engine.loops(),
                new RecorderSettings(settings.flight().records(), settings.flight().successesPerSecond(), LOG_LINES, settings.accessLogFormat()),
                accessLog.channel(), flights));
        var tls = HttpParts.tls(settings, given.isThreescales());
        if (role.hasGateway() && !tls.verify()) {
            log.warn("certificates of upstreams, meters and portals are not checked (upstream.tls.verify: true, or OPENSSL_VERIFY=true, does)");
        }
        var fetcher = new Fetcher(engine, tls, HttpParts.proxies(settings), UserAgent.of(settings.gateway().portal().environment()));
        var tracer = role.hasGateway() ? tracer(settings.tracing(), fetcher, closing) : null;
        var gateway = role.hasGateway() ? closing.with(new Gateway(engine, upstreams(settings, tls), settings.gateway().pathRouting(), settings.metrics().perProduct(),
                new JwtSettings(settings.gateway().jwt().leeway(), settings.gateway().jwt().refresh()), fetcher,
                meter(settings, tls, parts, engine, closing), clock, recorder, tracer)) : null;
        var served = parts == null ? null : parts.serve(recorder, closing);

        // Without a configuration a gateway serves the demo; a meter what the Internal API writes.
        var demo = gateway != null && !given.hasProducts() ? Demo.yaml(demoUpstream(engine, closing)) : null;
        var feed = Feed.of(demo == null ? given : given.declaring(DEMO, demo), fetcher, clock);
        Feed.First first;
        switch (feed.begin()) {
            case Feed.Begun.With(var begun) -> first = begun;
            case Feed.Begun.Not(var lines) -> {
                closing.close();
                return new Started.Refused(lines);
            }
        }
        var configuration = first.configuration();
        var routes = gateway == null ? TakeOver.Routes.NONE : routes(gateway);
        var takeOver = parts == null ? TakeOver.ofRoutes(routes) : parts.takeOver(routes);
        var ofProducts = List.<Finding>of();
        switch (takeOver.takeOver(configuration)) {
            case Took.Over over -> ofProducts = over.ofProducts();
            case Took.Nothing(var findings) -> {
                closing.close();
                return new Started.Refused(findings.stream().map(Finding::text).toList());
            }
        }
        configuration.warnings().forEach(warning -> log.warn("{}", warning.text()));

        var live = new LiveConfiguration(configuration, ofProducts, demo == null ? "none" : "none (demo product)",
                () -> again(given, sources, demo, feed), takeOver, clock);
        if (first.at() != null) {
            live.confirmedAt(first.at());
            live.failing(first.failing());
        }
        var running = new RunningNode(role, settings, engine, closing, live,
                new Explaining(new Explainer(recorder, parts == null ? _ -> List.of() : parts::about, clock)));
        if (served != null) {
            running.listen("meter", settings.meter().listen(), ServiceManagement.WIRE_LIMITS, served.meter());
        }
        running.listen("metrics", settings.metrics().listen(), WireLimits.DEFAULT, loop -> new MetricsHandler(loop, () -> {
            var page = new PrometheusText();
            if (gateway != null) {
                gateway.metrics(page);
            }
            live.metrics(page);
            recorder.metrics(page);
            if (served != null) {
                served.metrics(page);
            }
            return page.toString();
        }));
        closing.with(ControlSocket.listen(settings.data(), running));
        feed.run(live, gateway, closing);
        given.files().forEach(file -> closing.with(ConfigurationWatch.start(file, live::reload)));
        var management = new ManagementApi(live, BuiltinPolicies.names(), engine.resolver()::known);
        running.listen("management", settings.management().listen(), WireLimits.DEFAULT,
                loop -> new ManagementHandler(loop, settings.management().mode(), () -> running.readiness(management), management));
        if (gateway != null) {
            running.listen(gateway); // last: who sees it open may call, and ask whether it is ready
        }
        return new Started.Up(running);
    }

    /// Without a meter of its own, a gateway asks that of each product; with one, those of products that name another.
    private static Meter meter(Settings settings, ClientTls tls, @Nullable MeterParts parts, Engine engine, Closing closing) {
        var remote = closing.with(new RemoteMeter(engine.upstreams(), engine.loops(),
                HttpParts.remoteMeter(settings, tls, UserAgent.of(settings.gateway().portal().environment()))));
        return parts == null ? remote : new OwnOrRemoteMeter(parts.local(), remote, settings.meter().endpoint() != null);
    }

    private FlightStore lone(Settings settings, Closing closing) {
        return closing.with(FlightFolder.open(settings.data(), storeSettings(settings))).flights();
    }

    private StoreSettings storeSettings(Settings settings) {
        return StoreSettings.defaults().withClock(clock)
                .withFlights(settings.flight().maxDisk().bytes(), settings.flight().maxAge())
                .withEventsKept(settings.meter().events().keep())
                .withHistory(new History(settings.meter().history().hours(), settings.meter().history().days()));
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

    private static @Nullable Tracer tracer(Settings.Tracing settings, Fetcher fetcher, Closing closing) {
        var url = settings.endpoint() == null ? null : FetchUrl.parse(settings.endpoint().toString());
        return url == null ? null : closing.with(new Tracer(new TraceSettings(url,
                settings.authorization() == null ? null : settings.authorization().value(), settings.serviceName(), settings.ratio(),
                settings.parentBased(), settings.queue(), settings.batch(), settings.delay()), fetcher, VersionCommand.current()));
    }

    private static UpstreamSettings upstreams(Settings settings, ClientTls tls) {
        return new UpstreamSettings(HttpParts.upstreamTimeouts(settings), settings.upstream().maxConnections(), tls, HttpParts.proxies(settings));
    }

    /// What a reload reads: the file of the start (that it is gone is a mistake, not the end of all products), or, after a
    /// start without one, the file that is there by now, or the demo once more, if there is one.
    private Loaded again(Configuration given, Sources sources, @Nullable String demo, Feed feed) {
        return switch (Configuration.load(role, given.file() != null ? given.file() : sources.file(), sources.environment(), sources.overrides())) {
            case Loaded.Bad bad -> bad;
            case Loaded.Good(var configuration) when demo != null && !configuration.hasProducts() -> new Loaded.Good(configuration.declaring(DEMO, demo));
            case Loaded.Good(var configuration) -> feed.again(configuration);
        };
    }

    private static int demoUpstream(Engine engine, Closing closing) throws IOException {
        var echo = new Echo();
        return closing.with(engine.listen(
                ListenerSettings.plain("demo upstream", new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), _ -> echo))
                .address().getPort();
    }
}
