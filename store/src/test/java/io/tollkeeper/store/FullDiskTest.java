package io.tollkeeper.store;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import io.tollkeeper.core.authorize.Decision;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.testkit.Eventually;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/// A disk that is really full: a small file system in memory, filled to the last byte. Needs the right to mount one;
/// without it, `SqliteJournalTest` proves the same road with writes that fail for another reason.
final class FullDiskTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    private boolean mounted;

    @BeforeEach
    void mount() throws IOException, InterruptedException {
        mounted = run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder.toString());
        assumeTrue(mounted, "may mount a small file system");
    }

    @AfterEach
    void unmount() throws IOException, InterruptedException {
        if (mounted) {
            run("umount", folder.toString());
        }
    }

    @Test
    void callsAreRefusedWhileTheDiskIsFullAndGoOnByThemselves() throws IOException {
        Path ballast = folder.resolve("ballast");
        long acknowledged = 0;
        try (House house = new House(folder.resolve("data"), House.OFTEN)) {
            house.found(2);
            for (int i = 0; i < 10; i++) {
                acknowledged += house.acknowledged("a0") ? 1 : 0;
            }
            assertThat(acknowledged).isEqualTo(10);

            for (int round = 0; round < 2; round++) {
                fill(ballast);
                long before = acknowledged;
                acknowledged += callUntilUnavailable(house);
                assertThat(acknowledged).as("room in the file was used up first").isGreaterThanOrEqualTo(before);
                assertThat(house.store.health().journal().writable()).isFalse();
                assertThat(house.authorize("a0")).isInstanceOf(Decision.Granted.class);
                assertThat(house.eternity("a0")).isEqualTo(acknowledged);

                Files.delete(ballast);
                Eventually.holds("writable", PATIENCE, () -> house.store.health().journal().writable());
                assertThat(house.acknowledged("a0")).isTrue();
                acknowledged++;
                assertThat(house.eternity("a0")).isEqualTo(acknowledged);
            }
        }
        try (House house = new House(folder.resolve("data"), House.NEVER)) {
            assertThat(house.eternity("a0")).isEqualTo(acknowledged);
            assertThat(house.total()).isEqualTo(acknowledged);
        }
    }

    /// Calls until a call is refused for want of a writable store; how many were acknowledged before.
    private static long callUntilUnavailable(House house) {
        long acknowledged = 0;
        while (true) {
            CompletableFuture<Boolean> done = new CompletableFuture<>();
            Decision decision = house.authrep("a0", CommitWaiter.completing(done));
            if (decision instanceof Decision.Unavailable(var reason)) {
                assertThat(reason).isEqualTo(Reason.STORE_UNWRITABLE);
                return acknowledged;
            }
            assertThat(decision).isInstanceOf(Decision.Granted.class);
            acknowledged += done.join() ? 1 : 0;
        }
    }

    private static void fill(Path ballast) throws IOException {
        byte[] bytes = new byte[4_096];
        try (OutputStream out = Files.newOutputStream(ballast)) {
            while (true) {
                out.write(bytes);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
    }
}
