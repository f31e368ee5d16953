package io.tollkeeper.meter.internalapi;

import java.util.List;

import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.CatalogStore;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/// `/services/{s}/applications/key/{user_key}` and `/services/{s}/applications/{id}/key/{user_key}`. Blocks.
final class UserKeysResource implements InternalApi.Resource {

    private final CatalogStore store;
    private final CatalogWriter writer;

    UserKeysResource(CatalogStore store, CatalogWriter writer) {
        this.store = store;
        this.writer = writer;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        if (route.is("GET", "services", "*", "applications", "key", "*")) {
            String id = store.applicationIdOfUserKey(route.id(1), route.id(4));
            return id == null ? InternalAnswer.notFound("application key not found") : answer("found", id);
        }
        if (route.is("DELETE", "services", "*", "applications", "key", "*")) {
            writer.write(List.of(new CatalogChange.UserKeyDeleted(route.id(1), route.id(4))));
            return InternalAnswer.word(200, "deleted");
        }
        if (route.is("PUT", "services", "*", "applications", "*", "key", "*")) {
            writer.write(List.of(new CatalogChange.UserKeySaved(route.id(1), route.id(5), route.id(3))));
            return answer("modified", route.id(3));
        }
        return null;
    }

    private static InternalAnswer answer(String word, String applicationId) {
        ObjectNode answer = Json.object().put("status", word);
        answer.putObject("application").put("id", applicationId);
        return InternalAnswer.of(200, answer);
    }
}
