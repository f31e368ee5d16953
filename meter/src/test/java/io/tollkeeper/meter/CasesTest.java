package io.tollkeeper.meter;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.stream.Stream;

import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

/// The files in `cases/`, each against a meter of its own whose clock stands at 2026-11-20 16:27:05 UTC.
class CasesTest {

    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2026-11-20T16:27:05Z"));

    @TestFactory
    Stream<DynamicTest> everyCaseIsAnsweredAsItsFileSays() throws IOException, URISyntaxException {
        var folder = Path.of(CasesTest.class.getResource("/cases").toURI());
        try (var files = Files.list(folder)) {
            return files.sorted().toList().stream()
                    .map(file -> dynamicTest(file.getFileName().toString(), () -> run(CaseFile.read(file))));
        }
    }

    private static void run(CaseFile file) throws IOException {
        assertThat(file.steps()).as("steps of " + file.name()).isNotEmpty();
        var softly = new SoftAssertions();
        try (var meter = new RunningMeter(0, CLOCK, 1)) {
            for (var line : file.setup()) {
                var parts = line.split(" ", 3);
                var answer = exchange(meter, new CaseFile.Step(
                        line, parts[0], "/internal" + parts[1],
                        java.util.List.of("Authorization: " + RunningMeter.authorization()),
                        parts.length > 2 ? parts[2] : "", 200, java.util.List.of(), "*"));
                assertThat(answer.status()).as(line + " -> " + answer.text()).isIn(200, 201);
            }
            for (var step : file.steps()) {
                check(softly, file.name() + ": " + step.name(), step, exchange(meter, step));
            }
        }
        softly.assertAll();
    }

    private static RawAnswer exchange(RunningMeter meter, CaseFile.Step step) throws IOException {
        try (var client = RawClient.connect(meter.port())) {
            return client.send(step.request().getBytes(StandardCharsets.UTF_8)).answerTo(step.method());
        }
    }

    private static void check(SoftAssertions softly, String name, CaseFile.Step step, RawAnswer answer) {
        softly.assertThat(answer.status()).as(name + " (" + answer.text() + ")").isEqualTo(step.status());
        for (var wanted : step.wanted()) {
            if (wanted.startsWith("!")) {
                softly.assertThat(answer.header(wanted.substring(1))).as(name + ", " + wanted).isNull();
            } else {
                var colon = wanted.indexOf(':');
                softly.assertThat(answer.header(wanted.substring(0, colon)))
                        .as(name + ", " + wanted)
                        .isEqualTo(wanted.substring(colon + 1).strip());
            }
        }
        if (!step.wantedBody().equals("*")) {
            softly.assertThat(answer.text().replaceAll("\"request_id\":\"[0-9A-Z]{26}\"", "\"request_id\":\"*\"")).as(name).isEqualTo(step.wantedBody());
        }
    }
}
