package io.tollkeeper.store.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import io.tollkeeper.testkit.Eventually;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/// A disk that fails while it is written: `strace` lets some fsync calls fail, of the journal as of snapshots. After
/// such a failure the system may have dropped what it could not write, so nobody may try the same commit again; the
/// store goes back to before it and on from there.
final class DiskErrorTest {

    private static final int APPLICATIONS = 4;

    /// The first failure comes when the store is in full use.
    private static final String SOME = "when=150+67";

    private static final int FAILURES = 4;
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    @TempDir
    private Path folder;

    @Test
    void nothingAcknowledgedIsLostOrCountedTwiceWhenTheDiskFailsToSync() throws Exception {
        assumeTrue(FsyncTest.canTrace(), "strace is installed and may trace");
        Path data = folder.resolve("data");
        Path trace = folder.resolve("trace");
        List<String> prefix = List.of(
                "strace", "-f", "-qq", "-y", "-e", "trace=fsync,fdatasync", "-e",
                "inject=fsync,fdatasync:error=EIO:" + SOME, "-o", trace.toString());
        ChildProcess child = new ChildProcess(prefix, data, APPLICATIONS);
        try {
            assertThat(child.awaitReady()).isTrue();
            Eventually.holds("failures", PATIENCE, () -> failures(trace, "journal.db-wal") >= FAILURES);
            long before = child.acknowledged();
            Eventually.holds("calls after them", PATIENCE, () -> child.acknowledged() > before + 20);
        } finally {
            child.kill();
        }
        long[] acknowledged = new long[APPLICATIONS];
        for (int i = 0; i < APPLICATIONS; i++) {
            acknowledged[i] = child.acknowledged("a" + i);
        }
        // One call of each application may have been in each group that failed: counted once or not at all.
        KilledProcessTest.assertCounts(data, acknowledged, failures(trace, "journal.db") + 1);
    }

    private static long failures(Path trace, String file) {
        try (Stream<String> lines = Files.lines(trace)) {
            return lines.filter(line -> line.contains(file) && line.contains("(INJECTED)")).count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
