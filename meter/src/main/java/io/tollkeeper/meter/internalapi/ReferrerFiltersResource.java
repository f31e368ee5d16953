package io.tollkeeper.meter.internalapi;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.TreeSet;

import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.usage.Blank;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `/services/{s}/applications/{id}/referrer_filters`. Blocks.
final class ReferrerFiltersResource implements InternalApi.Resource {

    private final CatalogStore store;
    private final CatalogWriter writer;

    ReferrerFiltersResource(CatalogStore store, CatalogWriter writer) {
        this.store = store;
        this.writer = writer;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        if (route.is("GET", "services", "*", "applications", "*", "referrer_filters")) {
            ObjectNode answer = Json.object().put("status", "found");
            ArrayNode filters = answer.putArray("referrer_filters");
            new TreeSet<>(application(route).referrerFilters()).forEach(filters::add);
            return InternalAnswer.of(200, answer);
        }
        if (route.is("POST", "services", "*", "applications", "*", "referrer_filters")) {
            return add(route, Json.text(Json.body(request.body()), "referrer_filter"));
        }
        return route.is("DELETE", "services", "*", "applications", "*", "referrer_filters", "*")
                ? remove(route)
                : null;
    }

    private Application application(InternalRoute route) {
        return InternalAnswer.required(
                store.application(route.id(1), route.id(3)), ApplicationsResource.notFound());
    }

    private InternalAnswer add(InternalRoute route, @Nullable String filter) {
        if (filter == null || Blank.is(filter)) {
            application(route);
            return InternalAnswer.error(400, "referrer filter can't be blank");
        }
        writer.write(_ -> {
            application(route);
            return List.of(new CatalogChange.ReferrerFilterAdded(route.id(1), route.id(3), filter));
        });
        return InternalAnswer.of(201, Json.object().put("status", "created").put("referrer_filter", filter));
    }

    private InternalAnswer remove(InternalRoute route) {
        String plain = route.sent(5);
        writer.write(_ -> {
            // Some plain texts are valid Base64 of something else: what is stored decides.
            List<String> stored = application(route).referrerFilters();
            String decoded = decoded(plain);
            String filter = !stored.contains(decoded) && stored.contains(plain) ? plain : decoded;
            return List.of(new CatalogChange.ReferrerFilterRemoved(route.id(1), route.id(3), filter));
        });
        return InternalAnswer.word(200, "deleted");
    }

    /// URL-safe Base64, or the plain text if it is not that.
    private static String decoded(String sent) {
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(sent);
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (IllegalArgumentException | CharacterCodingException plain) {
            return sent;
        }
    }
}
