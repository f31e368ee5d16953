package io.tollkeeper.store.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/// The system itself tells that a call is answered only after the disk was.
final class FsyncTest {

    @TempDir
    private Path folder;

    @Test
    void theJournalIsForcedToDiskBetweenACallAndItsAcknowledgement() throws IOException, InterruptedException {
        assumeTrue(canTrace(), "strace is installed and may trace");
        Path trace = folder.resolve("trace");
        List<String> command = new ArrayList<>(List.of(
                "strace", "-f", "-qq", "-y", "-e", "trace=fsync,fdatasync,write", "-s", "32", "-o", trace.toString()));
        command.addAll(ChildProcess.command(folder.resolve("data").toString(), "1", "once"));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();

        List<String> lines = Files.readAllLines(trace);
        int appended = indexOf(lines, 0, "\"APPEND");
        int acknowledged = indexOf(lines, appended, "\"ACKNOWLEDGED");
        assertThat(lines.subList(appended, acknowledged))
                .anyMatch(line -> (line.contains("fsync(") || line.contains("fdatasync("))
                        && line.contains("journal.db-wal"));
    }

    @Test
    void snapshotsAreForcedToDiskBeforeTheJournalForgetsWhatTheyInclude() throws IOException, InterruptedException {
        assumeTrue(canTrace(), "strace is installed and may trace");
        Path trace = folder.resolve("trace");
        List<String> command = new ArrayList<>(List.of(
                "strace", "-f", "-qq", "-y", "-e", "trace=fsync,fdatasync,pwrite64", "-s", "0", "-o", trace.toString()));
        command.addAll(ChildProcess.command(folder.resolve("data").toString(), "1", "once"));
        assertThat(new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor())
                .isZero();

        // The last snapshot: written when the store is closed, then the journal is truncated.
        List<String> lines = Files.readAllLines(trace);
        int snapshot = last(lines, "pwrite64(", "usage.db-wal");
        int truncation = last(lines, "pwrite64(", "journal.db-wal");
        assertThat(snapshot).isLessThan(truncation);
        assertThat(lines.subList(snapshot, truncation)).anyMatch(line -> isForced(line) && line.contains("usage.db-wal"));
    }

    private static boolean isForced(String line) {
        return line.contains("fsync(") || line.contains("fdatasync(");
    }

    private static int last(List<String> lines, String call, String file) {
        for (int i = lines.size() - 1; i >= 0; i--) {
            if (lines.get(i).contains(call) && lines.get(i).contains(file)) {
                return i;
            }
        }
        throw new AssertionError("no " + call + " of " + file + " among " + lines.size() + " calls");
    }

    private static int indexOf(List<String> lines, int from, String text) {
        for (int i = from; i < lines.size(); i++) {
            if (lines.get(i).contains("write(") && lines.get(i).contains(text)) {
                return i;
            }
        }
        throw new AssertionError("no write of " + text + " among " + lines.size() + " calls");
    }

    static boolean canTrace() throws InterruptedException {
        try {
            Process process = new ProcessBuilder("strace", "-qq", "-o", "/dev/null", "true").start();
            return process.waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
