package io.tollkeeper.app;

import java.time.Duration;
import java.time.InstantSource;
import java.util.UUID;

import io.tollkeeper.app.command.VersionCommand;
import io.tollkeeper.app.operate.StoreMetrics;
import io.tollkeeper.app.operate.TakeOver;
import io.tollkeeper.app.settings.Settings;
import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.authorize.Authorizer;
import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.authorize.ReferrerMatch;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogCommit;
import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.FlightStore;
import io.tollkeeper.core.integration.IntegrationErrors;
import io.tollkeeper.core.integration.IntegrationErrorsException;
import io.tollkeeper.core.query.LocalUsage;
import io.tollkeeper.core.query.UsageDeletions;
import io.tollkeeper.core.usage.ProductTotals;
import io.tollkeeper.doctor.explain.CatalogFacts;
import io.tollkeeper.gateway.meter.LocalMeter;
import io.tollkeeper.http.metrics.PrometheusText;
import io.tollkeeper.http.recorder.Recorder;
import io.tollkeeper.meter.ProviderTraffic;
import io.tollkeeper.meter.ServiceManagement;
import io.tollkeeper.meter.events.EventsHook;
import io.tollkeeper.meter.events.HookSettings;
import io.tollkeeper.meter.internalapi.Credentials;
import io.tollkeeper.meter.internalapi.InternalApi;
import io.tollkeeper.store.EmbeddedStore;
import io.tollkeeper.store.StoreSettings;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Store and meter of a process that has them, built on the main thread in the order in which they need each other.
final class MeterParts {
    private static final Logger log = LoggerFactory.getLogger(MeterParts.class);

    private final Settings settings;
    private final InstantSource clock;
    private final EmbeddedStore store;
    private final Catalog catalog;
    private final Applications applications;
    private final ProductTotals totals = new ProductTotals();
    private final CatalogWriter writer;
    private final Authorizer authorizer;
    private final @Nullable ProviderTraffic traffic;

    /// Opens the store; blocks until it has recovered.
    static MeterParts open(Settings settings, StoreSettings storeSettings, InstantSource clock, Closing closing) {
        return new MeterParts(settings, storeSettings, clock, closing);
    }

    private MeterParts(Settings settings, StoreSettings storeSettings, InstantSource clock, Closing closing) {
        this.settings = settings;
        this.clock = clock;
        store = closing.with(EmbeddedStore.open(settings.data(), storeSettings));
        catalog = new Catalog(store.catalog().load());
        applications = new Applications(store.loader());
        store.start(applications, totals);
        writer = new CatalogWriter(store.catalog(), catalog, applications);
        writer.follow(commit -> forgetErrors(store.errors(), commit));
        authorizer = new Authorizer(applications, store.journal(), settings.meter().alerts(),
                settings.meter().legacyReferrerFilters() ? ReferrerMatch.PART : ReferrerMatch.WHOLE);
        traffic = traffic();
        if (traffic != null) {
            closing.with(traffic);
        }
    }

    private @Nullable ProviderTraffic traffic() {
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

    FlightStore flights() {
        return store.flights();
    }

    /// The meter as the gateway of this process asks it.
    LocalMeter local() {
        return new LocalMeter(catalog, authorizer, applications, settings.gateway().onUnwritableMeter());
    }

    /// Puts configurations into force, in the store as well.
    TakeOver takeOver(TakeOver.Routes routes) {
        return new TakeOver(routes, writer, catalog, store.catalog(), settings.data());
    }

    /// More evidence on a refused call.
    java.util.List<String> about(FlightRecord record) {
        return new CatalogFacts(catalog, store.catalog()).about(record);
    }

    /// What is heard and said over HTTP.
    Served serve(Recorder recorder, Closing closing) {
        var internalApi = closing.with(new InternalApi(credentials(), catalog, writer, store.catalog(),
                new LocalUsage(applications, totals, store.usage(), store.journal(), store.catalog(), clock), store.errors(), store.events(),
                new UsageDeletions(applications, store.usage(), store.journal(), store.catalog(), clock)));
        var hook = hook(closing);
        var meter = new ServiceManagement(catalog, applications, authorizer, internalApi, store.errors(), traffic, clock, recorder, VersionCommand.current());
        return new Served(meter, hook, new StoreMetrics(store::health));
    }

    /// @param hook none where nobody is told of events
    record Served(ServiceManagement meter, @Nullable EventsHook hook, StoreMetrics store) {
        void metrics(PrometheusText page) {
            meter.metrics(page);
            store.render(page);
            if (hook != null) {
                hook.metrics(page);
            }
        }
    }

    private @Nullable EventsHook hook(Closing closing) {
        var hook = settings.meter().events().hook();
        var url = hook.url();
        return url == null ? null : closing.with(EventsHook.start(
                new HookSettings(url, hook.secret() == null ? "" : hook.secret().value(), hook.interval(), hook.timeout()), store.events(),
                VersionCommand.current()));
    }

    /// Without credentials of its own the Internal API is for whoever reaches loopback; on any other address for nobody.
    private Credentials credentials() {
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
}
