package io.tollkeeper.compat.gateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import io.tollkeeper.compat.program.GatewayInProcess;
import io.tollkeeper.testkit.FreePort;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Plays one recorded case against a gateway of its own. Blocks.
final class GatewayReplay {

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration REST = Duration.ofMillis(30);
    private static final Duration LONG_REST = Duration.ofMillis(500);

    private final JsonNode recorded;
    private final JsonNode portalServices;
    private final Path folder;
    private final Set<Integer> differing;

    /// @param differing requests that are known to differ: for calls that they lack nobody waits
    GatewayReplay(JsonNode recorded, JsonNode portalServices, Path folder, Set<Integer> differing) {
        this.recorded = recorded;
        this.portalServices = portalServices;
        this.folder = folder;
        this.differing = differing;
    }

    /// A difference and the number of its request, 0 for the start.
    record Found(int request, String text) {}

    List<Found> run() throws IOException, InterruptedException {
        var ports = new GatewayInProcess.Ports(FreePort.find(), FreePort.find(), FreePort.find());
        var found = new ArrayList<Found>();
        try (var around = new Surroundings(portalServices, ports.gateway())) {
            around.portalFails(recorded.path("portal_fails_at_start").asInt(0));
            try (var gateway = start(around, ports)) {
                boolean wanted = recorded.path("started").asBoolean(true);
                if (wanted != (gateway != null)) {
                    return List.of(new Found(0, "gateway " + (gateway == null ? "did not start" : "started")));
                }
                start(around, found);
                int number = 0;
                for (var request : recorded.path("requests")) {
                    exchange(request, ++number, around, ports, found);
                }
                var late = around.taken().stream().filter(one -> one.who().equals("backend")).map(Received::path).toList();
                if (!late.isEmpty()) {
                    found.add(new Found(number, "service management was called afterwards: " + late));
                }
            }
        }
        return found;
    }

    private @Nullable GatewayInProcess start(Surroundings around, GatewayInProcess.Ports ports) throws IOException {
        var environment = new HashMap<String, String>();
        recorded.path("env").properties().forEach(one -> environment.put(one.getKey(), around.fill(one.getValue().stringValue())));
        if (!recorded.path("config").isNull()) {
            var file = folder.resolve("config.json");
            Files.writeString(file, around.fill(recorded.path("config").toString()));
            environment.put("THREESCALE_CONFIG_FILE", file.toString());
        }
        environment.putIfAbsent("APICAST_CONFIGURATION_CACHE", "300");
        return GatewayInProcess.start(Files.createTempDirectory(folder, "data"), environment, ports);
    }

    /// Providers of tokens are asked in the background: the recordings, too, waited a moment after the start.
    private void start(Surroundings around, List<Found> found) throws InterruptedException {
        long expected = recorded.path("portal_saw_at_start").valueStream().map(call -> call.path("path").stringValue()).distinct().count();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!differing.contains(0) && around.count("portal") < expected && System.nanoTime() < deadline) {
            Thread.sleep(5);
        }
        var calls = around.taken();
        if (recorded.has("portal_saw_at_start")) {
            var differences = new Differences(around);
            differences.portal("at start", recorded.path("portal_saw_at_start"), of("portal", calls), true);
            differences.found().forEach(text -> found.add(new Found(0, text)));
        }
    }

    private void exchange(JsonNode request, int number, Surroundings around, GatewayInProcess.Ports ports, List<Found> found)
            throws IOException, InterruptedException {
        Thread.sleep((long) (request.path("sleep_before").asDouble(0) * 1000));
        if (request.has("portal_fail")) {
            around.portalFails(request.path("portal_fail").asInt(0));
        }
        var differences = new Differences(around);
        var late = of("backend", around.taken());
        if (!late.isEmpty()) {
            differences.add("service management was called before, after the answer: " + late);
        }
        int port = switch (request.path("port").stringValue("")) {
            case "management" -> ports.management();
            case "metrics" -> ports.metrics();
            default -> ports.gateway();
        };
        var came = Came.back(request, around, port);
        boolean statusOnly = request.path("compare").stringValue("").equals("status");
        if (statusOnly) {
            int status = request.path("response").path("status").asInt();
            if (status != came.status()) {
                differences.add("status: expected " + status + ", got " + came.status());
            }
        } else {
            differences.answer(request.path("response"), came, isDebug(request));
        }
        int expected = request.path("backend_saw").size();
        if (differing.contains(number)) {
            Thread.sleep(LONG_REST); // there may be calls that nobody recorded
        } else {
            awaitCalls(around, expected);
        }
        var calls = around.taken();
        var upstream = calls.stream().filter(one -> one.who().startsWith("upstream")).toList();
        differences.upstream(request.path("upstream_saw"), upstream);
        int times = request.has("upstream_saw_all") ? request.path("upstream_saw_all").size() : request.path("upstream_saw").isObject() ? 1 : 0;
        if (upstream.size() != times) {
            differences.add("upstream was called " + upstream.size() + " times");
        }
        differences.backend(request.path("backend_saw"), of("backend", calls));
        if (request.has("portal_saw")) {
            differences.portal("then", request.path("portal_saw"), of("portal", calls), false);
        }
        differences.found().forEach(text -> found.add(new Found(number, text)));
    }

    /// Reports come after the answer. That they do not come is a difference, told by the comparison. What a report brought
    /// about is known to the gateway a moment after the call was seen here, as in the recordings, which paused longer.
    private static void awaitCalls(Surroundings around, int expected) throws InterruptedException {
        if (expected == 0) {
            return;
        }
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (around.count("backend") < expected && System.nanoTime() < deadline) {
            Thread.sleep(5);
        }
        Thread.sleep(REST);
    }

    private static List<Received> of(String who, List<Received> calls) {
        return calls.stream().filter(one -> one.who().equals(who)).toList();
    }

    private boolean isDebug(JsonNode request) {
        Set<String> tokens = recorded.path("config").path("services").valueStream()
                .map(service -> service.path("backend_authentication_value").asString("")).collect(Collectors.toSet());
        return request.path("headers").properties().stream().anyMatch(header ->
                header.getKey().equalsIgnoreCase("x-3scale-debug") && tokens.contains(header.getValue().stringValue()));
    }
}
