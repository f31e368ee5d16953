package io.tollkeeper.app;

import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// The program as a process: folders, signals, exit codes.
class ProcessIT {
    @TempDir private Path folder;

    @Test void aSecondProcessOnTheSameFolderIsToldWhoHoldsIt() {
        try (var first = RunningProgram.start(folder);
                var second = RunningProgram.launch(folder, RunningProgram.freePorts())) {
            assertThat(second.awaitEnd()).isEqualTo(1);
            assertThat(second.errors()).contains("is in use by process " + pid(first)).contains("--data DIR").contains("not started");
        }
    }

    @Test void anAddressInUseIsToldWithTheSettingThatNamesIt() throws IOException {
        try (var taken = new java.net.ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress());
                var program = RunningProgram.launch(folder, RunningProgram.freePorts(), "--set", "gateway.listen=127.0.0.1:" + taken.getLocalPort())) {
            assertThat(program.awaitEnd()).isEqualTo(1);
            assertThat(program.errors()).contains("gateway.listen: cannot listen on 127.0.0.1:" + taken.getLocalPort()).doesNotContain("\tat ");
        }
    }

    @Test void aBrokenFileIsRefusedAtStartWithAllItsMistakes() throws IOException {
        Files.writeString(folder.resolve("tollkeeper.yaml"), "gateway:\n  lisen: x\nproducts:\n  a: {hosts: []}\n");
        try (var program = RunningProgram.launch(folder, RunningProgram.freePorts())) {
            assertThat(program.awaitEnd()).isEqualTo(1);
            assertThat(program.errors()).contains("tollkeeper.yaml:2  gateway.lisen: unknown key (did you mean listen?)")
                    .contains("tollkeeper.yaml:4  products.a: upstream is missing").contains("not started");
        }
        assertThat(RunningProgram.run(folder, "check", "tollkeeper.yaml")).satisfies(check -> {
            assertThat(check.exitCode()).isEqualTo(1);
            assertThat(check.out()).contains("tollkeeper.yaml:2  gateway.lisen").endsWith(" mistakes\n");
        });
        assertThat(RunningProgram.run(folder, "chek").exitCode()).isEqualTo(2);
    }

    @Test void afterTheFirstSignalCallsUnderWayFinishAndTheProcessEndsWithZero() throws IOException {
        try (var upstream = new TestUpstream()) {
            protect(upstream);
            try (var program = RunningProgram.start(folder, "--set", "drain.delay=1s");
                    var caller = RawClient.connect(program.port("gateway"))) {
                caller.send("GET /held?user_key=key HTTP/1.1\r\nHost: orders\r\n\r\n");
                Eventually.holds("the call waits for its upstream", () -> upstream.held() == 1);
                program.terminate();
                Eventually.holds("not ready, but still there", () -> ready(program) == 503);
                Eventually.holds("the listener is closed", () -> isClosed(program.port("gateway")));
                upstream.release();
                var answer = caller.answer();
                assertThat(answer.status()).isEqualTo(200);
                assertThat(answer.header("Connection")).isEqualToIgnoringCase("close");
                assertThat(program.awaitEnd()).as(program.errors()).isZero();
            }
            assertThat(Files.exists(folder.resolve("data/control.sock"))).isFalse();
        }
    }

    @Test void theSecondSignalEndsItAtOnce() throws IOException {
        try (var upstream = new TestUpstream()) {
            protect(upstream);
            try (var program = RunningProgram.start(folder);
                    var caller = RawClient.connect(program.port("gateway"))) {
                caller.send("GET /held?user_key=key HTTP/1.1\r\nHost: orders\r\n\r\n");
                Eventually.holds("the call waits for its upstream", () -> upstream.held() == 1);
                program.terminate();
                Eventually.holds("draining", () -> isClosed(program.port("gateway")));
                assertThat(program.process().isAlive()).isTrue();
                program.terminate();
                assertThat(program.awaitEnd()).isEqualTo(143);
            }
        }
    }

    @Test void withoutAProcessTheCommandsThatAskSaySo() {
        assertThat(RunningProgram.run(folder, "status")).satisfies(ended -> {
            assertThat(ended.exitCode()).isEqualTo(1);
            assertThat(ended.err()).startsWith("no process is running on ").doesNotContain("\tat ");
        });
    }

    private void protect(TestUpstream upstream) throws IOException {
        Files.writeString(folder.resolve("tollkeeper.yaml"), """
                products:
                  orders:
                    hosts: [orders]
                    upstream: http://127.0.0.1:%d
                    rules: [{method: ANY, pattern: /}]
                    plans: {basic: {}}
                    applications: {app: {plan: basic, user-key: key}}
                """.formatted(upstream.port()));
    }

    private static int ready(RunningProgram program) throws IOException {
        try (var client = RawClient.connect(program.port("management"))) {
            return client.send("GET /status/ready HTTP/1.1\r\nHost: x\r\n\r\n").answer().status();
        }
    }

    private static boolean isClosed(int port) throws IOException {
        try (var _ = RawClient.connect(port)) {
            return false;
        } catch (ConnectException _) {
            return true;
        }
    }

    /// The launcher execs the JVM, so the process we started is the one that holds the folder.
    private static long pid(RunningProgram program) {
        return program.process().pid();
    }

    @Test void aMissingConfigurationFileIsAMistakeNotADemo() {
        var ended = RunningProgram.run(folder, "run", "--config", "none.yaml");
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).startsWith("none.yaml  no such file");
    }
}
