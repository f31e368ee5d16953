package io.tollkeeper.compat.gateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/// Exchanges recorded with the original gateway, replayed against the program as it is wired, each case on a gateway of
/// its own. Cases named after policies that are not built are left out.
///
/// `-Drecorded.gateway.cases=FILE` replays another file, `-Drecorded.only=TEXT` the cases whose name has the text.
class RecordedGatewayCasesTest {

    private static final Path COPIES = Path.of("src/test/resources/gateway");
    private static final Path CASES = Path.of(System.getProperty("recorded.gateway.cases", COPIES.resolve("cases.json").toString()));
    private static final Path ORIGIN = Path.of("../../shared/conformance/gateway");
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final List<GatewayDeviation> DEVIATIONS = GatewayDeviation.read(Path.of("deviations-gateway.json"));

    /// Policies that are built, or of which the named case is.
    private static final Set<String> BUILT = Set.of("apicast", "caching", "3scale_batcher", "3scale_referrer", "websocket", "grpc",
            "upstream_connection", "upstream_mtls", "request_unbuffered", "on_failed");

    @TempDir
    Path folder;

    @TestFactory
    Stream<DynamicTest> recordedCases() throws IOException {
        var services = JSON.readTree(Files.readString(COPIES.resolve("portal-services.json")));
        var only = System.getProperty("recorded.only", "");
        return JSON.readTree(Files.readString(CASES)).valueStream()
                .filter(recorded -> nameOf(recorded).contains(only) && isBuilt(recorded))
                .map(recorded -> DynamicTest.dynamicTest(nameOf(recorded), () -> assertThat(unexplained(recorded, services)).isEmpty()));
    }

    @Test
    void everyDeviationNamesACaseAndHasAReason() throws IOException {
        var names = new HashSet<String>();
        JSON.readTree(Files.readString(COPIES.resolve("cases.json"))).forEach(recorded -> names.add(nameOf(recorded)));
        assertThat(DEVIATIONS).allSatisfy(deviation -> {
            assertThat(names).contains(deviation.name());
            assertThat(deviation.reason()).isNotBlank();
            assertThat(Path.of("DEVIATIONS.md")).content().contains("| " + deviation.name() + " | " + deviation.request() + " |");
        });
    }

    @Test
    void theCopiesOfTheRecordingsAreTheSameAsTheirOrigin() {
        assumeThat(ORIGIN).as("the recordings beside the checkout").exists();
        for (var name : List.of("cases.json", "portal-services.json")) {
            assertThat(COPIES.resolve(name)).as("copy " + ORIGIN.resolve(name) + " here anew").hasSameTextualContentAs(ORIGIN.resolve(name));
        }
    }

    /// A chain is served with all of its policies or not at all.
    private static boolean isBuilt(JsonNode recorded) {
        return recorded.path("name").stringValue().startsWith("policy on_failed")
                || recorded.path("config").path("services").valueStream()
                        .flatMap(service -> service.path("proxy").path("policy_chain").valueStream())
                        .allMatch(policy -> BUILT.contains(policy.path("name").stringValue("").replaceFirst("^apicast[.]policy[.]", "")));
    }

    /// Differences that no deviation explains, and deviations that are none.
    private List<String> unexplained(JsonNode recorded, JsonNode services) throws IOException, InterruptedException {
        var mine = DEVIATIONS.stream().filter(deviation -> deviation.name().equals(nameOf(recorded))).toList();
        var used = new HashSet<GatewayDeviation>();
        var unexplained = new ArrayList<String>();
        var differing = mine.stream().map(GatewayDeviation::request).collect(Collectors.toSet());
        for (var found : new GatewayReplay(recorded, services, Files.createTempDirectory(folder, "case"), differing).run()) {
            var excuse = mine.stream()
                    .filter(deviation -> deviation.request() == found.request() && found.text().startsWith(deviation.field()))
                    .findFirst();
            excuse.ifPresentOrElse(used::add, () -> unexplained.add(
                    "request " + found.request() + " " + pathOf(recorded, found.request()) + ": " + found.text()));
        }
        mine.stream().filter(deviation -> !used.contains(deviation)).forEach(deviation -> unexplained.add(
                "request " + deviation.request() + ": \"" + deviation.field() + "\" is listed as a deviation but does not differ"));
        return unexplained;
    }

    private static String pathOf(JsonNode recorded, int request) {
        return request == 0 ? "start" : recorded.path("requests").path(request - 1).path("path").stringValue("");
    }

    private static String nameOf(JsonNode recorded) {
        return recorded.path("name").stringValue();
    }
}
