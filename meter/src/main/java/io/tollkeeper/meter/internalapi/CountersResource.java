package io.tollkeeper.meter.internalapi;

import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.query.LocalUsage;
import io.tollkeeper.core.query.UsageOwner;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.UsageCounters;
import io.tollkeeper.meter.internalapi.InternalAnswer.Refusal;
import io.tollkeeper.meter.params.ParamName;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/// Our own `/services/{s}/counters?metric=|response_code=|status=&period=&at=[&app_id=]`: the value of one counter. What
/// was answered before the request is in it. Blocks.
final class CountersResource implements InternalApi.Resource {

    private static final ParamName AT = ParamName.of("at");

    private final Catalog catalog;
    private final CatalogStore store;
    private final LocalUsage usage;

    CountersResource(Catalog catalog, CatalogStore store, LocalUsage usage) {
        this.catalog = catalog;
        this.store = store;
        this.usage = usage;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        if (!route.is("GET", "services", "*", "counters")) {
            return null;
        }
        Product product = InternalAnswer.required(
                catalog.current().product(route.id(1)), InternalAnswer.notFound("service not found"));
        UsageParams params = new UsageParams(product, request, store);
        int key = params.key();
        Period period = params.period();
        long at = params.second(AT, usage.now());
        UsageOwner owner = params.owner();
        if (owner instanceof UsageOwner.OfProduct && (UsageCounters.PRODUCT_PERIODS & 1 << period.slot()) == 0) {
            throw new Refusal(InternalAnswer.badRequest(
                    "a service has no counters per " + period.wireName() + ", only its applications do (give app_id)"));
        }
        ObjectNode answer = Json.object();
        answer.putObject("counter").put("value", usage.counter(owner, key, period, at));
        return InternalAnswer.of(200, answer);
    }
}
