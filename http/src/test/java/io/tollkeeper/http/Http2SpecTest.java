package io.tollkeeper.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.testkit.TestCertificates;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// h2spec's cases of RFC 7540 and 7541, all of them, against a listener of ours: plain and over TLS.
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
final class Http2SpecTest {

    /// Cases that do not pass, with the reason. None.
    private static final int EXPECTED_FAILURES = 0;

    @TempDir
    static Path folder;

    private static Path h2spec;

    @BeforeAll
    static void unpack() throws Exception {
        Path packed = folder.resolve("h2spec.tar.gz");
        try (InputStream in = Objects.requireNonNull(
                Http2SpecTest.class.getResourceAsStream("/h2spec/2.2.0/h2spec_linux_amd64.tar.gz"))) {
            Files.copy(in, packed);
        }
        assertThat(new ProcessBuilder("tar", "xzf", packed.toString(), "-C", folder.toString()).start().waitFor()).isZero();
        h2spec = folder.resolve("h2spec");
    }

    private static String run(TellingServer server, String... options) throws IOException, InterruptedException {
        Path output = Files.createTempFile(folder, "h2spec", ".txt");
        var command = new java.util.ArrayList<>(List.of(
                h2spec.toString(), "-h", "127.0.0.1", "-p", String.valueOf(server.port()), "-o", "5"));
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        boolean ended = process.waitFor(120, TimeUnit.SECONDS);
        process.destroy();
        String text = Files.readString(output, StandardCharsets.UTF_8);
        assertThat(ended).as(text).isTrue();
        return text;
    }

    @Test
    void everyCasePassesWithPriorKnowledge() throws Exception {
        try (var server = new TellingServer(null, WireLimits.DEFAULT, ListenerSettings.Timeouts.DEFAULT, null, Http2Limits.DEFAULT)) {
            String text = run(server);
            assertThat(text.strip()).as(text).endsWith("145 tests, 145 passed, 0 skipped, " + EXPECTED_FAILURES + " failed");
        }
    }

    @Test
    void everyCasePassesOverTls() throws Exception {
        var identity = TestCertificates.in(folder).server("localhost");
        var tls = new ServerTls(List.of(new ServerTls.Certificate(List.of(), identity.certificateFile(), identity.keyFile())));
        try (var server = new TellingServer(null, WireLimits.DEFAULT, ListenerSettings.Timeouts.DEFAULT, tls, Http2Limits.DEFAULT)) {
            String text = run(server, "-t", "-k");
            assertThat(text.strip()).as(text).endsWith("145 tests, 145 passed, 0 skipped, " + EXPECTED_FAILURES + " failed");
        }
    }
}
