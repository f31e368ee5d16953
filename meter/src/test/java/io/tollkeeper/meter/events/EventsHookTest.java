package io.tollkeeper.meter.events;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

import io.tollkeeper.core.event.Event;
import io.tollkeeper.core.event.EventStore;
import io.tollkeeper.core.event.EventStoreException;
import io.tollkeeper.core.event.Notice;
import io.tollkeeper.core.event.NoticeState;
import io.tollkeeper.core.event.StoredEvent;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RefusingPort;
import io.tollkeeper.testkit.RudePeer;
import io.tollkeeper.testkit.store.MemoryEventStore;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class EventsHookTest {

    private static final Duration SOON = Duration.ofMillis(50);
    private static final Duration TIMEOUT = Duration.ofMillis(400);
    private static final Manner FAILING = Manner.answering("HTTP/1.1 500 Oops\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");

    private final MemoryEventStore events = new MemoryEventStore();

    @Test
    void aPortalIsToldWithTheSecretWhileThereAreEventsAndNotWithout() throws IOException {
        try (var portal = RudePeer.start(Manner.citizen());
                var hook = EventsHook.start(settings(portal.port(), "s&cret=ü"), events, "0-test")) {
            happens();
            Eventually.holds("told", () -> hook.health().delivered() == 1);
            assertThat(portal.lastRequest().startLine()).isEqualTo("POST /events/import?v=1 HTTP/1.1");
            assertThat(portal.lastRequest().header("content-type")).isEqualTo("application/x-www-form-urlencoded");
            assertThat(portal.lastRequest().header("user-agent")).isEqualTo("Tollkeeper/0-test");
            Eventually.holds("the body is there", () ->
                    new String(portal.lastRequest().body(), StandardCharsets.UTF_8).equals("secret=s%26cret%3D%C3%BC"));
            Eventually.holds("told again", () -> hook.health().delivered() >= 2);
            events.deleteUpTo(1);
            // One may have been under way.
            long told = Eventually.value("told", portal::received, n -> n == hook.health().delivered());
            happens();
            Eventually.holds("told of the next", () -> portal.received() > told);
            assertThat(hook.health().failed()).isZero();
        }
    }

    @Test
    void aPortalThatFailsAndHangsIsToldUntilItAnswers() throws IOException {
        try (var portal = RudePeer.start(FAILING, Manner.silent(), Manner.resetAfterRequest(), Manner.citizen());
                var hook = EventsHook.start(settings(portal.port(), "s"), events, "0-test")) {
            happens();
            Eventually.holds("the first attempt failed", () -> hook.health().failed() == 1);
            assertThat(hook.health().fault()).startsWith("it answered 500 (expected: 200)");
            Eventually.holds("the second attempt failed", () -> hook.health().failed() == 2);
            assertThat(hook.health().fault()).startsWith("no answer within 400 ms; is meter.events.hook.url right");
            Eventually.holds("told", () -> hook.health().delivered() == 1);
            assertThat(hook.health().failed()).isEqualTo(3);
            assertThat(hook.health().fault()).isNull();
            assertThat(events.isEmpty()).as("who fetches them deletes them").isFalse();
        }
    }

    @Test
    void aPortalIsNotToldMoreOftenThanTheIntervalSays() throws IOException {
        try (var portal = RudePeer.start(Manner.citizen())) {
            var seldom = new HookSettings(url(portal.port()), "s", Duration.ofMinutes(10), TIMEOUT);
            try (var hook = EventsHook.start(seldom, events, "0-test")) {
                happens();
                Eventually.holds("told", () -> hook.health().delivered() == 1);
                for (int i = 0; i < 100; i++) {
                    happens();
                }
            }
            assertThat(portal.received()).isEqualTo(1);
        }
    }

    @Test
    void aPortalThatIsDownIsAFaultThatSaysSo() throws IOException {
        try (var nobody = RefusingPort.open();
                var hook = EventsHook.start(settings(nobody.port(), "s"), events, "0-test")) {
            happens();
            Eventually.holds("failed", () -> hook.health().failed() > 0);
            assertThat(hook.health().fault()).startsWith("no connection or no answer: ");
        }
    }

    @Test
    void aStoreThatCannotBeReadEndsNothing() throws IOException {
        var mended = new AtomicBoolean();
        var broken = new EventStore() {

            @Override
            public List<StoredEvent> oldest(int limit) {
                return List.of();
            }

            @Override
            public boolean isEmpty() {
                if (!mended.get()) {
                    throw new EventStoreException("the disk is gone", new IllegalStateException());
                }
                return false;
            }

            @Override
            public long deleteUpTo(long id) {
                return 0;
            }

            @Override
            public boolean delete(long id) {
                return false;
            }
        };
        try (var portal = RudePeer.start(Manner.citizen());
                var hook = EventsHook.start(settings(portal.port(), "s"), broken, "0-test")) {
            Eventually.holds("failed", () -> "the disk is gone".equals(hook.health().fault()));
            mended.set(true);
            Eventually.holds("told", () -> hook.health().delivered() > 0);
        }
    }

    @Test
    void closingDoesNotWaitForAPortalThatHangs() throws IOException {
        try (var portal = RudePeer.start(Manner.silent())) {
            var hook = EventsHook.start(
                    new HookSettings(url(portal.port()), "s", SOON, Duration.ofMinutes(10)), events, "0-test");
            happens();
            Eventually.holds("asked", () -> portal.received() == 1);
            long began = System.nanoTime();
            hook.close();
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
            Eventually.holds("the connection is closed", () -> portal.openConnections() == 0);
        }
    }

    @Test
    void theSecretIsInNoText() {
        assertThat(settings(1, "hush")).asString().doesNotContain("hush");
    }

    private void happens() {
        events.committed(List.of(new Notice(1, new Event.FirstTraffic("s", "a", 1), NoticeState.NEVER)));
    }

    private static HookSettings settings(int port, String secret) {
        return new HookSettings(url(port), secret, SOON, TIMEOUT);
    }

    private static URI url(int port) {
        return URI.create("http://127.0.0.1:" + port + "/events/import?v=1");
    }
}
