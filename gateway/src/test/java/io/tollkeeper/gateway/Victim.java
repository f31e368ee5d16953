package io.tollkeeper.gateway;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;

import static org.assertj.core.api.Assertions.assertThat;

/// A well-behaved client that keeps calling while others attack: some calls on a connection, then on a new one. On a
/// thread of its own.
final class Victim implements AutoCloseable {

    private static final int CALLS_PER_CONNECTION = 50;

    private final int port;
    private final Thread thread;
    private final List<String> failures = new ArrayList<>();
    private volatile boolean going = true;
    private final AtomicInteger answered = new AtomicInteger();
    private volatile long slowestNanos;

    Victim(int port) {
        this.port = port;
        thread = Thread.ofVirtual().start(this::callOn);
    }

    private void callOn() {
        while (going) {
            try (RawClient client = RawClient.connect(port)) {
                for (int i = 0; i < CALLS_PER_CONNECTION && going; i++) {
                    long begun = System.nanoTime();
                    RawAnswer answer = client.send("GET /a?user_key=k HTTP/1.1\r\nHost: api.test\r\n\r\n").answer();
                    slowestNanos = Math.max(slowestNanos, System.nanoTime() - begun);
                    if (answer.status() != 200) {
                        failures.add(answer.toString());
                    }
                    answered.incrementAndGet();
                }
            } catch (IOException | AssertionError e) {
                failures.add(e.toString());
            }
        }
    }

    int answered() {
        return answered.get();
    }

    /// Fails if any call failed or took longer than that.
    void wasUnharmed(Duration slowest) throws InterruptedException {
        going = false;
        assertThat(thread.join(Duration.ofSeconds(20))).as("the victim's last call ends").isTrue();
        assertThat(failures).isEmpty();
        assertThat(Duration.ofNanos(slowestNanos)).as("slowest of %d calls", answered.get()).isLessThan(slowest);
    }

    @Override
    public void close() {
        going = false;
    }
}
