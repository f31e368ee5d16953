package io.tollkeeper.compat.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;

import io.tollkeeper.app.Main;
import io.tollkeeper.app.command.Program;
import io.tollkeeper.app.command.Sources;
import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.testkit.FreePort;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.ProtocolViolation;
import io.tollkeeper.testkit.ReceivedRequest;
import io.tollkeeper.testkit.RudePeer;

import static io.tollkeeper.compat.fuzz.FuzzTarget.require;

/// The whole program in this process with one product on every host that inputs name, before an upstream that reads
/// strictly and remembers. Ends with the JVM.
final class FuzzedGateway {

    private final RudePeer upstream = RudePeer.start(Manner.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    private final Program.Running running;
    private final int port = FreePort.find();

    FuzzedGateway() {
        try {
            var folder = Files.createTempDirectory("fuzz");
            running = start(folder);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> close(folder)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Program.Running start(Path folder) throws IOException {
        var file = folder.resolve("tollkeeper.yaml");
        Files.writeString(file, """
                access-log: "off"
                meter: {listen: "off"}
                management: {listen: "off"}
                metrics: {listen: "off"}
                products:
                  api:
                    hosts: [a]
                    upstream: http://127.0.0.1:%d
                    rules: [{method: ANY, pattern: /}]
                    plans: {basic: {}}
                    applications: {app: {plan: basic, user-key: k}}
                """.formatted(upstream.port()));
        var overrides = List.of("data=" + folder.resolve("data"), "gateway.listen=127.0.0.1:" + port);
        return switch (Configuration.load(file, Map.of(), overrides)) {
            case Configuration.Loaded.Bad(var findings) -> throw new AssertionError(findings);
            case Configuration.Loaded.Good(var configuration) -> switch (
                    Main.program(InstantSource.system()).start(configuration, new Sources(file, Map.of(), overrides))) {
                case Program.Started.Refused(var lines) -> throw new AssertionError(lines);
                case Program.Started.Up(var up) -> up;
            };
        };
    }

    int port() {
        return port;
    }

    long received() {
        return upstream.received();
    }

    /// What the upstream received since it had received so many; nothing of it could be read in two ways.
    List<ReceivedRequest> receivedSince(long before) {
        for (var failure : upstream.failures()) {
            require(!(failure instanceof ProtocolViolation), "what the upstream received", failure, "one reading");
        }
        var all = upstream.requests();
        return all.subList(all.size() - (int) Math.min(all.size(), upstream.received() - before), all.size());
    }

    private void close(Path folder) {
        running.stop();
        try (var files = Files.walk(folder)) {
            upstream.close();
            files.sorted(java.util.Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
