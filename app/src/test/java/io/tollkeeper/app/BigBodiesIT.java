package io.tollkeeper.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// A gigabyte each way through the packaged program with 128 MB of heap, and a reader who takes his time. Bodies flow:
/// what the process holds stays small.
class BigBodiesIT {
    private static final long GIGABYTE = 1L << 30;
    private static final long MIB = 1L << 20;
    private static final long MOST_RESIDENT = 450 * MIB;

    @TempDir private Path folder;

    @Test void aGigabytePassesEachWayAndASlowReaderMakesNothingGrow() throws Exception {
        try (var upstream = RudePeer.start(Manner.citizen())) {
            Files.writeString(folder.resolve("tollkeeper.yaml"), """
                    products:
                      files:
                        hosts: [files]
                        upstream: http://127.0.0.1:%d
                        rules: [{method: ANY, pattern: /}]
                        plans: {basic: {}}
                        applications: {app: {plan: basic, user-key: key}}
                    """.formatted(upstream.port()));
            try (var program = RunningProgram.start(folder)) {
                download(program);
                upload(program, upstream);
                readSlowly(program);
                assertThat(program.errors()).doesNotContain("OutOfMemory", "\tat ");
            }
        }
    }

    private static void download(RunningProgram program) throws IOException {
        try (var client = RawClient.connect(program.port("gateway"))) {
            client.patience(Duration.ofMinutes(3));
            client.send("GET /bytes/" + GIGABYTE + "?user_key=key HTTP/1.1\r\nHost: files\r\n\r\n");
            var answer = client.answer();
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.ending()).isEqualTo(RawAnswer.Ending.COMPLETE);
            assertThat(answer.bodyLength()).isEqualTo(GIGABYTE);
            assertThat(answer.bodyChecksum()).isEqualTo(Manner.Pattern.checksum(GIGABYTE));
        }
        assertThat(resident(program)).isLessThan(MOST_RESIDENT);
    }

    private static void upload(RunningProgram program, RudePeer upstream) throws IOException {
        try (var client = RawClient.connect(program.port("gateway"))) {
            client.patience(Duration.ofMinutes(3));
            client.send("POST /upload?user_key=key HTTP/1.1\r\nHost: files\r\nContent-Length: " + GIGABYTE + "\r\n\r\n");
            client.sendPattern(GIGABYTE);
            assertThat(client.answer().status()).isEqualTo(200);
            assertThat(upstream.lastRequest().bodyLength()).isEqualTo(GIGABYTE);
            assertThat(upstream.lastRequest().bodyChecksum()).isEqualTo(Manner.Pattern.checksum(GIGABYTE));
        }
        assertThat(resident(program)).isLessThan(MOST_RESIDENT);
    }

    private static void readSlowly(RunningProgram program) throws Exception {
        long before = resident(program);
        try (var client = RawClient.connectWithWindow(program.port("gateway"), 16 * 1024)) {
            client.send("GET /bytes/" + GIGABYTE + "?user_key=key HTTP/1.1\r\nHost: files\r\n\r\n");
            // From its first byte on nothing is read for a while: all that can be buffered on the way is.
            assertThat(client.hearsNothingFor(Duration.ofSeconds(10))).isFalse();
            long most = before;
            for (int i = 0; i < 20; i++) {
                Thread.sleep(Duration.ofMillis(100));
                most = Math.max(most, resident(program));
            }
            assertThat(most - before).isLessThan(16 * MIB);
        }
    }

    /// Resident memory in bytes.
    private static long resident(RunningProgram program) throws IOException {
        for (var line : Files.readAllLines(Path.of("/proc/" + program.process().pid() + "/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
            }
        }
        throw new IllegalStateException("no VmRSS");
    }
}
