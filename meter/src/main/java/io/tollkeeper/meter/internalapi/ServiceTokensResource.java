package io.tollkeeper.meter.internalapi;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.Identifier;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.catalog.ServiceToken;
import io.tollkeeper.core.usage.Blank;
import io.tollkeeper.meter.internalapi.InternalAnswer.Refusal;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// `/service_tokens/`. Blocks on writes.
final class ServiceTokensResource implements InternalApi.Resource {

    private static final String NAME = "service_tokens";

    private final Catalog catalog;
    private final CatalogWriter writer;

    ServiceTokensResource(Catalog catalog, CatalogWriter writer) {
        this.catalog = catalog;
        this.writer = writer;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        if (route.is("POST", NAME)) {
            return create(given(request));
        }
        if (route.is("DELETE", NAME)) {
            return delete(given(request));
        }
        if (request.method().equals("HEAD") && route.is("GET", NAME, "*", "*")) {
            return InternalAnswer.empty(catalog.current().hasToken(route.id(1), route.id(2)) ? 200 : 404);
        }
        return route.is("GET", NAME, "*", "*", "provider_key") ? providerKey(route.id(1), route.id(2)) : null;
    }

    private static JsonNode given(InternalRequest request) {
        return InternalAnswer.required(
                Json.given(Json.body(request.body()), NAME),
                InternalAnswer.error(400, "missing parameter '" + NAME + "'"));
    }

    private InternalAnswer providerKey(String token, String serviceId) {
        Catalog.Snapshot now = catalog.current();
        Product product = now.hasToken(token, serviceId) ? now.product(serviceId) : null;
        return product == null
                ? InternalAnswer.notFound("token/service combination not found")
                : InternalAnswer.of(
                        200,
                        Json.object()
                                .put("status", "found")
                                .put("provider_key", product.settings().providerKey()));
    }

    private InternalAnswer create(JsonNode tokens) {
        if (!(tokens instanceof ObjectNode all)) {
            return InternalAnswer.badRequest("'" + NAME + "' is not an object");
        }
        List<CatalogChange> changes = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : all.properties()) {
            String token = entry.getKey();
            if (Blank.is(token)) {
                return InternalAnswer.error(422, "error", "Service token cannot be blank");
            }
            if (!(entry.getValue() instanceof ObjectNode about)) {
                return InternalAnswer.badRequest("the value of a service token is not an object");
            }
            String serviceId = Json.text(about, "service_id");
            if (serviceId == null || Blank.is(serviceId)) {
                return InternalAnswer.error(422, "error", "Service ID cannot be blank");
            }
            changes.add(new CatalogChange.TokenSaved(
                    new ServiceToken(Identifier.normal(token), Identifier.normal(serviceId))));
        }
        writer.write(changes);
        return InternalAnswer.word(201, "created");
    }

    private InternalAnswer delete(JsonNode tokens) {
        if (!tokens.isArray()) {
            return InternalAnswer.badRequest("'" + NAME + "' is not a list");
        }
        Set<ServiceToken> named = new LinkedHashSet<>();
        for (JsonNode element : tokens) {
            if (!(element instanceof ObjectNode pair)) {
                throw new Refusal(InternalAnswer.badRequest("an element of '" + NAME + "' is not an object"));
            }
            String token = Json.text(pair, "service_token");
            String serviceId = Json.text(pair, "service_id");
            if (token != null && serviceId != null) {
                named.add(new ServiceToken(Identifier.normal(token), Identifier.normal(serviceId)));
            }
        }
        AtomicInteger count = new AtomicInteger();
        writer.write(now -> {
            List<CatalogChange> changes = new ArrayList<>();
            for (ServiceToken token : named) {
                if (now.hasToken(token.token(), token.productId())) {
                    changes.add(new CatalogChange.TokenDeleted(token));
                }
            }
            count.set(changes.size());
            return changes;
        });
        return InternalAnswer.of(200, Json.object().put("status", "deleted").put("count", count.get()));
    }
}
