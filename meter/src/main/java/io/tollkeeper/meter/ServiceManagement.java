package io.tollkeeper.meter;

import java.time.InstantSource;
import java.util.concurrent.ConcurrentHashMap;

import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.authorize.Authorizer;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.integration.IntegrationErrors;
import io.tollkeeper.http.ExchangeHandler;
import io.tollkeeper.http.Loop;
import io.tollkeeper.http.WireLimits;
import io.tollkeeper.http.metrics.PrometheusText;
import io.tollkeeper.http.recorder.Recorder;
import io.tollkeeper.meter.internalapi.InternalApi;
import org.jspecify.annotations.Nullable;

/// The meter: the Service Management API and, below `/internal`, the Internal API. Give it to a listener; it makes one
/// handler per connection.
public final class ServiceManagement implements ExchangeHandler.Factory {

    /// What the meter's listener accepts: request lines up to 16 KiB (beyond: 414); bodies are limited by the handlers,
    /// which read a refused body to its end before they answer.
    public static final WireLimits WIRE_LIMITS = new WireLimits(16_384, 81_920, 98_304, 100, -1, 0);

    private static final long FORM_BYTES = 64L << 20;

    final Catalog catalog;
    final Applications applications;
    final Authorizer authorizer;
    final InternalApi internalApi;
    final IntegrationErrors errors;
    final @Nullable ProviderTraffic traffic;
    final InstantSource clock;
    final String version;
    final FormBudget formBudget = new FormBudget(FORM_BYTES);

    private final Recorder recorder;
    private final ConcurrentHashMap<Loop, LoopState> loops = new ConcurrentHashMap<>();

    /// @param traffic where calls are counted for providers; none if nobody asked for it
    /// @param version our own, told beside the compatibility level
    public ServiceManagement(
            Catalog catalog,
            Applications applications,
            Authorizer authorizer,
            InternalApi internalApi,
            IntegrationErrors errors,
            @Nullable ProviderTraffic traffic,
            InstantSource clock,
            Recorder recorder,
            String version) {
        this.catalog = catalog;
        this.applications = applications;
        this.authorizer = authorizer;
        this.internalApi = internalApi;
        this.errors = errors;
        this.traffic = traffic;
        this.clock = clock;
        this.recorder = recorder;
        this.version = version;
    }

    /// Appends the meter's metrics in Prometheus' text format. Any thread.
    public void metrics(PrometheusText out) {
        MeterMetrics.render(loops.values().stream().map(loop -> loop.metrics).toList(), out);
    }

    @Override
    public ExchangeHandler create(Loop loop) {
        LoopState state = loops.computeIfAbsent(loop, one -> new LoopState(recorder.of(one)));
        return new ServiceManagementHandler(this, loop, state);
    }
}
