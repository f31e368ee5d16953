package io.tollkeeper.meter.internalapi;

import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.Identifier;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.catalog.ProductSettings;
import io.tollkeeper.core.usage.Blank;
import io.tollkeeper.meter.internalapi.InternalAnswer.Refusal;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/// `/services/{id}` and `/services/change_provider_key/{key}`. Blocks on writes.
final class ServicesResource implements InternalApi.Resource {

    private final Catalog catalog;
    private final CatalogWriter writer;

    ServicesResource(Catalog catalog, CatalogWriter writer) {
        this.catalog = catalog;
        this.writer = writer;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        if (route.is("PUT", "services", "change_provider_key", "*")) {
            return changeProviderKey(route.sent(2), Json.text(Json.body(request.body()), "new_key"));
        }
        if (route.is("POST", "services")) {
            ObjectNode given = Json.wrapper(request.body(), "service");
            return saved(201, "created", save(idOf(given), given, false));
        }
        if (route.is("PUT", "services", "*")) {
            ObjectNode given = Json.wrapper(request.body(), "service");
            String bodyId = Json.text(given, "id");
            if (bodyId != null && !Identifier.normal(bodyId).equals(route.id(1))) {
                return InternalAnswer.badRequest(
                        "the path names service \"" + route.sent(1) + "\", the body \"" + bodyId + "\"");
            }
            return saved(200, "ok", save(route.id(1), given, true));
        }
        if (route.is("GET", "services", "*")) {
            Catalog.Snapshot now = catalog.current();
            Product product = now.product(route.id(1));
            ObjectNode found = Json.object().put("status", "found");
            return product == null
                    ? InternalAnswer.error(404, "not_found")
                    : InternalAnswer.of(200, found.set("service", describe(now, product)));
        }
        return route.is("DELETE", "services", "*") ? delete(route.sent(1), route.id(1)) : null;
    }

    private static String idOf(ObjectNode given) {
        String id = Json.text(given, "id");
        if (id == null || Blank.is(id)) {
            throw new Refusal(InternalAnswer.missing("id"));
        }
        return Identifier.normal(id);
    }

    /// Saves what was given; with `partial`, over what is there.
    private String save(String id, ObjectNode given, boolean partial) {
        writer.write(now -> {
            Product existing = now.product(id);
            ProductSettings before = existing == null || !partial ? null : existing.settings();
            String key = Json.text(given, "provider_key");
            if (key == null && before != null) {
                key = before.providerKey();
            }
            if (key == null || Blank.is(key)) {
                throw new Refusal(InternalAnswer.missing("provider_key"));
            }
            key = Identifier.normal(key);
            List<CatalogChange> changes = new ArrayList<>();
            changes.add(new CatalogChange.ProductSaved(merged(id, key, given, before)));
            defaultProduct(now, id, key, given, existing, changes);
            return changes;
        });
        return id;
    }

    private static ProductSettings merged(String id, String key, ObjectNode given, @Nullable ProductSettings before) {
        String version = Json.text(given, "backend_version");
        String state = Json.text(given, "state");
        Boolean filters = Json.flag(given, "referrer_filters_required");
        return new ProductSettings(
                before == null ? ProductSettings.UNNUMBERED : before.number(),
                id,
                key,
                version == null && before != null ? before.backendVersion() : version,
                state == null ? before == null || before.active() : state.equals("active"),
                filters == null ? before != null && before.referrerFiltersRequired() : filters);
    }

    /// The first service of a provider key becomes its default, and one that asks for it; nobody can stop being it.
    private static void defaultProduct(
            Catalog.Snapshot now,
            String id,
            String key,
            ObjectNode given,
            @Nullable Product existing,
            List<CatalogChange> changes) {
        Boolean wanted = Json.flag(given, "default_service");
        String current = now.defaultProductId(key);
        if (current == null || wanted != null && wanted && !current.equals(id)) {
            changes.add(new CatalogChange.DefaultProductSet(key, id));
        }
        if (existing != null) {
            String oldKey = existing.settings().providerKey();
            if (!oldKey.equals(key) && id.equals(now.defaultProductId(oldKey))) {
                changes.add(new CatalogChange.DefaultProductRemoved(oldKey, id));
            }
        }
    }

    private InternalAnswer saved(int status, String word, String id) {
        Catalog.Snapshot now = catalog.current();
        Product product = InternalAnswer.required(
                now.product(id), InternalAnswer.error(409, "error", "service \"" + id + "\" was deleted meanwhile"));
        ObjectNode answer = Json.object();
        answer.set("service", describe(now, product));
        return InternalAnswer.of(status, answer.put("status", word));
    }

    private static ObjectNode describe(Catalog.Snapshot now, Product product) {
        ProductSettings settings = product.settings();
        return Json.object()
                .put("id", settings.id())
                .put("state", settings.active() ? "active" : "suspended")
                .put("provider_key", settings.providerKey())
                .put("backend_version", settings.backendVersion())
                .put("referrer_filters_required", settings.referrerFiltersRequired())
                .put("default_service", settings.id().equals(now.defaultProductId(settings.providerKey())));
    }

    private InternalAnswer delete(String sent, String id) {
        writer.write(now -> {
            Product product = InternalAnswer.required(
                    now.product(id), InternalAnswer.notFound("service id \"" + sent + "\" is invalid"));
            String key = product.settings().providerKey();
            boolean isDefault = id.equals(now.defaultProductId(key));
            if (isDefault && now.productIds(key).size() > 1) {
                throw new Refusal(InternalAnswer.error(
                        400, "Service id=\"" + sent + "\" is the default service, cannot be removed"));
            }
            List<CatalogChange> changes = new ArrayList<>();
            changes.add(new CatalogChange.ProductDeleted(id));
            if (isDefault) {
                changes.add(new CatalogChange.DefaultProductRemoved(key, id));
            }
            return changes;
        });
        return InternalAnswer.word(200, "deleted");
    }

    private InternalAnswer changeProviderKey(String sent, @Nullable String newKey) {
        if (newKey == null || Blank.is(newKey) || newKey.equals(sent)) {
            return InternalAnswer.error(400, "Provider keys are not valid, must be not nil and different");
        }
        String from = Identifier.normal(sent);
        String to = Identifier.normal(newKey);
        writer.write(now -> {
            if (now.productIds(from).isEmpty()) {
                throw new Refusal(InternalAnswer.error(400, "Provider key=\"" + sent + "\" does not exist"));
            }
            if (!now.productIds(to).isEmpty()) {
                throw new Refusal(InternalAnswer.error(400, "Provider key=\"" + newKey + "\" already exists"));
            }
            String byDefault = now.defaultProductId(from);
            String product = byDefault != null ? byDefault : now.productIds(from).iterator().next();
            return List.of(new CatalogChange.ProviderKeyChanged(from, to, product));
        });
        return InternalAnswer.word(200, "ok");
    }
}
