package io.tollkeeper.compat.fuzz;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static io.tollkeeper.compat.fuzz.FuzzTarget.require;
import static io.tollkeeper.compat.fuzz.FuzzTarget.same;

/// JSON bodies of the Internal API are taken or refused with a reason, and what was taken can be read again. The first
/// byte of the input chooses the resource, the rest is the body.
final class InternalApiTarget implements FuzzTarget {

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Set<Integer> STATUSES = Set.of(200, 201, 400, 404, 405, 413, 422);

    private record Resource(String method, String path, String readAt, String object) {}

    private static final List<Resource> RESOURCES = List.of(
            new Resource("PUT", "/services/9001", "/services/9001", "service"),
            new Resource("POST", "/services/", "", ""),
            new Resource("PUT", "/services/change_provider_key/nobody", "", ""),
            new Resource("POST", "/service_tokens/", "", ""),
            new Resource("DELETE", "/service_tokens/", "", ""),
            new Resource("PUT", "/services/7301/applications/fuzzed", "/services/7301/applications/fuzzed", "application"),
            new Resource("POST", "/services/7301/applications/once", "", ""),
            new Resource("PUT", "/services/7301/applications/batch", "", ""),
            new Resource("POST", "/services/7301/applications/a/keys/", "", ""),
            new Resource("POST", "/services/7301/applications/a/referrer_filters", "", ""),
            new Resource("PUT", "/services/7301/metrics/77", "/services/7301/metrics/77", "metric"),
            new Resource("PUT", "/services/7301/plans/8/usagelimits/1/day", "/services/7301/plans/8/usagelimits/1/day", "usagelimit"),
            new Resource("POST", "/services/7301/alert_limits/", "", ""),
            new Resource("DELETE", "/events/", "", ""));

    private final FuzzedMeter meter = new FuzzedMeter();

    @Override
    public void run(byte[] input) throws IOException {
        if (input.length == 0) {
            return;
        }
        meter.ready();
        var resource = RESOURCES.get(Math.floorMod(input[0] - 'A', RESOURCES.size()));
        byte[] body = Arrays.copyOfRange(input, 1, input.length);
        var answer = meter.internal(resource.method(), resource.path(), body);
        WellFormed.check(resource.method(), answer);
        var what = resource.method() + " " + resource.path() + " " + new String(body, StandardCharsets.UTF_8);
        require(STATUSES.contains(answer.status()), what, answer + " " + answer.text(), STATUSES);
        require(answer.bodyLength() > 0, what, answer, "a body that says what happened");
        if (answer.status() <= 201 && !resource.readAt().isEmpty()) {
            var read = meter.internal("GET", resource.readAt(), new byte[0]);
            same("read after " + what, read.status(), 200);
            sameFields(what, JSON.readTree(answer.body()).path(resource.object()), JSON.readTree(read.body()).path(resource.object()));
        }
    }

    /// What the answer told is what is stored; null in it says that nothing was given. A blank in an identifier is
    /// stored as a plus.
    private static void sameFields(String what, JsonNode told, JsonNode stored) {
        told.forEachEntry((name, value) -> {
            if (!value.isNull()) {
                same(what + ": " + name, stored.path(name).toString().replace(' ', '+'), value.toString().replace(' ', '+'));
            }
        });
    }
}
