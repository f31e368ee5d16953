package io.tollkeeper.http;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RudePeer;
import io.tollkeeper.testkit.UnansweringPort;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// Which connections are kept, for how long, and who gets them.
class UpstreamPoolTest {

    private @Nullable Engine engine;

    private Engine start(int loops, EngineSettings.Upstreams settings) {
        engine = Engine.start(new EngineSettings(Transport.NIO, loops, EngineSettings.Dns.DEFAULT, settings));
        return engine;
    }

    private static EngineSettings.Upstreams keeping(Duration idle, Duration age) {
        return new EngineSettings.Upstreams(8192, idle, age, Duration.ofMillis(400), 64 * 1024);
    }

    @AfterEach
    void stop() {
        if (engine != null) {
            engine.close();
        }
    }

    private static Upstream atMost(int connections, int port) {
        return new Upstream(null, "127.0.0.1", port, "api.test", null, Upstream.Timeouts.DEFAULT, connections);
    }

    @Test
    void upstreamsThatDifferOnlyInHostHeaderOrTimeoutsShareConnections() throws Exception {
        var caller = new Caller(start(1, EngineSettings.Upstreams.DEFAULT), 0);
        try (var upstream = RudePeer.start(Manner.citizen())) {
            caller.get(Caller.plain(upstream.port()), "/");
            var other = new Upstream(null, "127.0.0.1", upstream.port(), "other.test", null, Upstream.Timeouts.DEFAULT, 7);
            assertThat(caller.get(other, "/").facts().reused()).isTrue();
            assertThat(upstream.lastRequest().header("host")).isEqualTo("other.test");
        }
    }

    @Test
    void callBeyondTheLimitWaitsForTheNextFreeConnection() throws Exception {
        var engine = start(1, EngineSettings.Upstreams.DEFAULT);
        Manner slow = with -> {
            with.awaitRequest();
            with.pause(Duration.ofMillis(200));
            return Manner.citizen().meet(with);
        };
        try (var upstream = RudePeer.start(slow)) {
            var target = atMost(1, upstream.port());
            var first = new Caller(engine, 0).start(target, new UpstreamRequest().target("/1"));
            var second = new Caller(engine, 0).start(target, new UpstreamRequest().target("/2"));
            assertThat(first.get(10, TimeUnit.SECONDS).status()).isEqualTo(200);
            assertThat(second.get(10, TimeUnit.SECONDS).status()).isEqualTo(200);
            assertThat(second.get().facts().reused()).isTrue();
            assertThat(upstream.connections()).isEqualTo(1);
        }
    }

    @Test
    void limitOverAllUpstreamsMakesRoomByClosingAnIdleConnectionToAnother() throws Exception {
        var engine = start(1, new EngineSettings.Upstreams(
                1, Duration.ofSeconds(55), Duration.ofMinutes(10), Duration.ofMillis(400), 64 * 1024));
        try (var one = RudePeer.start(Manner.citizen());
                var other = RudePeer.start(Manner.citizen());
                var silent = RudePeer.start(Manner.silent())) {
            assertThat(new Caller(engine, 0).get(atMost(9, one.port()), "/").status()).isEqualTo(200);
            // The only connection is idle, and not the other's: it goes.
            assertThat(new Caller(engine, 0).get(atMost(9, other.port()), "/").status()).isEqualTo(200);
            Eventually.holds("the first connection is closed", () -> one.openConnections() == 0);

            var request = new UpstreamRequest();
            var unused = new Caller(engine, 0).start(atMost(9, silent.port()), request);
            assertThat(unused).isNotNull();
            Eventually.holds("the only connection is busy", () -> silent.received() == 1);
            var refused = new Caller(engine, 0).get(atMost(9, one.port()), "/");
            assertThat(refused.failure()).isEqualTo(Reason.UPSTREAM_POOL_EXHAUSTED);
            assertThat(refused.evidence()).contains("all upstreams together have used up the limit of 1");
            engine.loops().getFirst().execute(() -> request.call.cancel());
        }
    }

    @Test
    void callThatFindsNoFreeConnectionInTimeIsRefused() throws Exception {
        var engine = start(1, keeping(Duration.ofSeconds(55), Duration.ofMinutes(10)));
        try (var upstream = RudePeer.start(Manner.silent())) {
            var target = atMost(2, upstream.port());
            var requests = new UpstreamRequest[] {new UpstreamRequest(), new UpstreamRequest()};
            for (var request : requests) {
                var unused = new Caller(engine, 0).start(target, request);
                assertThat(unused).isNotNull();
            }
            Eventually.holds("both calls are under way", () -> upstream.received() == 2);
            var refused = new Caller(engine, 0).get(target, "/");
            assertThat(refused.failure()).isEqualTo(Reason.UPSTREAM_POOL_EXHAUSTED);
            assertThat(refused.evidence()).contains("2 connections").contains("limit 2").contains("waited 400.0 ms");
            engine.loops().getFirst().execute(() -> requests[0].call.cancel());
            assertThat(new Caller(engine, 0).start(target, new UpstreamRequest())).isNotNull();
            Eventually.holds("a cancelled call frees its slot", () -> upstream.received() == 3);
        }
    }

    @Test
    void idleConnectionOfAnotherLoopIsClosedWhenItsSlotIsNeeded() throws Exception {
        var engine = start(2, EngineSettings.Upstreams.DEFAULT);
        try (var upstream = RudePeer.start(Manner.citizen())) {
            var target = atMost(1, upstream.port());
            assertThat(new Caller(engine, 0).get(target, "/").status()).isEqualTo(200);
            var other = new Caller(engine, 1).get(target, "/");
            assertThat(other.failure()).as(other.evidence()).isNull();
            assertThat(upstream.connections()).isEqualTo(2);
            Eventually.holds("one is open", () -> engine.upstreams().openConnections(target) == 1);
        }
    }

    @Test
    void idleConnectionIsClosedAfterItsTime() throws Exception {
        var caller = new Caller(start(1, keeping(Duration.ofMillis(300), Duration.ofMinutes(10))), 0);
        try (var upstream = RudePeer.start(Manner.citizen())) {
            caller.get(Caller.plain(upstream.port()), "/");
            assertThat(upstream.openConnections()).isEqualTo(1);
            Eventually.holds("closed", () -> upstream.openConnections() == 0);
        }
    }

    @Test
    void oldConnectionIsReplaced() throws Exception {
        var caller = new Caller(start(1, keeping(Duration.ofSeconds(55), Duration.ofMillis(300))), 0);
        try (var upstream = RudePeer.start(Manner.citizen())) {
            var target = Caller.plain(upstream.port());
            var first = caller.get(target, "/").facts().connection();
            Eventually.value("a new connection", () -> caller.get(target, "/").facts().connection(), n -> n != first);
        }
    }

    @Test
    void endOfAnIdleConnectionIsSeenAtOnce() throws Exception {
        var engine = start(1, EngineSettings.Upstreams.DEFAULT);
        try (var upstream = RudePeer.start(Manner.citizen())) {
            var target = Caller.plain(upstream.port());
            var caller = new Caller(engine, 0);
            caller.get(target, "/");
            upstream.dropConnections();
            Eventually.holds("our side is closed too", () -> engine.upstreams().openConnections(target) == 0);
            var next = caller.call(target, "POST", "/", false);
            assertThat(next.status()).isEqualTo(200);
            assertThat(next.facts().attempts()).isEqualTo(1);
        }
    }

    @Test
    void bytesOnAnIdleConnectionDropIt() throws Exception {
        var engine = start(1, EngineSettings.Upstreams.DEFAULT);
        Manner talkative = with -> {
            Manner.citizen().meet(with);
            with.pause(Duration.ofMillis(100));
            with.write("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
            with.drain();
            return false;
        };
        try (var upstream = RudePeer.start(talkative)) {
            var target = Caller.plain(upstream.port());
            assertThat(new Caller(engine, 0).get(target, "/").status()).isEqualTo(200);
            Eventually.holds("dropped", () -> engine.upstreams().openConnections(target) == 0);
        }
    }

    @Test
    void timeAfterWhichAnUpstreamClosesIsLearned() throws Exception {
        var engine = start(1, EngineSettings.Upstreams.DEFAULT);
        try (var upstream = RudePeer.start(Manner.closingIdleAfter(Duration.ofMillis(1200), Manner.citizen()))) {
            var target = Caller.plain(upstream.port());
            var caller = new Caller(engine, 0);
            caller.get(target, "/");
            Eventually.holds("the upstream closed it", () -> engine.upstreams().openConnections(target) == 0);
            caller.get(target, "/");
            long since = System.nanoTime();
            Eventually.holds("we closed it", () -> engine.upstreams().openConnections(target) == 0);
            assertThat(System.nanoTime() - since).isLessThan(Duration.ofMillis(1150).toNanos());
        }
    }

    @Test
    void shortestCloseDecidesAndAnEarlyOneTeachesNothing() {
        var key = new Destination.Key(null, "api.test", 80, null, Upstream.Protocol.HTTP_1_1, null);
        var destination = new Destination(key, "http://api.test:80", new ConnectionBudget(9), 1);
        long second = 1_000_000_000L;
        assertThat(destination.idleLimit(55 * second)).isEqualTo(55 * second);
        destination.sawClose(second / 2);
        assertThat(destination.idleLimit(55 * second)).isEqualTo(55 * second);
        destination.sawClose(60 * second);
        assertThat(destination.idleLimit(55 * second)).isEqualTo(55 * second);
        destination.sawClose(30 * second);
        assertThat(destination.idleLimit(55 * second)).isEqualTo(29 * second);
        destination.sawClose(50 * second);
        assertThat(destination.idleLimit(55 * second)).isEqualTo(29 * second);
        assertThat(destination.learned()).contains("after 30.0 s (shortest of 4 closes)");
    }

    @Test
    void cancelledConnectIsHarmlessAndItsConnectionKept() throws Exception {
        var engine = start(1, EngineSettings.Upstreams.DEFAULT);
        try (var upstream = RudePeer.start(Manner.citizen());
                var silent = UnansweringPort.open()) {
            var target = Caller.plain(upstream.port());
            var request = new UpstreamRequest();
            var loop = engine.loops().getFirst();
            loop.execute(() -> {
                engine.upstreams().call(loop, target, request, new Never()).cancel();
                engine.upstreams().call(loop, Caller.plain(silent.port()), request, new Never()).cancel();
            });
            Eventually.holds("the connection stands", () -> upstream.openConnections() == 1);
            var next = new Caller(engine, 0).get(target, "/");
            assertThat(next.status()).isEqualTo(200);
            assertThat(upstream.connections()).isEqualTo(1);
        }
    }

    /// Fails its loop's log when it hears anything.
    private static final class Never implements UpstreamHandler {
        @Override
        public void answered(UpstreamResponse response) {
            throw new AssertionError("answered after cancel");
        }

        @Override
        public void ended() {
            throw new AssertionError("ended after cancel");
        }

        @Override
        public void failed(Reason reason, String evidence) {
            throw new AssertionError("failed after cancel: " + evidence);
        }
    }
}
