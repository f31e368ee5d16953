package io.tollkeeper.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import io.tollkeeper.app.control.ControlClient;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// The configuration file changes while calls go on.
class ReloadIT {
    private static final int CLIENTS = 8;

    @TempDir private Path folder;

    @Test void changesAreTakenOverAndABrokenFileChangesNothingWithoutLosingACall() throws Exception {
        try (var upstream = new TestUpstream()) {
            write(configuration(upstream.port(), 0));
            try (var program = RunningProgram.start(folder)) {
                var control = new ControlClient(folder.resolve("data"));
                try (var load = new Load(program.port("gateway"))) {
                    for (int round = 1; round <= 10; round++) {
                        write(configuration(upstream.port(), round));
                        int products = round;
                        Eventually.holds("round " + products + " in force", () -> control.status().text().contains((products + 1) + " products")
                                && call(program.port("gateway"), "extra" + products, "/?user_key=extra").contains(" 200 "));
                    }
                    int before = load.passed.get();
                    write(configuration(upstream.port(), 0).replace("upstream:", "upstrem:"));
                    Eventually.holds("the broken file is refused", () -> control.status().text().contains("a newer one was refused"));
                    assertThat(control.status().text()).contains("products.orders.upstrem: unknown key (did you mean upstream?)");
                    assertThat(control.reload()).satisfies(answer -> {
                        assertThat(answer.exitCode()).isEqualTo(1);
                        assertThat(answer.text()).contains("tollkeeper.yaml:4  products.orders.upstrem: unknown key");
                    });
                    assertThat(call(program.port("gateway"), "extra10", "/?user_key=extra")).contains(" 200 ");
                    write(configuration(upstream.port(), 0));
                    Eventually.holds("products that left are gone", () -> call(program.port("gateway"), "extra1", "/?user_key=extra").contains(" 404 "));
                    Files.delete(folder.resolve("tollkeeper.yaml"));
                    Eventually.holds("the missing file is told", () -> control.status().text().contains("tollkeeper.yaml  no such file"));
                    Eventually.holds("the load went on", () -> load.passed.get() > before + 1000);
                    assertThat(load.failures).isEmpty();
                }
            }
        }
    }

    private void write(String text) throws IOException {
        Files.writeString(folder.resolve("tollkeeper.yaml"), text);
    }

    private static String configuration(int upstream, int extras) {
        var text = new StringBuilder(product("orders", "orders", upstream, "key"));
        IntStream.rangeClosed(1, extras).forEach(i -> text.append(product("extra" + i, "extra" + i, upstream, "extra")));
        return "products:\n" + text;
    }

    private static String product(String id, String host, int upstream, String key) {
        return """
                  %1$s:
                    hosts: [%2$s]
                    upstream: http://127.0.0.1:%3$d
                    rules: [{method: ANY, pattern: /}]
                    plans: {basic: {limits: [{metric: hits, period: eternity, max: 1000000}]}}
                    applications: {app: {plan: basic, user-key: %4$s}}
                """.formatted(id, host, upstream, key).indent(0);
    }

    private static String call(int port, String host, String target) throws IOException {
        try (var client = RawClient.connect(port)) {
            return client.send("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n").answer().statusLine() + " ";
        }
    }

    /// Clients that call without pause on connections they keep.
    private static final class Load implements AutoCloseable {
        private final AtomicBoolean going = new AtomicBoolean(true);
        private final AtomicInteger passed = new AtomicInteger();
        private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
        private final List<Thread> threads;

        Load(int port) {
            threads = IntStream.range(0, CLIENTS).mapToObj(i -> Thread.ofVirtual().start(() -> call(port))).toList();
        }

        private void call(int port) {
            try (var client = RawClient.connect(port)) {
                while (going.get()) {
                    var answer = client.send("GET /?user_key=key HTTP/1.1\r\nHost: orders\r\n\r\n").answer();
                    if (answer.status() == 200 && answer.text().equals("fine\n")) {
                        passed.incrementAndGet();
                    } else {
                        failures.add(answer.rawText());
                        return;
                    }
                }
            } catch (IOException | RuntimeException e) {
                failures.add(e.toString());
            }
        }

        @Override public void close() {
            going.set(false);
            for (var thread : threads) {
                assertThat(joined(thread)).isTrue();
            }
        }

        private static boolean joined(Thread thread) {
            try {
                return thread.join(java.time.Duration.ofSeconds(20));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
    }
}
