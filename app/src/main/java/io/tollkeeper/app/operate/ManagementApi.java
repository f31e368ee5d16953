package io.tollkeeper.app.operate;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.app.declaration.Declared;
import io.tollkeeper.app.declaration.DocumentText;
import io.tollkeeper.app.operate.LiveConfiguration.Outcome;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.http.Resolver;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// What the management API says and does, as 3scale's gateway has it (gateway specification, section 13). Called on
/// virtual threads; may block.
public final class ManagementApi {
    private static final JsonMapper JSON = JsonMapper.shared();
    static final String JSON_TYPE = "application/json; charset=utf-8";
    static final String TEXT_TYPE = "text/plain";

    private final LiveConfiguration live;
    private final List<String> policies;
    private final Supplier<List<Resolver.Known>> names;
    private volatile boolean deleted;

    /// @param policies names of those that a product may have
    /// @param names    what is known of names
    public ManagementApi(LiveConfiguration live, List<String> policies, Supplier<List<Resolver.Known>> names) {
        this.live = live;
        this.policies = List.copyOf(policies);
        this.names = names;
    }

    /// An answer.
    record Said(int status, String type, String body) {}

    /// Whether somebody deleted the configuration and none came since.
    public boolean isDeleted() {
        return deleted;
    }

    Said info() {
        return json(200, Map.of("timers", Map.of("pending", 0, "running", 0), "worker", Map.of("exiting", false, "count", 1, "id", 0)));
    }

    Said policies() {
        var manifests = new LinkedHashMap<String, Object>();
        policies.stream().sorted().forEach(name -> manifests.put(name, List.of(Map.of("name", name, "version", "builtin"))));
        return json(200, Map.of("policies", manifests));
    }

    Said dnsCache() {
        var entries = new ArrayList<Map<String, Object>>();
        for (var known : names.get()) {
            var entry = new LinkedHashMap<String, Object>();
            entry.put("name", known.name());
            entry.put("addresses", known.addresses());
            entry.put("ttl", known.secondsLeft());
            if (known.failure() != null) {
                entry.put("failure", known.failure());
            }
            entries.add(entry);
        }
        return json(200, entries);
    }

    Said config() {
        return new Said(200, JSON_TYPE, deleted ? "null" : document());
    }

    /// The document in force, as it was written.
    private String document() {
        var text = new StringBuilder("{\"services\":[");
        var separator = "";
        for (var product : live.current().declared().products()) {
            var original = product.original();
            text.append(separator).append(original != null ? original.text()
                    : JSON.writeValueAsString(Map.of("id", product.id(), "system_name", product.proxy().systemName())));
            separator = ",";
        }
        return text.append("]}").toString();
    }

    /// Puts a document into force until the source says otherwise.
    Said replace(byte[] body) {
        String text;
        try {
            text = JSON.writeValueAsString(JSON.readTree(body));
        } catch (JacksonException e) {
            return failed(400, e.getOriginalMessage() == null ? "unreadable" : e.getOriginalMessage().lines().findFirst().orElse("unreadable"));
        }
        var document = new DocumentText("the management API", text.getBytes(StandardCharsets.UTF_8));
        return switch (live.current().declaring(List.of(document), List.of(), live.current().declared())) {
            case Loaded.Bad(var findings) -> failed(400, LiveConfiguration.text(findings));
            case Loaded.Good(var good) -> replaced(good.declared(), good.warnings(), text);
        };
    }

    private Said replaced(Declared products, List<Finding> warnings, String text) {
        if (live.replace(products, warnings) instanceof Outcome.Refused(var findings)) {
            return failed(400, LiveConfiguration.text(findings));
        }
        int count = products.products().size();
        deleted = count == 0;
        return new Said(count == 0 ? 406 : 200, JSON_TYPE,
                "{\"status\":\"" + (count == 0 ? "not_configured" : "ok") + "\",\"config\":" + text + ",\"services\":" + count + "}");
    }

    Said delete() {
        live.replace(new Declared(List.of(), false), List.of());
        deleted = true;
        return new Said(200, JSON_TYPE, "{\"status\":\"ok\",\"config\":null}");
    }

    /// Loads from the source.
    Said boot() {
        return switch (live.reload()) {
            case Outcome.Taken _ -> {
                deleted = false;
                yield new Said(200, TEXT_TYPE, "{\"status\":\"ok\",\"config\":" + document() + "}");
            }
            case Outcome.Refused(var findings) -> failed(503, LiveConfiguration.text(findings));
        };
    }

    private static Said failed(int status, @Nullable String why) {
        var body = new LinkedHashMap<String, @Nullable Object>();
        body.put("status", "error");
        body.put("config", null);
        body.put("error", why);
        return json(status, body);
    }

    private static Said json(int status, Object body) {
        return new Said(status, JSON_TYPE, JSON.writeValueAsString(body));
    }
}
