package io.tollkeeper.store.crash;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// An [AcknowledgingChild] and what it said so far.
final class ChildProcess {

    private final Process process;
    private final Map<String, AtomicLong> acknowledged = new ConcurrentHashMap<>();
    private final AtomicLong lines = new AtomicLong();
    private final CountDownLatch ready = new CountDownLatch(1);
    private final Thread listener;

    ChildProcess(Path folder, int applications) throws IOException {
        this(List.of(), folder, applications);
    }

    /// Started by another program that runs it, such as `strace`.
    ChildProcess(List<String> prefix, Path folder, int applications) throws IOException {
        List<String> whole = new ArrayList<>(prefix);
        whole.addAll(command(folder.toString(), Integer.toString(applications)));
        process = new ProcessBuilder(whole)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        listener = Thread.ofPlatform().daemon().start(this::listen);
    }

    static List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                AcknowledgingChild.class.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    private void listen() {
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (line.equals("READY")) {
                    ready.countDown();
                } else if (line.matches("a\\d+")) {
                    acknowledged.computeIfAbsent(line, _ -> new AtomicLong()).incrementAndGet();
                    lines.incrementAndGet();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean awaitReady() throws InterruptedException {
        return ready.await(60, TimeUnit.SECONDS);
    }

    /// How many calls of an application this process acknowledged.
    long acknowledged(String application) {
        AtomicLong count = acknowledged.get(application);
        return count == null ? 0 : count.get();
    }

    long acknowledged() {
        return lines.get();
    }

    /// Freezes the process, as if time stood still for it, or lets it go on.
    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    }

    /// `kill -9`, and everything that it had said before is heard.
    void kill() throws InterruptedException {
        // Who only runs it would leave it running.
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
        listener.join();
    }
}
