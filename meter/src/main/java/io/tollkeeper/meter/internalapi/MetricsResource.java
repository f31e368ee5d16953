package io.tollkeeper.meter.internalapi;

import java.util.List;

import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.Identifier;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.usage.Blank;
import io.tollkeeper.meter.internalapi.InternalAnswer.Refusal;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/// `/services/{s}/metrics/{id}`. The service need not exist yet. Blocks on writes.
final class MetricsResource implements InternalApi.Resource {

    private final Catalog catalog;
    private final CatalogWriter writer;

    MetricsResource(Catalog catalog, CatalogWriter writer) {
        this.catalog = catalog;
        this.writer = writer;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        if (route.is("GET", "services", "*", "metrics", "*")) {
            Metric found = InternalAnswer.required(find(catalog.current(), route.id(1), route.id(3)), notFound());
            return answer(200, "found", describe(route.id(1), found.id(), found.parentId(), found.name()));
        }
        if (route.is("POST", "services", "*", "metrics", "*")) {
            return save(route, Json.wrapper(request.body(), "metric"), 201, "created");
        }
        if (route.is("PUT", "services", "*", "metrics", "*")) {
            return save(route, Json.wrapper(request.body(), "metric"), 200, "modified");
        }
        return route.is("DELETE", "services", "*", "metrics", "*") ? delete(route.id(1), route.id(3)) : null;
    }

    private static InternalAnswer notFound() {
        return InternalAnswer.notFound("metric not found");
    }

    static @Nullable Metric find(Catalog.Snapshot now, String serviceId, String id) {
        for (Metric metric : now.parts(serviceId).metrics()) {
            if (metric.id().equals(id)) {
                return metric;
            }
        }
        return null;
    }

    private InternalAnswer save(InternalRoute route, ObjectNode given, int status, String word) {
        String name = Json.text(given, "name");
        String parent = Json.text(given, "parent_id");
        writer.write(now -> {
            Metric before = find(now, route.id(1), route.id(3));
            String newName = name != null ? name : before == null ? null : before.name();
            if (newName == null || Blank.is(newName)) {
                throw new Refusal(InternalAnswer.missing("name"));
            }
            return List.of(new CatalogChange.MetricSaved(
                    route.id(1),
                    new Metric(
                            before == null ? Metric.UNNUMBERED : before.number(),
                            route.id(3),
                            newName,
                            parent != null ? Identifier.normal(parent) : before == null ? null : before.parentId())));
        });
        return answer(status, word, describe(route.id(1), route.id(3), parent, name));
    }

    private static InternalAnswer answer(int status, String word, ObjectNode metric) {
        ObjectNode answer = Json.object().put("status", word);
        answer.set("metric", metric);
        return InternalAnswer.of(status, answer);
    }

    private static ObjectNode describe(
            String serviceId, String id, @Nullable String parentId, @Nullable String name) {
        return Json.object()
                .put("service_id", serviceId)
                .put("id", id)
                .put("parent_id", parentId)
                .put("name", name);
    }

    private InternalAnswer delete(String serviceId, String id) {
        writer.write(now -> {
            InternalAnswer.required(find(now, serviceId, id), notFound());
            return List.of(new CatalogChange.MetricDeleted(serviceId, id));
        });
        return InternalAnswer.word(200, "deleted");
    }
}
