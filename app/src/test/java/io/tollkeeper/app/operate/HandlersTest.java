package io.tollkeeper.app.operate;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.app.demo.Demo;
import io.tollkeeper.app.demo.Echo;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.EngineSettings;
import io.tollkeeper.http.ExchangeHandler;
import io.tollkeeper.http.Listener;
import io.tollkeeper.http.ListenerSettings;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class HandlersTest {
    private static Engine engine;

    @BeforeAll static void start() {
        engine = Engine.start(new EngineSettings(null, 1, EngineSettings.Dns.DEFAULT));
    }

    @AfterAll static void stop() {
        engine.close();
    }

    @Test void metricsAreRenderedOffTheLoop() throws IOException {
        try (var listener = listen(loop -> new MetricsHandler(loop, () -> "# loop: " + loop.isCurrent() + "\n"))) {
            assertThat(get(listener, "/metrics")).extracting(RawAnswer::status, RawAnswer::text).containsExactly(200, "# loop: false\n");
            assertThat(get(listener, "/").status()).isEqualTo(404);
        }
    }

    @Test void aPageThatComesAfterItsClientWentIsDropped() throws Exception {
        var asked = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        try (var listener = listen(loop -> new MetricsHandler(loop, () -> {
            asked.countDown();
            return waited(go) ? "late\n" : "";
        }))) {
            try (var client = RawClient.connect(listener.address().getPort())) {
                client.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
                assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
                client.reset();
            }
            go.countDown();
            assertThat(get(listener, "/metrics").text()).isEqualTo("late\n");
        }
    }

    @Test void theEchoTellsWhatItGot() throws IOException {
        var echo = new Echo();
        try (var listener = listen(_ -> echo)) {
            assertThat(get(listener, "/a%20b?x=1").text()).startsWith("GET /a%20b?x=1 HTTP/1.1\nHost: x\n");
        }
    }

    @Test void theDemoIsAGoodConfiguration() {
        assertThat(Demo.yaml(4711)).contains("http://127.0.0.1:4711").contains(Demo.KEY).contains(Demo.LIMITED_KEY)
                .contains("max: " + Demo.CALLS_PER_MINUTE);
    }

    private static boolean waited(CountDownLatch latch) {
        try {
            return latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static Listener listen(ExchangeHandler.Factory handlers) throws IOException {
        return engine.listen(ListenerSettings.plain("test", new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), handlers);
    }

    private static RawAnswer get(Listener listener, String target) throws IOException {
        try (var client = RawClient.connect(listener.address().getPort())) {
            return client.send("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n").answer();
        }
    }
}
