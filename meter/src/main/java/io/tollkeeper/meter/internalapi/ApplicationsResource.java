package io.tollkeeper.meter.internalapi;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.Identifier;
import io.tollkeeper.core.usage.Blank;
import io.tollkeeper.meter.internalapi.InternalAnswer.Refusal;
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

    /// One application of a batch as it was read: what is wrong with it, or what to save.
    private record Item(@Nullable String id, @Nullable String fault, @Nullable ToSave save) {

        static Item faulty(@Nullable String id, String fault) {
            return new Item(id, fault, null);
        }
    }

    private record ToSave(
            String id, ObjectNode given, @Nullable String userKey, List<String> keys, List<String> filters) {}

    /// Saves what is right of a batch in one transaction. An application is saved with all that belongs to it or not at
    /// all; the original leaves the part before the mistake.
    private InternalAnswer batch(String serviceId, @Nullable JsonNode applications) {
        if (applications == null) {
            return InternalAnswer.missing("applications");
        }
        if (!applications.isArray()) {
            return InternalAnswer.badRequest("'applications' is not a list");
        }
        List<Item> items = new ArrayList<>();
        for (JsonNode element : applications) {
            items.add(read(element));
        }
        Set<Item> modified = Collections.newSetFromMap(new IdentityHashMap<>());
        writer.write(_ -> changes(serviceId, items, modified));
        return batchAnswer(serviceId, items, modified);
    }

    private static Item read(JsonNode element) {
        if (!(element instanceof ObjectNode given)) {
            return Item.faulty(null, "not an object");
        }
        String id = null;
        try {
            String sent = Json.text(given, "id");
            if (sent == null || Blank.is(sent)) {
                return Item.faulty(null, "missing parameter 'id'");
            }
            id = Identifier.normal(sent);
            stateOf(id, given);
            String userKey = Json.text(given, "user_key");
            return new Item(
                    id,
                    null,
                    new ToSave(
                            id,
                            given,
                            userKey == null || Blank.is(userKey) ? null : Identifier.normal(userKey),
                            texts(given, "application_keys", "application key can't be blank"),
                            texts(given, "referrer_filters", "referrer filter can't be blank")));
        } catch (Refusal refusal) {
            return Item.faulty(id, refusal.answer().reason());
        }
    }

    /// The changes that save all items that are right; `modified` gets those whose application was there before.
    private List<CatalogChange> changes(String serviceId, List<Item> items, Set<Item> modified) {
        List<CatalogChange> changes = new ArrayList<>();
        Map<String, Application> sofar = new HashMap<>();
        for (Item item : items) {
            ToSave save = item.save();
            if (save == null) {
                continue;
            }
            Application before = sofar.get(save.id());
            if (before == null) {
                before = store.application(serviceId, save.id());
            }
            if (before != null) {
                modified.add(item);
            }
            Application saved = merged(serviceId, save.id(), save.given(), before);
            sofar.put(save.id(), saved);
            changes.add(new CatalogChange.ApplicationSaved(saved));
            if (save.userKey() != null) {
                changes.add(new CatalogChange.UserKeySaved(serviceId, save.userKey(), save.id()));
            }
            for (String key : save.keys()) {
                changes.add(new CatalogChange.ApplicationKeyAdded(serviceId, save.id(), key));
            }
            for (String filter : save.filters()) {
                changes.add(new CatalogChange.ReferrerFilterAdded(serviceId, save.id(), filter));
            }
        }
        return changes;
    }

    private static InternalAnswer batchAnswer(String serviceId, List<Item> items, Set<Item> modified) {
        ArrayNode done = Json.object().arrayNode();
        ArrayNode failures = Json.object().arrayNode();
        for (Item item : items) {
            ObjectNode outcome = outcome(serviceId, item, modified.contains(item));
            done.add(outcome);
            if (item.save() == null) {
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

    private static ObjectNode outcome(String serviceId, Item item, boolean modified) {
        ToSave save = item.save();
        if (save == null) {
            return Json.object().put("status", "error").put("id", item.id()).put("error", item.fault());
        }
        ObjectNode application = echo(serviceId, save.id(), save.given()).put("user_key", Json.text(save.given(), "user_key"));
        save.keys().forEach(application.putArray("application_keys")::add);
        save.filters().forEach(application.putArray("referrer_filters")::add);
        ObjectNode outcome = Json.object().put("status", modified ? "modified" : "created");
        outcome.set("application", application);
        return outcome;
    }

    private static List<String> texts(ObjectNode given, String name, String blank) {
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
            String text = element.asString();
            if (Blank.is(text)) {
                throw new Refusal(InternalAnswer.badRequest(blank));
            }
            if (text.indexOf('\0') >= 0) {
                throw new Refusal(InternalAnswer.badRequest("an element of '" + name + "' contains a NUL character"));
            }
            texts.add(text);
        }
        return texts;
    }
}
