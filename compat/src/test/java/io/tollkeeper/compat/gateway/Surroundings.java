package io.tollkeeper.compat.gateway;

import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

import io.tollkeeper.testkit.FreePort;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Everything around a gateway: two upstreams, a Service Management API and a portal, which answer as those of the
/// recordings' own runner do (`run.py` there, `README.md` beside it). What they receive is kept. One per case.
final class Surroundings implements AutoCloseable {

    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String OK = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><status><authorized>true</authorized><plan>Basic</plan></status>";
    private static final Pattern STATUS = Pattern.compile("/status/(\\d+)");
    private static final Pattern FLAKY = Pattern.compile("/flaky/(\\d+)");
    private static final Pattern SLOW = Pattern.compile("/slow/(\\d+)");
    private static final Pattern LIST = Pattern.compile("(/admin/api/account/proxy_configs|/custom)/\\w+\\.json");
    private static final Pattern PINNED = Pattern.compile("/admin/api/services/(\\d+)/proxy/configs/(\\w+)/(\\w+)\\.json");

    private final List<Received> received = new ArrayList<>();
    private final Map<String, AtomicInteger> counts = new ConcurrentHashMap<>();
    private final StubServer upstream1;
    private final StubServer upstream2;
    private final StubServer backend;
    private final StubServer portal;
    private final String closed = "127.0.0.1:" + FreePort.find();
    private final JsonNode services;
    private final int gatewayPort;
    private volatile int portalFails;

    Surroundings(JsonNode services, int gatewayPort) throws IOException {
        this.services = services;
        this.gatewayPort = gatewayPort;
        upstream1 = new StubServer("upstream-1", this::upstream);
        upstream2 = new StubServer("upstream-2", this::upstream);
        backend = new StubServer("backend", this::backend);
        portal = new StubServer("portal", this::portal);
    }

    /// Puts addresses in place of their names.
    String fill(String text) {
        try {
            return text.replace("@UPSTREAM1@", upstream1.address()).replace("@UPSTREAM2@", upstream2.address())
                    .replace("@BACKEND@", backend.address()).replace("@PORTAL@", portal.address())
                    .replace("@CLOSED_PORT@", closed).replace("@GATEWAY_PORT@", Integer.toString(gatewayPort))
                    .replace("@GATEWAY@", "127.0.0.1:" + gatewayPort).replace("@HOSTNAME@", InetAddress.getLocalHost().getHostName());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /// From now on the portal answers this status; 0 for what is right.
    void portalFails(int status) {
        portalFails = status;
    }

    /// What came since the last time this was asked.
    synchronized List<Received> taken() {
        var taken = List.copyOf(received);
        received.clear();
        return taken;
    }

    private synchronized void keep(Received request) {
        received.add(request);
    }

    synchronized long count(String who) {
        return received.stream().filter(one -> one.who().equals(who)).count();
    }

    private int next(String key) {
        return counts.computeIfAbsent(key, _ -> new AtomicInteger()).incrementAndGet();
    }

    // ---- upstreams

    private @Nullable String upstream(Received request) {
        keep(request);
        var path = request.path();
        boolean head = request.method().equals("HEAD");
        var plain = List.of("Content-Type: text/plain");
        if (path.startsWith("http://")) {
            int slash = path.indexOf('/', "http://".length());
            path = slash < 0 ? "/" : path.substring(slash);
        }
        var status = STATUS.matcher(path);
        if (status.find()) {
            return StubServer.answer(Integer.parseInt(status.group(1)), plain, "upstream says " + status.group(1) + "\n", head);
        }
        var flaky = FLAKY.matcher(path);
        if (flaky.find()) {
            int count = next(request.target());
            return count <= Integer.parseInt(flaky.group(1)) ? null
                    : StubServer.answer(200, plain, "after " + (count - 1) + " failures\n", head);
        }
        var slow = SLOW.matcher(path);
        if (slow.find()) {
            rest(Integer.parseInt(slow.group(1)));
            return StubServer.answer(200, plain, "slow\n", false);
        }
        if (path.endsWith("/big")) {
            return StubServer.answer(200, plain, "x".repeat(5000), head);
        }
        if (path.endsWith("/headers-out")) {
            return StubServer.answer(200, List.of("Content-Type: text/plain", "X-Up: one", "X-Del: gone", "Set-Cookie: a=1",
                    "Set-Cookie: b=2", "Cache-Control: max-age=5"), "h\n", head);
        }
        if (path.endsWith("/count")) {
            return StubServer.answer(200, plain, "call " + next(request.target()) + "\n", false);
        }
        var json = JSON.createObjectNode().put("upstream", request.who()).put("method", request.method()).put("uri", request.target());
        // as Python writes it: the recorded lengths are those of this spelling
        var text = "{\"upstream\": " + json.get("upstream") + ", \"method\": " + json.get("method") + ", \"uri\": " + json.get("uri") + "}\n";
        return StubServer.answer(200, List.of("Content-Type: application/json"), text, head);
    }

    private static void rest(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- service management

    private @Nullable String backend(Received request) {
        keep(request);
        var values = Received.lastOf(request.query());
        var key = values.getOrDefault("user_key", values.getOrDefault("app_id", ""));
        if (key.isEmpty()) {
            key = values.getOrDefault("app_id", "");
        }
        int nth = next("backend" + key) - 1;
        var xml = "Content-Type: application/vnd.3scale-v2.0+xml";
        if (failsNow(key, "drop", "flipdrop", nth)) {
            return null;
        }
        if (request.path().endsWith("/transactions.xml")) {
            return StubServer.answer(202, List.of(), "", false);
        }
        boolean limits = key.contains("hdr");
        if (failsNow(key, "bad", "flip403", nth)) {
            return StubServer.answer(403, List.of(xml), error("user_key_invalid", "user key \"" + key + "\" is invalid"), false);
        }
        if (failsNow(key, "limits", "fliplimits", nth)) {
            var headers = new ArrayList<>(List.of(xml, "3scale-rejection-reason: limits_exceeded"));
            if (limits) {
                headers.addAll(List.of("3scale-limit-reset: 17", "3scale-limit-max-value: 10", "3scale-limit-remaining: 0"));
            }
            return StubServer.answer(409, headers, denied("usage limits are exceeded"), false);
        }
        if (key.startsWith("noreason")) {
            return StubServer.answer(409, List.of(xml), denied("application is not active"), false);
        }
        if (key.startsWith("notfound")) {
            return StubServer.answer(404, List.of(xml), error("application_not_found", "application with id=\"notfound\" was not found"), false);
        }
        if (failsNow(key, "err", "fliperr", nth)) {
            return StubServer.answer(500, List.of("Content-Type: text/plain"), "boom", false);
        }
        var headers = new ArrayList<>(List.of(xml));
        if (limits) {
            headers.addAll(List.of("3scale-limit-reset: 17", "3scale-limit-max-value: 10", "3scale-limit-remaining: " + (9 - nth)));
        }
        return StubServer.answer(200, headers, OK, false);
    }

    /// Keys that begin with `always` fail always, those that begin with `later` from the second call on.
    private static boolean failsNow(String key, String always, String later, int nth) {
        return key.startsWith(always) || key.startsWith(later) && nth > 0;
    }

    private static String error(String code, String text) {
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><error code=\"" + code + "\">" + text + "</error>";
    }

    private static String denied(String reason) {
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><status><authorized>false</authorized><reason>" + reason
                + "</reason><plan>Basic</plan></status>";
    }

    // ---- portal

    private String portal(Received request) {
        keep(request);
        if (portalFails != 0) {
            return json(portalFails, "{\"error\":\"x\"}");
        }
        var path = request.path();
        var host = Received.lastOf(request.query()).getOrDefault("host", "");
        if (LIST.matcher(path).matches()) {
            var all = JSON.createArrayNode();
            services.forEach(service -> {
                if (host.isEmpty() || service.path("proxy").path("hosts").valueStream().anyMatch(one -> one.stringValue().equals(host))) {
                    all.add(wrapped(service));
                }
            });
            return json(200, JSON.createObjectNode().set("proxy_configs", all).toString());
        }
        if (path.equals("/admin/api/services.json")) {
            var all = JSON.createArrayNode();
            services.forEach(service -> {
                int id = service.path("id").intValue();
                all.add(JSON.createObjectNode().set("service",
                        JSON.createObjectNode().put("id", id).put("name", "n").put("system_name", "s" + id)));
            });
            return json(200, JSON.createObjectNode().set("services", all).toString());
        }
        var pinned = PINNED.matcher(path);
        if (pinned.matches()) {
            int id = Integer.parseInt(pinned.group(1));
            return services.valueStream().filter(service -> service.path("id").intValue() == id).findFirst()
                    .map(service -> json(200, wrapped(service).toString())).orElseGet(() -> json(404, "{\"error\":\"Not found\"}"));
        }
        return switch (path) {
            case "/realm/.well-known/openid-configuration" -> json(200, "{\"issuer\":\"http://@PORTAL@/realm\",\"jwks_uri\":"
                    + "\"http://@PORTAL@/realm/jwks\",\"id_token_signing_alg_values_supported\":[\"RS256\"],\"token_endpoint\":\"x\"}");
            case "/realm/jwks" -> json(200, "{\"keys\":[]}");
            default -> json(404, "{}");
        };
    }

    private static JsonNode wrapped(JsonNode service) {
        var config = JSON.createObjectNode().put("id", 900 + service.path("id").intValue()).put("version", 3).put("environment", "production");
        config.set("content", service);
        return JSON.createObjectNode().set("proxy_config", config);
    }

    private String json(int status, String text) {
        return StubServer.answer(status, List.of("Content-Type: application/json; charset=utf-8"), fill(text), false);
    }

    @Override
    public void close() throws IOException {
        upstream1.close();
        upstream2.close();
        backend.close();
        portal.close();
    }
}
