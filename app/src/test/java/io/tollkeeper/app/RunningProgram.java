package io.tollkeeper.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.FreePort;

/// The packaged program as a user starts it: a process of its own, in a folder of its own, on ports of its own.
final class RunningProgram implements AutoCloseable {
    private static final Path LAUNCHER = Path.of("target/dist/tollkeeper").toAbsolutePath();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Path folder;
    private final Process process;
    private final Path out;
    private final Path err;
    private final Map<String, Integer> ports;

    private RunningProgram(Path folder, Process process, Path out, Path err, Map<String, Integer> ports) {
        this.folder = folder;
        this.process = process;
        this.out = out;
        this.err = err;
        this.ports = ports;
    }

    /// What a command that ended said.
    record Ended(int exitCode, String out, String err) {}

    static Map<String, Integer> freePorts() {
        return Map.of("gateway", FreePort.find(), "meter", FreePort.find(), "management", FreePort.find(), "metrics", FreePort.find());
    }

    /// Starts `tollkeeper run` in the folder (its `tollkeeper.yaml` counts, if there is one) and waits until it is ready.
    static RunningProgram start(Path folder, String... more) {
        return start(folder, freePorts(), more);
    }

    static RunningProgram start(Path folder, Map<String, Integer> ports, String... more) {
        return ready(launch(folder, ports, more));
    }

    /// Starts `tollkeeper meter` in the folder and waits until it is ready.
    static RunningProgram startMeter(Path folder, String... more) {
        return ready(launch("meter", folder, freePorts(), more));
    }

    /// Starts `tollkeeper gateway` or another role and waits until it is ready.
    static RunningProgram startRole(String role, Path folder, Map<String, Integer> ports, String... more) {
        return ready(launch(role, folder, ports, more));
    }

    static RunningProgram ready(RunningProgram program) {
        Eventually.value("ready", PATIENCE, program::greeting, text -> {
            if (!program.process.isAlive()) {
                throw new IllegalStateException("ended with " + program.process.exitValue() + ": " + program.errors());
            }
            return text.contains("Ctrl-C ends it");
        });
        return program;
    }

    /// Starts it and does not wait.
    static RunningProgram launch(Path folder, Map<String, Integer> ports, String... more) {
        return launch("run", folder, ports, more);
    }

    static RunningProgram launch(String role, Path folder, Map<String, Integer> ports, String... more) {
        var arguments = new ArrayList<>(List.of(role));
        ports.forEach((listener, port) -> arguments.addAll(List.of("--set", listener + ".listen=127.0.0.1:" + port)));
        arguments.addAll(List.of(more));
        try {
            var out = Files.createTempFile(folder, "out", ".txt");
            var err = Files.createTempFile(folder, "err", ".txt");
            var process = command(folder, arguments).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
            return new RunningProgram(folder, process, out, err, ports);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Runs another command in the folder until it ends.
    static Ended run(Path folder, String... arguments) {
        try {
            var out = Files.createTempFile(folder, "out", ".txt");
            var err = Files.createTempFile(folder, "err", ".txt");
            var process = command(folder, List.of(arguments)).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
            if (!process.waitFor(PATIENCE)) {
                process.destroyForcibly();
                throw new AssertionError("tollkeeper " + List.of(arguments) + " did not end");
            }
            return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static ProcessBuilder command(Path folder, List<String> arguments) {
        var command = new ArrayList<String>();
        command.add(LAUNCHER.toString());
        command.addAll(arguments);
        var builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("TOLLKEEPER_"));
        builder.environment().put("TOLLKEEPER_JAVA", Path.of(System.getProperty("java.home"), "bin", "java").toString());
        builder.environment().put("TOLLKEEPER_JVM_OPTIONS", "-Xmx128m");
        return builder;
    }

    int port(String listener) {
        var port = ports.get(listener);
        if (port == null) {
            throw new IllegalArgumentException("no listener " + listener);
        }
        return port;
    }

    /// All it said on stdout so far: the greeting, then the access log.
    String greeting() {
        return read(out);
    }

    String errors() {
        return read(err);
    }

    Process process() {
        return process;
    }

    Ended ask(String... arguments) {
        return run(folder, arguments);
    }

    /// SIGTERM; does not wait.
    void terminate() {
        process.destroy();
    }

    /// SIGKILL, and waits until the process is gone.
    void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    int awaitEnd() {
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError("the program did not end; it said:\n" + errors());
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override public void close() {
        process.destroyForcibly();
        awaitEnd();
    }
}
