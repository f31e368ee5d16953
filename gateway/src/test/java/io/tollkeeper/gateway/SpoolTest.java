package io.tollkeeper.gateway;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

import io.tollkeeper.core.flight.FlightRecord.DecidedBy;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.gateway.exchange.Caching;
import io.tollkeeper.gateway.meter.RemoteMeter;
import io.tollkeeper.gateway.meter.RemoteMeterSettings;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// A meter of ours as peer: counts go to disk first and are handed in once, whatever happens in between.
class SpoolTest {

    @TempDir
    private Path folder;

    private final MeterStub meter = new MeterStub();
    private RudePeer upstream;
    private RudePeer peer;

    @BeforeEach
    void start() {
        meter.extraHeaders = "Tollkeeper-Meter: 1\r\n";
        upstream = RudePeer.start(Manner.citizen());
        peer = RudePeer.start(meter);
    }

    @AfterEach
    void stop() throws IOException {
        peer.close();
        upstream.close();
    }

    private static ProxyConfig product(int upstream, int meter) {
        return RunningGateway.product("http://127.0.0.1:" + upstream, p -> p.backend("http://127.0.0.1:" + meter, null));
    }

    private RunningGateway gateway(Caching caching) throws IOException {
        return RunningGateway.remote(RemoteMeterSettings.DEFAULT.caching(caching).spool(folder))
                .products(product(upstream.port(), peer.port()))
                .start();
    }

    /// What the meter would have counted: authreps, and every batch once.
    private long counted(String key) {
        long sum = 0;
        Set<String> seen = new HashSet<>();
        for (MeterStub.Asked call : meter.asked()) {
            if (call.path().endsWith("/authrep.xml") && key.equals(call.query().get("user_key"))) {
                sum++;
            } else if (call.method().equals("POST") && seen.add(call.request().header("tollkeeper-batch"))) {
                sum += sum(call.form(), key, "[usage][hits]");
            }
        }
        return sum;
    }

    private long statuses(String key, int status) {
        long sum = 0;
        Set<String> seen = new HashSet<>();
        for (MeterStub.Asked call : meter.asked()) {
            if (call.method().equals("POST") && seen.add(call.request().header("tollkeeper-batch"))) {
                sum += sum(call.form(), key, "[codes][" + status + "]");
            }
        }
        return sum;
    }

    private static long sum(Map<String, String> form, String key, String what) {
        long sum = 0;
        for (int i = 0; form.containsKey("transactions[" + i + "][user_key]"); i++) {
            if (key.equals(form.get("transactions[" + i + "][user_key]"))) {
                sum += Long.parseLong(form.getOrDefault("transactions[" + i + "]" + what, "0"));
            }
        }
        return sum;
    }

    private long files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.count();
        }
    }

    private static void closeMeter(RunningGateway gateway) {
        ((RemoteMeter) gateway.meter()).close();
    }

    @Test
    void callsAreLetInWithoutAskingAndHandedInWithTheirStatuses() throws IOException {
        try (RunningGateway gateway = gateway(Caching.STRICT)) {
            for (int i = 0; i < 5; i++) {
                assertThat(gateway.get("/a?user_key=k").status()).isEqualTo(200);
            }
            RawAnswer last = gateway.get("/status/404?user_key=k");
            assertThat(gateway.record(last).decidedBy()).isEqualTo(DecidedBy.CACHE);
            Eventually.value("statuses 404", () -> statuses("k", 404), count -> count == 1);
            Eventually.value("statuses 200", () -> statuses("k", 200), count -> count == 5);
            assertThat(counted("k")).isEqualTo(6);
            assertThat(meter.asked().stream().filter(call -> call.path().endsWith("/authrep.xml")).count()).isEqualTo(1);
            closeMeter(gateway);
            assertThat(files()).isZero();
        }
    }

    @Test
    void whileTheMeterIsAwayCountsWaitOnDiskAndAreHandedInOnce() throws IOException {
        try (RunningGateway gateway = gateway(Caching.RESILIENT)) {
            gateway.get("/a?user_key=k");
            meter.reportStatus = 0;
            for (int i = 0; i < 10; i++) {
                assertThat(gateway.get("/a?user_key=k").status()).isEqualTo(200);
            }
            Eventually.value("first attempt", () -> meter.asked().stream().filter(c -> c.method().equals("POST")).count(), n -> n > 0);
            Eventually.passes(() -> assertThat(gateway.metrics()).containsPattern("tollkeeper_spool_files [12]\n"));
            meter.reportStatus = 202;
            Eventually.passes(() -> assertThat(gateway.metrics()).contains("tollkeeper_spool_files 0\n"));
            assertThat(counted("k")).isEqualTo(11);
            closeMeter(gateway);
        }
    }

    @Test
    void anAnswerThatIsLostDoesNotCountTwice() throws IOException {
        try (RunningGateway gateway = gateway(Caching.STRICT)) {
            gateway.get("/a?user_key=k");
            gateway.get("/a?user_key=k");
            meter.reportStatus = 500;
            Eventually.value("attempts", () -> meter.asked().stream().filter(c -> c.method().equals("POST")).count(), n -> n > 1);
            meter.reportStatus = 202;
            closeMeter(gateway);
            assertThat(counted("k")).isEqualTo(2);
        }
    }

    @Test
    void nearALimitTheMeterIsAskedAboutAllThatItMayNotKnowOf() throws IOException {
        meter.extraHeaders = "Tollkeeper-Meter: 1\r\n3scale-limit-remaining: 3\r\n";
        try (RunningGateway gateway = gateway(Caching.STRICT)) {
            for (int i = 0; i < 4; i++) {
                assertThat(gateway.record(gateway.get("/a?user_key=k")).decidedBy())
                        .isEqualTo(i == 0 ? DecidedBy.ANSWER : DecidedBy.CACHE);
            }
            assertThat(gateway.record(gateway.get("/a?user_key=k")).decidedBy()).isEqualTo(DecidedBy.ANSWER);
            assertThat(meter.asked()).anySatisfy(call -> {
                assertThat(call.path()).endsWith("/authorize.xml");
                assertThat(call.query()).containsEntry("usage[hits]", "4");
            });
            closeMeter(gateway);
            assertThat(counted("k")).isEqualTo(5);
        }
    }

    @Test
    void aRefusalIsTheMetersWordAtOnce() throws IOException {
        try (RunningGateway gateway = gateway(Caching.STRICT)) {
            assertThat(gateway.get("/a?user_key=k").status()).isEqualTo(200);
            RawAnswer limited = gateway.get("/a?user_key=limits");
            assertThat(limited.status()).isEqualTo(429);
            assertThat(gateway.record(limited).reason()).isEqualTo(Reason.LIMIT);
            closeMeter(gateway);
        }
    }

    /// A gateway that is killed while it serves, again and again.
    @Test
    void akilledGatewayLosesNoCallThatItAnsweredAndCountsNoneTwice() throws Exception {
        long answered = 0;
        long asked = 0;
        for (int round = 0; round < 3; round++) {
            Child child = Child.start(upstream.port(), peer.port(), folder);
            Traffic traffic = new Traffic(child.port());
            // the last round's counts are handed in while this round goes on
            Eventually.value("answers", () -> traffic.answered, count -> count > 300);
            meter.reportStatus = round == 1 ? 0 : 202;
            long before = traffic.answered;
            Eventually.value("more answers", () -> traffic.answered, count -> count > before + 300);
            child.kill();
            traffic.join();
            answered += traffic.answered;
            asked += traffic.asked;
        }
        meter.reportStatus = 202;
        try (RunningGateway gateway = gateway(Caching.RESILIENT)) {
            Eventually.passes(() -> assertThat(gateway.metrics()).contains("tollkeeper_spool_files 0\n"));
            closeMeter(gateway);
        }
        assertThat(counted("k")).isBetween(answered, asked);
        assertThat(statuses("k", 200)).isBetween(answered - 8 * 3, asked);
    }

    /// Four clients that ask one call after the other until their gateway is gone.
    private static final class Traffic {
        private final List<Future<?>> clients = new ArrayList<>();
        private volatile long answered;
        private volatile long asked;

        Traffic(int port) {
            var threads = Executors.newVirtualThreadPerTaskExecutor();
            for (int i = 0; i < 4; i++) {
                clients.add(threads.submit(() -> ask(port)));
            }
            threads.shutdown();
        }

        private void ask(int port) {
            try (RawClient client = RawClient.connect(port)) {
                while (true) {
                    count(false);
                    client.send("GET /a?user_key=k HTTP/1.1\r\nHost: api.test\r\n\r\n");
                    if (client.answer().status() != 200) {
                        return;
                    }
                    count(true);
                }
            } catch (IOException | RuntimeException gone) {
                // the gateway was killed
                assertThat(gone).isNotNull();
            }
        }

        private synchronized void count(boolean answer) {
            if (answer) {
                answered++;
            } else {
                asked++;
            }
        }

        void join() throws InterruptedException, ExecutionException {
            for (Future<?> client : clients) {
                client.get();
            }
        }
    }

    /// A gateway in a process of its own.
    static final class Child {

        private final Process process;
        private final int port;

        private Child(Process process, int port) {
            this.process = process;
            this.port = port;
        }

        static Child start(int upstream, int meter, Path folder) throws IOException {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                            "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx128m", "--enable-native-access=ALL-UNNAMED",
                            "-cp", System.getProperty("java.class.path"),
                            Child.class.getName(), Integer.toString(upstream), Integer.toString(meter), folder.toString())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (line.startsWith("PORT ")) {
                    return new Child(process, Integer.parseInt(line.substring(5)));
                }
            }
            throw new IOException("the gateway's process ended before it listened");
        }

        int port() {
            return port;
        }

        void kill() throws InterruptedException {
            process.destroyForcibly().waitFor();
        }

        public static void main(String[] arguments) throws IOException {
            RunningGateway gateway = RunningGateway.remote(
                            RemoteMeterSettings.DEFAULT.caching(Caching.RESILIENT).spool(Path.of(arguments[2])))
                    .products(product(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1])))
                    .start();
            System.out.println("PORT " + gateway.port());
        }
    }
}
