package io.tollkeeper.compat.recorded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/// The recordings' own runner over `compat/meter-under-test`, as a foreigner would start it: for a few cases, since it
/// starts a process for each. Skipped where the runner or Python is not there.
class RecordingsRunnerIT {

    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();
    private static final Path RUNNER = PROJECT.resolve("../shared/conformance/meter/run.py").normalize();

    @TempDir
    Path folder;

    @Test
    void theForeignRunnerFindsNoDifferenceInTheCasesAboutHeadAndPaths() throws IOException, InterruptedException {
        assumeThat(RUNNER).as("the recordings beside the checkout").exists();
        assumeThat(runs("python3", "--version")).as("python3").isTrue();
        var out = folder.resolve("out.txt");
        var process = new ProcessBuilder("python3", RUNNER.toString(), "--only", "protocol: ",
                "--except", "compat/deviations-meter.json", "--", "compat/meter-under-test")
                .directory(PROJECT.toFile()).redirectErrorStream(true).redirectOutput(out.toFile());
        process.environment().put("TOLLKEEPER_JAVA", Path.of(System.getProperty("java.home"), "bin", "java").toString());
        var running = process.start();
        try {
            assertThat(running.waitFor(120, TimeUnit.SECONDS)).as("ended within two minutes").isTrue();
        } finally {
            running.destroy();
        }
        assertThat(Files.readString(out)).contains("2 passed, 0 failed");
        assertThat(running.exitValue()).isZero();
    }

    private boolean runs(String... command) throws InterruptedException {
        try {
            var process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(folder.resolve("version.txt").toFile()).start();
            return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException missing) {
            return false;
        }
    }
}
