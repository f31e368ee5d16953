package io.tollkeeper.compat.program;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;

import io.tollkeeper.app.Main;
import io.tollkeeper.app.command.Program;
import io.tollkeeper.app.command.Sources;
import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.testkit.FreePort;

/// The whole program, wired as it ships, in this process: embedded store in a folder of the caller's, meter on a port of
/// its own, the caller's clock. Starting and closing block.
public final class MeterInProcess implements AutoCloseable {

    private static final Path SETTINGS = Path.of("meter-under-test.yaml");
    private static final String USER = "conformance";
    private static final String PASSWORD = "s3cr3t-conformance";

    private final Program.Running running;
    private final int port;

    private MeterInProcess(Program.Running running, int port) {
        this.running = running;
        this.port = port;
    }

    /// Starts it as `compat/meter-under-test` does.
    public static MeterInProcess start(Path data, InstantSource clock) {
        int port = FreePort.find();
        var environment = Map.of("CONFIG_INTERNAL_API_USER", USER, "CONFIG_INTERNAL_API_PASSWORD", PASSWORD);
        var overrides = List.of("data=" + data, "meter.listen=127.0.0.1:" + port);
        return switch (Configuration.load(SETTINGS, environment, overrides)) {
            case Configuration.Loaded.Bad(var findings) -> throw new AssertionError(findings);
            case Configuration.Loaded.Good(var configuration) -> switch (
                    Main.program(clock).start(configuration, new Sources(SETTINGS, environment, overrides))) {
                case Program.Started.Refused(var lines) -> throw new AssertionError(lines);
                case Program.Started.Up(var running) -> new MeterInProcess(running, port);
            };
        };
    }

    public int port() {
        return port;
    }

    /// The Authorization value that the Internal API wants.
    public static String authorization() {
        return "Basic " + Base64.getEncoder().encodeToString((USER + ":" + PASSWORD).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        running.stop();
    }
}
