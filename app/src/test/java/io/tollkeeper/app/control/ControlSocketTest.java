package io.tollkeeper.app.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class ControlSocketTest {
    @TempDir private Path folder;

    private static final Controls CONTROLS = new Controls() {
        @Override public Answer explain(String requestId) {
            return requestId.equals("boom") ? fail() : Answer.ok("request " + requestId + "\nwent well: \u00fc\n");
        }

        @Override public Answer status() {
            return Answer.ok("x".repeat(1 << 20));
        }

        @Override public Answer reload() {
            return Answer.refused("t.yaml:3  wrong");
        }

        private Answer fail() {
            throw new IllegalStateException("on purpose");
        }
    };

    @Test void questionsAreAnsweredThroughASocketThatOnlyItsOwnerMayUse() throws IOException {
        try (var _ = ControlSocket.listen(folder, CONTROLS)) {
            var client = new ControlClient(folder);
            assertThat(client.explain("01J")).isEqualTo(Answer.ok("request 01J\nwent well: \u00fc\n"));
            assertThat(client.status().text()).hasSize(1 << 20);
            assertThat(client.reload()).isEqualTo(Answer.refused("t.yaml:3  wrong"));
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("control.sock")))).isEqualTo("rw-------");
        }
    }

    @Test void aQuestionThatFailsTellsSoAndTheNextIsAnswered() throws IOException {
        try (var _ = ControlSocket.listen(folder, CONTROLS)) {
            var client = new ControlClient(folder);
            assertThat(client.explain("boom").text()).contains("failed on this question: on purpose");
            assertThat(client.explain("01J").exitCode()).isZero();
        }
    }

    @Test void withoutAProcessTheMessageSaysHowToStartOne() {
        assertThat(new ControlClient(folder).status()).isEqualTo(Answer.refused("no process is running on "
                + folder + " (start one with: tollkeeper run; or name its folder with --data DIR)"));
    }

    @Test void aSocketLeftOverByAKilledProcessIsToldAndReplaced() throws IOException {
        try (var left = java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
            left.bind(java.net.UnixDomainSocketAddress.of(folder.resolve("control.sock")));
        }
        assertThat(new ControlClient(folder).status().text()).contains("no process is running on").contains("left over");
        try (var _ = ControlSocket.listen(folder, CONTROLS)) {
            assertThat(new ControlClient(folder).explain("01J").exitCode()).isZero();
        }
    }
}
