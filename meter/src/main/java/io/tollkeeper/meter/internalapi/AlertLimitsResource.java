package io.tollkeeper.meter.internalapi;

import java.util.List;

import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.event.AlertBins;
import io.tollkeeper.meter.internalapi.InternalAnswer.Refusal;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `/services/{s}/alert_limits/`: the utilizations at which a product asks for alerts. The product need not exist.
/// Blocks on writes.
final class AlertLimitsResource implements InternalApi.Resource {

    private final Catalog catalog;
    private final CatalogWriter writer;

    AlertLimitsResource(Catalog catalog, CatalogWriter writer) {
        this.catalog = catalog;
        this.writer = writer;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        if (route.is("GET", "services", "*", "alert_limits")) {
            ObjectNode answer = Json.object().put("status", "found");
            ArrayNode limits = answer.putArray("alert_limits");
            for (int percent : AlertBins.values(catalog.current().parts(route.id(1)).alertBins())) {
                limits.addObject().put("service_id", route.id(1)).put("value", percent);
            }
            return InternalAnswer.of(200, answer);
        }
        if (route.is("POST", "services", "*", "alert_limits")) {
            return add(route, Json.body(request.body()));
        }
        return route.is("DELETE", "services", "*", "alert_limits", "*") ? remove(route) : null;
    }

    private InternalAnswer add(InternalRoute route, ObjectNode body) {
        int percent = body.get("alert_limit") instanceof ObjectNode given ? percent(Json.text(given, "value")) : -1;
        if (AlertBins.indexOf(percent) == AlertBins.NONE) {
            return invalid();
        }
        writer.write(before -> {
            if ((before.parts(route.id(1)).alertBins() & AlertBins.mask(percent)) != 0) {
                throw new Refusal(invalid());
            }
            return List.of(new CatalogChange.AlertLimitAdded(route.id(1), percent));
        });
        ObjectNode answer = Json.object().put("status", "created");
        answer.putObject("alert_limit").put("service_id", route.id(1)).put("value", percent);
        return InternalAnswer.of(201, answer);
    }

    private InternalAnswer remove(InternalRoute route) {
        int percent = percent(route.sent(3));
        writer.write(before -> {
            if ((before.parts(route.id(1)).alertBins() & AlertBins.mask(percent)) == 0) {
                throw new Refusal(InternalAnswer.notFound("alert limit not found"));
            }
            return List.of(new CatalogChange.AlertLimitRemoved(route.id(1), percent));
        });
        return InternalAnswer.word(200, "deleted");
    }

    /// A number, or −1, which is no bin.
    private static int percent(@Nullable String text) {
        try {
            return text == null ? -1 : Integer.parseInt(text.strip());
        } catch (NumberFormatException notANumber) {
            return -1;
        }
    }

    private static InternalAnswer invalid() {
        return InternalAnswer.error(400, "alert limit is invalid");
    }
}
