package io.tollkeeper.compat.program;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;

import io.tollkeeper.app.Main;
import io.tollkeeper.app.command.Program;
import io.tollkeeper.app.command.Sources;
import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.settings.Role;
import org.jspecify.annotations.Nullable;

/// The gateway alone, wired as it ships, in this process, configured by 3scale's variables. Starting and closing block.
public final class GatewayInProcess implements AutoCloseable {

    private final Program.Running running;

    private GatewayInProcess(Program.Running running) {
        this.running = running;
    }

    /// Where it listens, on 127.0.0.1.
    public record Ports(int gateway, int management, int metrics) {}

    /// Starts it as `compat/gateway-under-test` does; null if it refuses to start.
    ///
    /// @param environment all variables it finds
    public static @Nullable GatewayInProcess start(Path data, Map<String, String> environment, Ports ports) {
        var overrides = List.of("data=" + data, "gateway.listen=127.0.0.1:" + ports.gateway(), "access-log=off",
                "management.listen=127.0.0.1:" + ports.management(), "metrics.listen=127.0.0.1:" + ports.metrics(),
                "drain.timeout=1s", "event-loops=2");
        return switch (Configuration.load(Role.GATEWAY, null, environment, overrides)) {
            case Configuration.Loaded.Bad(var _) -> null;
            case Configuration.Loaded.Good(var configuration) -> switch (Main.program(Role.GATEWAY, InstantSource.system())
                    .start(configuration, new Sources(null, environment, overrides))) {
                case Program.Started.Refused(var _) -> null;
                case Program.Started.Up(var running) -> new GatewayInProcess(running);
            };
        };
    }

    @Override
    public void close() {
        running.stop();
    }
}
