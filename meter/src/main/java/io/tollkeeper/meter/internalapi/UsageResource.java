package io.tollkeeper.meter.internalapi;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.query.LocalUsage;
import io.tollkeeper.core.query.TopApplication;
import io.tollkeeper.core.query.UsageAnswer;
import io.tollkeeper.core.query.UsageSeries;
import io.tollkeeper.core.query.UsageSpan;
import io.tollkeeper.core.usage.CounterKey;
import io.tollkeeper.core.usage.KeyRange;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.meter.internalapi.InternalAnswer.Refusal;
import io.tollkeeper.meter.params.ParamName;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Our own `/services/{s}/usage` (series over time) and `/services/{s}/usage/top` (the largest consumers), described in
/// `docs/internal-api.md`. What was answered before the request is in the answer. Blocks.
final class UsageResource implements InternalApi.Resource {

    private static final ParamName SINCE = ParamName.of("since");
    private static final ParamName UNTIL = ParamName.of("until");
    private static final ParamName AT = ParamName.of("at");
    private static final ParamName LIMIT = ParamName.of("limit");
    private static final int TOP = 10;
    private static final int MOST_TOP = 1_000;

    private final Catalog catalog;
    private final CatalogStore store;
    private final LocalUsage usage;

    UsageResource(Catalog catalog, CatalogStore store, LocalUsage usage) {
        this.catalog = catalog;
        this.store = store;
        this.usage = usage;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        boolean top = route.is("GET", "services", "*", "usage", "top");
        if (!top && !route.is("GET", "services", "*", "usage")) {
            return null;
        }
        Product product = InternalAnswer.required(
                catalog.current().product(route.id(1)), InternalAnswer.notFound("service not found"));
        UsageParams params = new UsageParams(product, request, store);
        return top ? top(product, params) : series(product, params);
    }

    // ---- series

    private InternalAnswer series(Product product, UsageParams params) {
        KeyRange keys = params.keys();
        Period period = params.period();
        long until = params.second(UNTIL, usage.now() + 1);
        long since = params.second(SINCE, period.start(until - 1));
        String fault = UsageSpan.fault(period, since, until);
        if (fault != null) {
            return InternalAnswer.badRequest(fault);
        }
        return switch (usage.series(params.owner(), keys, UsageSpan.of(period, since, until))) {
            case UsageAnswer.TooMuch(var most) ->
                InternalAnswer.badRequest("more than " + most
                        + " values (ask for one name or code, a shorter range or a longer period)");
            case UsageAnswer.Table(var span, var series) -> {
                ObjectNode answer = Json.object();
                ObjectNode table = answer.putObject("usage").put("service_id", product.id());
                if (params.appId() != null) {
                    table.put("app_id", params.appId());
                }
                describe(table, period, span.since(), span.until());
                addSeries(table.putArray("series"), product, keys, span, series, params);
                yield InternalAnswer.of(200, answer);
            }
        };
    }

    private static void describe(ObjectNode answer, Period period, long since, long until) {
        answer.put("period", period.wireName());
        if (period != Period.ETERNITY) {
            answer.put("since", Instant.ofEpochSecond(since).toString());
            answer.put("until", Instant.ofEpochSecond(until).toString());
        }
    }

    /// Under `metric=*` every metric of the service has its series, also one of zeros.
    private static void addSeries(
            ArrayNode array, Product product, KeyRange keys, UsageSpan span, List<UsageSeries> series, UsageParams params) {
        if (!keys.equals(KeyRange.METRICS)) {
            for (UsageSeries one : series) {
                String metric = CounterKey.isMetric(one.key()) ? params.metricName() : null;
                add(array, one, metric);
            }
            return;
        }
        Map<Integer, UsageSeries> byKey = new HashMap<>();
        series.forEach(one -> byKey.put(one.key(), one));
        for (Metric metric : product.metrics()) {
            UsageSeries found = byKey.get(metric.number());
            add(array, found != null ? found : new UsageSeries(metric.number(), new long[span.size()]), metric.name());
        }
    }

    private static void add(ArrayNode array, UsageSeries series, @Nullable String metric) {
        ObjectNode one = name(array.addObject(), series.key(), metric);
        one.put("total", series.total());
        ArrayNode values = one.putArray("values");
        for (long value : series.values()) {
            values.add(value);
        }
    }

    private static ObjectNode name(ObjectNode node, int key, @Nullable String metric) {
        if (metric != null) {
            return node.put("metric", metric);
        }
        return KeyRange.STATUSES.contains(key)
                ? node.put("status", CounterKey.code(key))
                : node.put("response_code", CounterKey.code(key));
    }

    // ---- the largest consumers

    private InternalAnswer top(Product product, UsageParams params) {
        int key = params.key();
        Period period = params.period();
        long at = params.second(AT, usage.now());
        int most = params.count(LIMIT, TOP, MOST_TOP);
        if (params.appId() != null) {
            throw new Refusal(InternalAnswer.badRequest("app_id has no meaning here (all applications are compared)"));
        }
        ObjectNode answer = Json.object();
        ObjectNode top = answer.putObject("top").put("service_id", product.id());
        name(top, key, CounterKey.isMetric(key) ? params.metricName() : null);
        describe(top, period, period.start(at), period.end(at));
        ArrayNode applications = top.putArray("applications");
        for (TopApplication application : usage.top(product.id(), key, period, at, most)) {
            applications.addObject()
                    .put("id", application.id())
                    .put("value", application.value())
                    .put("deleted", !application.present());
        }
        return InternalAnswer.of(200, answer);
    }
}
