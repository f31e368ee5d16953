package io.tollkeeper.meter.internalapi;

import java.util.List;

import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.meter.internalapi.InternalAnswer.Refusal;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/// `/services/{s}/plans/{p}/usagelimits/{metric}/{period}`. Neither plan nor metric need exist. Limits are checked:
/// a known period and an integer from 0 (specification, section 25, B15). Blocks on writes.
final class UsageLimitsResource implements InternalApi.Resource {

    private final Catalog catalog;
    private final CatalogWriter writer;

    UsageLimitsResource(Catalog catalog, CatalogWriter writer) {
        this.catalog = catalog;
        this.writer = writer;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        if (route.is("GET", "services", "*", "plans", "*", "usagelimits", "*", "*")) {
            UsageLimit found = find(route);
            return found == null
                    ? InternalAnswer.notFound("usagelimit not found")
                    : answer(route, "found", found.max());
        }
        if (route.is("PUT", "services", "*", "plans", "*", "usagelimits", "*", "*")) {
            return save(route, Json.wrapper(request.body(), "usagelimit"));
        }
        return route.is("DELETE", "services", "*", "plans", "*", "usagelimits", "*", "*") ? delete(route) : null;
    }

    private @Nullable UsageLimit find(InternalRoute route) {
        Period period = Period.ofWireName(route.sent(6));
        for (UsageLimit limit : catalog.current().parts(route.id(1)).limits()) {
            if (limit.period() == period
                    && limit.metricId().equals(route.id(5))
                    && limit.planId().equals(route.id(3))) {
                return limit;
            }
        }
        return null;
    }

    private InternalAnswer save(InternalRoute route, ObjectNode given) {
        String name = route.sent(6);
        String text = Json.text(given, name);
        if (text == null) {
            return InternalAnswer.missing(name);
        }
        Period period = Period.ofWireName(name);
        if (period == null) {
            return InternalAnswer.badRequest("period \"" + name
                    + "\" is unknown (expected: minute, hour, day, week, month, year or eternity)");
        }
        long max = integer(name, text);
        writer.write(List.of(new CatalogChange.LimitSaved(
                route.id(1), new UsageLimit(route.id(3), route.id(5), period, max))));
        return answer(route, "modified", max);
    }

    private static long integer(String period, String text) {
        long value = -1;
        try {
            value = Long.parseLong(text.strip());
        } catch (NumberFormatException notANumber) {
            // told below, as are negative ones
        }
        if (value < 0) {
            throw new Refusal(InternalAnswer.badRequest("limit per " + period + ": \"" + text
                    + "\" (expected: an integer from 0 to " + Long.MAX_VALUE + ")"));
        }
        return value;
    }

    private InternalAnswer delete(InternalRoute route) {
        UsageLimit found = find(route);
        if (found != null) {
            writer.write(List.of(
                    new CatalogChange.LimitDeleted(route.id(1), found.planId(), found.metricId(), found.period())));
        }
        return InternalAnswer.word(200, "deleted");
    }

    private static InternalAnswer answer(InternalRoute route, String word, long max) {
        ObjectNode answer = Json.object().put("status", word);
        answer.putObject("usagelimit")
                .put("service_id", route.id(1))
                .put("plan_id", route.id(3))
                .put("metric_id", route.id(5))
                .put(route.sent(6), max);
        return InternalAnswer.of(200, answer);
    }
}
