package io.tollkeeper.meter.internalapi;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;

import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.meter.internalapi.InternalAnswer.Refusal;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `/services/{s}/applications/{id}/keys/`. Blocks.
final class ApplicationKeysResource implements InternalApi.Resource {

    private static final SecureRandom CHANCE = new SecureRandom();
    private static final int GENERATED_BYTES = 16;

    private final CatalogStore store;
    private final CatalogWriter writer;

    ApplicationKeysResource(CatalogStore store, CatalogWriter writer) {
        this.store = store;
        this.writer = writer;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        if (route.is("GET", "services", "*", "applications", "*", "keys")) {
            return list(application(route));
        }
        if (route.is("POST", "services", "*", "applications", "*", "keys")) {
            return add(route, request);
        }
        return route.is("DELETE", "services", "*", "applications", "*", "keys", "*") ? remove(route) : null;
    }

    private Application application(InternalRoute route) {
        return InternalAnswer.required(
                store.application(route.id(1), route.id(3)), ApplicationsResource.notFound());
    }

    private static InternalAnswer list(Application application) {
        ObjectNode answer = Json.object().put("status", "found");
        ArrayNode keys = answer.putArray("application_keys");
        for (String key : new TreeSet<>(application.keys())) {
            keys.addObject()
                    .put("service_id", application.productId())
                    .put("app_id", application.id())
                    .put("value", key);
        }
        return InternalAnswer.of(200, answer);
    }

    private InternalAnswer add(InternalRoute route, InternalRequest request) {
        String given = Json.text(Json.wrapper(request.body(), "application_key"), "value");
        String key = given == null || given.isEmpty() ? generated() : given;
        writer.write(_ -> {
            application(route);
            return List.of(new CatalogChange.ApplicationKeyAdded(route.id(1), route.id(3), key));
        });
        ObjectNode answer = Json.object().put("status", "created");
        answer.putObject("application_key").put("app_id", route.id(3)).put("value", key);
        return InternalAnswer.of(201, answer);
    }

    private static String generated() {
        byte[] bytes = new byte[GENERATED_BYTES];
        CHANCE.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private InternalAnswer remove(InternalRoute route) {
        writer.write(_ -> {
            if (!application(route).keys().contains(route.sent(5))) {
                throw new Refusal(InternalAnswer.notFound("application key not found"));
            }
            return List.of(new CatalogChange.ApplicationKeyRemoved(route.id(1), route.id(3), route.sent(5)));
        });
        return InternalAnswer.word(200, "deleted");
    }
}
