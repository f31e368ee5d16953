package io.tollkeeper.meter.internalapi;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.Identifier;
import io.tollkeeper.meter.internalapi.InternalAnswer.Refusal;
import io.tollkeeper.meter.params.Blank;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `/services/{s}/applications/{id}` and `…/batch`. Blocks.
final class ApplicationsResource implements InternalApi.Resource {

    private final CatalogStore store;
    private final CatalogWriter writer;

    ApplicationsResource(CatalogStore store, CatalogWriter writer) {
        this.store = store;
        this.writer = writer;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        if (route.is("PUT", "services", "*", "applications", "batch")) {
            return batch(route.id(1), Json.given(Json.body(request.body()), "applications"));
        }
        if (route.is("GET", "services", "*", "applications", "*")) {
            Application found = InternalAnswer.required(store.application(route.id(1), route.id(3)), notFound());
            return answer(200, "found", describe(found));
        }
        if (route.is("POST", "services", "*", "applications", "*")) {
            return create(route.id(1), route.id(3), Json.wrapper(request.body(), "application"));
        }
        if (route.is("PUT", "services", "*", "applications", "*")) {
            ObjectNode given = Json.wrapper(request.body(), "application");
            boolean existed = save(route.id(1), route.id(3), given);
            return answer(200, existed ? "modified" : "created", echo(route.id(1), route.id(3), given));
        }
        return route.is("DELETE", "services", "*", "applications", "*") ? delete(route.id(1), route.id(3)) : null;
    }

    static InternalAnswer notFound() {
        return InternalAnswer.notFound("application not found");
    }

    private static InternalAnswer answer(int status, String word, ObjectNode application) {
        ObjectNode answer = Json.object().put("status", word);
        answer.set("application", application);
        return InternalAnswer.of(status, answer);
    }

    private InternalAnswer create(String serviceId, String id, ObjectNode given) {
        stateOf(id, given);
        writer.write(_ -> {
            if (store.application(serviceId, id) != null) {
                throw new Refusal(InternalAnswer.error(
                        405, "exists", "application cannot be created, exists already"));
            }
            return List.of(new CatalogChange.ApplicationSaved(merged(serviceId, id, given, null)));
        });
        return answer(201, "created", echo(serviceId, id, given));
    }

    /// Whether the application was there before.
    private boolean save(String serviceId, String id, ObjectNode given) {
        stateOf(id, given);
        boolean[] existed = new boolean[1];
        writer.write(_ -> {
            Application before = store.application(serviceId, id);
            existed[0] = before != null;
            return List.of(new CatalogChange.ApplicationSaved(merged(serviceId, id, given, before)));
        });
        return existed[0];
    }

    private static String stateOf(String id, ObjectNode given) {
        String state = Json.text(given, "state");
        if (state == null || Blank.is(state)) {
            throw new Refusal(
                    InternalAnswer.error(400, "bad_request", "Application with id=\"" + id + "\" has no state"));
        }
        return state;
    }

    /// Attributes that are not given keep their stored values.
    private static Application merged(String serviceId, String id, ObjectNode given, @Nullable Application before) {
        String planId = Json.text(given, "plan_id");
        String planName = Json.text(given, "plan_name");
        String redirectUrl = Json.text(given, "redirect_url");
        return new Application(
                before == null ? Application.UNNUMBERED : before.number(),
                serviceId,
                id,
                stateOf(id, given),
                planId != null ? Identifier.normal(planId) : before == null ? null : before.planId(),
                planName != null ? planName : before == null ? null : before.planName(),
                redirectUrl != null ? redirectUrl : before == null ? null : before.redirectUrl(),
                before == null ? Set.of() : before.keys(),
                before == null ? List.of() : before.referrerFilters());
    }

    private static ObjectNode describe(Application application) {
        return Json.object()
                .put("service_id", application.productId())
                .put("id", application.id())
                .put("state", application.state())
                .put("plan_id", application.planId())
                .put("plan_name", application.planName())
                .put("redirect_url", application.redirectUrl());
    }

    /// What was given; what was not is null, whatever is stored.
    private static ObjectNode echo(String serviceId, String id, ObjectNode given) {
        return Json.object()
                .put("service_id", serviceId)
                .put("id", id)
                .put("state", Json.text(given, "state"))
                .put("plan_id", Json.text(given, "plan_id"))
                .put("plan_name", Json.text(given, "plan_name"))
                .put("redirect_url", Json.text(given, "redirect_url"));
    }

    private InternalAnswer delete(String serviceId, String id) {
        writer.write(_ -> {
            InternalAnswer.required(store.application(serviceId, id), notFound());
            return List.of(new CatalogChange.ApplicationDeleted(serviceId, id));
        });
        return InternalAnswer.word(200, "deleted");
    }

    // ---- batch -----------------------------------------------------------------------------------------------------

    private InternalAnswer batch(String serviceId, @Nullable JsonNode applications) {
        if (applications == null) {
            return InternalAnswer.missing("applications");
        }
        if (!applications.isArray()) {
            return InternalAnswer.badRequest("'applications' is not a list");
        }
        ArrayNode done = Json.object().arrayNode();
        ArrayNode failures = Json.object().arrayNode();
        for (JsonNode element : applications) {
            ObjectNode outcome = one(serviceId, element);
            done.add(outcome);
            if ("error".equals(outcome.get("status").asString())) {
                failures.add(outcome);
            }
        }
        ObjectNode answer = Json.object()
                .put("status", "completed")
                .put("total", done.size())
                .put("successful", done.size() - failures.size())
                .put("failed", failures.size());
        answer.set("applications", done);
        answer.set("failures", failures);
        return InternalAnswer.of(200, answer);
    }

    /// Saves one application of a batch with all that belongs to it, in one transaction.
    private ObjectNode one(String serviceId, JsonNode element) {
        if (!(element instanceof ObjectNode given)) {
            return Json.object().put("status", "error").putNull("id").put("error", "not an object");
        }
        String id = null;
        try {
            String sent = Json.text(given, "id");
            if (sent == null || Blank.is(sent)) {
                return Json.object().put("status", "error").putNull("id").put("error", "missing parameter 'id'");
            }
            id = Identifier.normal(sent);
            return saveOne(serviceId, id, given);
        } catch (Refusal refusal) {
            return Json.object().put("status", "error").put("id", id).put("error", refusal.answer().reason());
        }
    }

    private ObjectNode saveOne(String serviceId, String id, ObjectNode given) {
        stateOf(id, given);
        List<String> keys = texts(given, "application_keys");
        List<String> filters = texts(given, "referrer_filters");
        String userKey = Json.text(given, "user_key");
        boolean[] existed = new boolean[1];
        writer.write(_ -> {
            Application before = store.application(serviceId, id);
            existed[0] = before != null;
            List<CatalogChange> changes = new ArrayList<>();
            changes.add(new CatalogChange.ApplicationSaved(merged(serviceId, id, given, before)));
            if (userKey != null) {
                changes.add(new CatalogChange.UserKeySaved(serviceId, Identifier.normal(userKey), id));
            }
            for (String key : keys) {
                changes.add(new CatalogChange.ApplicationKeyAdded(serviceId, id, key));
            }
            for (String filter : filters) {
                changes.add(new CatalogChange.ReferrerFilterAdded(serviceId, id, filter));
            }
            return changes;
        });
        ObjectNode application = echo(serviceId, id, given).put("user_key", userKey);
        keys.forEach(application.putArray("application_keys")::add);
        filters.forEach(application.putArray("referrer_filters")::add);
        ObjectNode outcome = Json.object().put("status", existed[0] ? "modified" : "created");
        outcome.set("application", application);
        return outcome;
    }

    private static List<String> texts(ObjectNode given, String name) {
        JsonNode list = Json.given(given, name);
        if (list == null) {
            return List.of();
        }
        if (!list.isArray()) {
            throw new Refusal(InternalAnswer.badRequest("'" + name + "' is not a list"));
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode element : list) {
            if (element.isContainer() || element.isNull()) {
                throw new Refusal(InternalAnswer.badRequest("an element of '" + name + "' is not a text"));
            }
            texts.add(element.asString());
        }
        return texts;
    }
}
