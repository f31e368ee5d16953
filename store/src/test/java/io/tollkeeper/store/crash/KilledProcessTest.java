package io.tollkeeper.store.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import io.tollkeeper.core.event.Event;
import io.tollkeeper.core.event.StoredEvent;
import io.tollkeeper.store.House;
import io.tollkeeper.testkit.Eventually;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// What was acknowledged survives the process, wherever it is killed: in the middle of a commit, a checkpoint, a
/// snapshot, a truncation.
final class KilledProcessTest {

    private static final int APPLICATIONS = 4;
    private static final int KILLS = 5;
    private static final int IMAGES = 6;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    private final Random random = new Random();

    @Test
    void nothingAcknowledgedIsLostOrCountedTwiceOverManyKills() throws Exception {
        long[] acknowledged = new long[APPLICATIONS];
        for (int kill = 1; kill <= KILLS; kill++) {
            ChildProcess child = new ChildProcess(folder, APPLICATIONS);
            try {
                assertThat(child.awaitReady()).isTrue();
                int calls = 50 + random.nextInt(1_000);
                Eventually.holds("calls", PATIENCE, () -> child.acknowledged() >= calls);
            } finally {
                child.kill();
            }
            for (int i = 0; i < APPLICATIONS; i++) {
                acknowledged[i] += child.acknowledged("a" + i);
            }
            // Each application had at most one call in flight, each time.
            assertCounts(folder, acknowledged, kill);
        }
    }

    @Test
    void everyMomentIsAGoodMomentToLoseThePower() throws Exception {
        List<Path> images = new ArrayList<>();
        List<long[]> acknowledged = new ArrayList<>();
        ChildProcess child = new ChildProcess(folder.resolve("live"), APPLICATIONS);
        try {
            assertThat(child.awaitReady()).isTrue();
            for (int i = 0; i < IMAGES; i++) {
                long before = child.acknowledged();
                int calls = 20 + random.nextInt(300);
                Eventually.holds("calls", PATIENCE, () -> child.acknowledged() >= before + calls);
                child.signal("STOP");
                // Calls that were acknowledged before the process stood still; those in the pipe are not among them.
                long[] heard = new long[APPLICATIONS];
                for (int a = 0; a < APPLICATIONS; a++) {
                    heard[a] = child.acknowledged("a" + a);
                }
                images.add(copy(folder.resolve("live"), folder.resolve("image-" + i)));
                child.signal("CONT");
                acknowledged.add(heard);
            }
        } finally {
            child.kill();
        }
        for (int i = 0; i < IMAGES; i++) {
            assertCounts(images.get(i), acknowledged.get(i), Integer.MAX_VALUE);
        }
    }

    /// Counters lie between what was acknowledged and that plus what may have been in flight; journal, snapshots and
    /// totals agree.
    static void assertCounts(Path folder, long[] acknowledged, long inFlight) {
        try (House house = new House(folder, House.NEVER)) {
            long sum = 0;
            for (int i = 0; i < APPLICATIONS; i++) {
                long counted = house.eternity("a" + i);
                assertThat(counted)
                        .as("application a%d in %s", i, folder)
                        .isBetween(acknowledged[i], acknowledged[i] + inFlight);
                sum += counted;
                assertThat(firstTraffic(house, "a" + i)).as("first traffic of a%d in %s", i, folder).isEqualTo(counted > 0 ? 1 : 0);
            }
            assertThat(firstTraffic(house, "in-process")).isEqualTo(house.eternity("in-process") > 0 ? 1 : 0);
            assertThat(house.total()).as("total of the product").isEqualTo(sum + house.eternity("in-process"));
        }
    }

    /// How often it was told that an application was seen for the first time.
    private static long firstTraffic(House house, String application) {
        return house.store.events().oldest(1_000).stream()
                .map(StoredEvent::event)
                .filter(event -> event instanceof Event.FirstTraffic && event.applicationId().equals(application))
                .count();
    }

    private static Path copy(Path from, Path to) throws IOException {
        Files.createDirectory(to);
        for (String name : List.of("catalog.db", "usage.db", "journal.db", "flights.db")) {
            for (String suffix : List.of("", "-wal")) {
                Path file = from.resolve(name + suffix);
                if (Files.exists(file)) {
                    Files.copy(file, to.resolve(name + suffix));
                }
            }
        }
        return to;
    }
}
