package io.tollkeeper.compat.recorded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import io.tollkeeper.compat.program.MeterInProcess;
import io.tollkeeper.compat.program.MovableClock;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/// Exchanges recorded with the original meter, replayed against the program as it is wired, each case on a store of its
/// own. The clock stands still, so nothing has to wait for a minute; those that count are counted at the last second of a
/// year once more, where calendars are easily got wrong.
///
/// `-Drecorded.cases=FILE` replays another file, `-Drecorded.only=TEXT` the cases whose name has the text.
class RecordedMeterCasesTest {

    private static final Path CASES = Path.of(System.getProperty("recorded.cases", "src/test/resources/meter/cases.json"));
    private static final Path ORIGIN = Path.of("../../shared/conformance/meter/cases.json");
    private static final List<Deviation> DEVIATIONS = Deviation.read(Path.of("deviations-meter.json"));

    private static final Instant ANY_DAY = Instant.parse("2026-11-20T16:27:05Z");
    /// Of a minute, hour, day, week, month and year.
    private static final Instant LAST_SECOND = Instant.parse("2028-12-31T23:59:59Z");
    private static final Set<String> COUNTING = Set.of("limits", "usage", "hierarchy", "extensions", "report");

    @TempDir
    Path folder;

    @TestFactory
    Stream<DynamicContainer> recordedCases() throws IOException {
        var cases = Comparison.JSON.readTree(Files.readString(CASES));
        var only = System.getProperty("recorded.only", "");
        return Stream.of(ANY_DAY, LAST_SECOND).map(moment -> DynamicContainer.dynamicContainer(moment.toString(),
                cases.valueStream()
                        .filter(recorded -> nameOf(recorded).contains(only))
                        .filter(recorded -> moment.equals(ANY_DAY) || COUNTING.contains(recorded.path("group").stringValue()))
                        .map(recorded -> DynamicTest.dynamicTest(nameOf(recorded),
                                () -> assertThat(unexplained(recorded, moment)).isEmpty()))));
    }

    @Test
    void everyDeviationNamesACaseAndHasAReason() throws IOException {
        var names = new HashSet<String>();
        Comparison.JSON.readTree(Files.readString(CASES)).forEach(recorded -> names.add(nameOf(recorded)));
        assertThat(DEVIATIONS).allSatisfy(deviation -> {
            assertThat(names).contains(deviation.name());
            assertThat(deviation.reason()).isNotBlank();
            assertThat(Path.of("DEVIATIONS.md")).content().contains("| " + deviation.name() + " | " + deviation.step() + " |");
        });
    }

    @Test
    void theCopyOfTheRecordingsIsTheSameAsTheirOrigin() {
        assumeThat(ORIGIN).as("the recordings beside the checkout").exists();
        assertThat(Path.of("src/test/resources/meter/cases.json")).as("copy " + ORIGIN + " here anew").hasSameTextualContentAs(ORIGIN);
    }

    /// Differences that no deviation explains, and deviations that are none.
    private List<String> unexplained(JsonNode recorded, Instant moment) throws IOException {
        var mine = DEVIATIONS.stream().filter(deviation -> deviation.name().equals(nameOf(recorded))).toList();
        var used = new HashSet<Deviation>();
        var unexplained = new ArrayList<String>();
        var clock = new MovableClock(moment);
        try (var meter = MeterInProcess.start(Files.createTempDirectory(folder, "store"), clock)) {
            for (var found : new Replay(recorded, meter.port(), clock).run()) {
                var excuse = mine.stream()
                        .filter(deviation -> deviation.step() == found.step() && found.text().startsWith(deviation.field()))
                        .findFirst();
                excuse.ifPresentOrElse(used::add, () -> unexplained.add(described(recorded, found)));
            }
        }
        mine.stream().filter(deviation -> !used.contains(deviation)).forEach(deviation -> unexplained.add(
                "step " + deviation.step() + ": \"" + deviation.field() + "\" is listed as a deviation but does not differ"));
        return unexplained;
    }

    private static String described(JsonNode recorded, Replay.Found found) {
        var step = recorded.path("steps").path(found.step() - 1);
        var query = step.path("query").stringValue("");
        return "step " + found.step() + " " + step.path("method").stringValue(step.path("op").stringValue()) + " "
                + step.path("path").stringValue("") + "?" + query.substring(0, Math.min(200, query.length())) + ": " + found.text();
    }

    private static String nameOf(JsonNode recorded) {
        return recorded.path("name").stringValue();
    }
}
