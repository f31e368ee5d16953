package io.tollkeeper.meter.internalapi;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.PlanLimits;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.query.LocalUsage;
import io.tollkeeper.core.query.UsageOwner;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.Slot;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `/services/{s}/applications/{a}/utilization/`: every limit of the application's plan with its current value. Blocks.
final class UtilizationResource implements InternalApi.Resource {

    private final Catalog catalog;
    private final CatalogStore store;
    private final LocalUsage usage;

    UtilizationResource(Catalog catalog, CatalogStore store, LocalUsage usage) {
        this.catalog = catalog;
        this.store = store;
        this.usage = usage;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        if (!route.is("GET", "services", "*", "applications", "*", "utilization")) {
            return null;
        }
        Product product = InternalAnswer.required(
                catalog.current().product(route.id(1)), InternalAnswer.notFound("service not found"));
        Application application = InternalAnswer.required(
                store.application(route.id(1), route.id(3)), ApplicationsResource.notFound());
        usage.barrier();
        long now = usage.now();
        UsageOwner owner = new UsageOwner.OfApplication(application.number());
        PlanLimits limits = product.limits(application.planId());
        ObjectNode answer = Json.object().put("status", "found");
        ArrayNode utilization = answer.putArray("utilization");
        for (int i = 0; i < limits.size(); i++) {
            Metric metric = product.metricNumbered(limits.metric(i));
            Period period = Period.of(limits.period(i));
            utilization.addObject()
                    .put("period", period.wireName())
                    .put("metric_name", metric == null ? null : metric.name())
                    .put("max_value", limits.max(i))
                    .put("current_value", usage.value(owner, new Slot(limits.metric(i), period, period.start(now))));
        }
        return InternalAnswer.of(200, answer);
    }
}
