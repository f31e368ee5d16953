package io.tollkeeper.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// SIGKILL at random moments under load: what was acknowledged is there, once.
class KillIT {
    private static final int KILLS = 20;
    private static final int CLIENTS = 6;
    private static final Pattern CURRENT = Pattern.compile("<current_value>(\\d+)</current_value>");

    @TempDir private Path folder;

    /// Calls that were answered, and calls of which nobody knows whether they were counted.
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicLong unanswered = new AtomicLong();
    private final ConcurrentLinkedQueue<String> surprises = new ConcurrentLinkedQueue<>();

    @Test void whatTheMeterAcknowledgedSurvivesTwentyKillsAndNothingIsCountedTwice() throws Exception {
        Files.writeString(folder.resolve("tollkeeper.yaml"), """
                products:
                  orders:
                    hosts: [orders]
                    upstream: http://127.0.0.1:1
                    rules: [{method: ANY, pattern: /}]
                    plans: {basic: {limits: [{metric: hits, period: eternity, max: 1000000000}]}}
                    applications: {app: {plan: basic, user-key: key}}
                    service-tokens: [token]
                """);
        var chance = new Random(20);
        var ports = RunningProgram.freePorts();
        for (int kill = 1; kill <= KILLS; kill++) {
            long before = acknowledged.get();
            try (var program = RunningProgram.start(folder, ports)) {
                assertCounted(program, "before kill " + kill);
                var clients = IntStream.range(0, CLIENTS).mapToObj(i -> Thread.ofVirtual().start(() -> call(program.port("meter"), i))).toList();
                long until = before + 50 + chance.nextInt(400);
                Eventually.holds("calls before kill " + kill, () -> acknowledged.get() > until);
                program.kill();
                join(clients);
                assertThat(surprises).isEmpty();
            }
        }
        assertThat(acknowledged.get()).isGreaterThan(KILLS * 50L);
        try (var program = RunningProgram.start(folder, ports)) {
            assertCounted(program, "at the end");
        }
    }

    private void assertCounted(RunningProgram program, String when) throws IOException {
        try (var client = RawClient.connect(program.port("meter"))) {
            var answer = client.send("GET /transactions/authorize.xml?service_token=token&service_id=orders&user_key=key HTTP/1.1\r\nHost: m\r\n\r\n").answer();
            assertThat(answer.status()).as(answer.rawText()).isEqualTo(200);
            var current = CURRENT.matcher(answer.text());
            assertThat(current.find()).as(answer.text()).isTrue();
            assertThat(Long.parseLong(current.group(1))).as(when + " (" + acknowledged + " acknowledged, " + unanswered + " unanswered)")
                    .isBetween(acknowledged.get(), acknowledged.get() + unanswered.get());
        }
    }

    /// Half of the clients authorize and report in one call, the others hand in reports of three.
    private void call(int port, int number) {
        boolean reports = number % 2 == 1;
        int weight = reports ? 3 : 1;
        var transactions = new StringBuilder("service_token=token&service_id=orders");
        IntStream.range(0, 3).forEach(i -> transactions.append("&transactions[").append(i).append("][user_key]=key&transactions[").append(i).append("][usage][hits]=1"));
        var request = reports
                ? "POST /transactions.xml HTTP/1.1\r\nHost: m\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
                        + transactions.length() + "\r\n\r\n" + transactions
                : "GET /transactions/authrep.xml?service_token=token&service_id=orders&user_key=key&usage%5Bhits%5D=1 HTTP/1.1\r\nHost: m\r\n\r\n";
        boolean waiting = false;
        try (var client = RawClient.connect(port)) {
            while (true) {
                waiting = true;
                unanswered.addAndGet(weight);
                int status = client.send(request).answer().status();
                if (status != (reports ? 202 : 200)) {
                    surprises.add("status " + status);
                    return;
                }
                unanswered.addAndGet(-weight);
                acknowledged.addAndGet(weight);
                waiting = false;
            }
        } catch (IOException e) {
            // The process was killed; what was under way stays unanswered.
            if (!waiting) {
                surprises.add(e.toString());
            }
        }
    }

    private static void join(List<Thread> threads) throws InterruptedException {
        for (var thread : threads) {
            assertThat(thread.join(java.time.Duration.ofSeconds(20))).isTrue();
        }
    }
}
