package io.tollkeeper.http;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Lie;
import io.tollkeeper.testkit.LyingDns;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Name servers that answer well, late, wrongly or not at all.
class ResolverTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final LyingDns dns = LyingDns.start();
    private Engine engine = engine(Transport.NIO, Duration.ofHours(1));

    private Engine engine(Transport transport, Duration staleFor) {
        return Engine.start(new EngineSettings(transport, 1, settings(staleFor, Duration.ofMillis(200))));
    }

    private EngineSettings.Dns settings(Duration staleFor, Duration drainAfter) {
        return new EngineSettings.Dns(
                List.of(dns.address()), false, Duration.ofMillis(400), Duration.ofMillis(100), Duration.ofHours(1), SECOND,
                staleFor, drainAfter);
    }

    @BeforeEach
    void onlyOurServer() {
        replace(settings(Duration.ofHours(1), Duration.ofMillis(200)), List.of(), 1);
    }

    /// An own resolver on the engine's loop: without the name servers and suffixes of the machine that runs the test.
    private Resolver resolver;
    private File hostsFile = new File("/etc/hosts");

    private void replace(EngineSettings.Dns settings, List<String> search, int ndots) {
        if (resolver != null) {
            resolver.close();
        }
        resolver = new Resolver(settings, chosen(engine), engine.loops().getFirst(), new ResolvConf(List.of(), search, ndots), hostsFile);
    }

    private static Transport.Chosen chosen(Engine engine) {
        return engine.chosenTransport();
    }

    @AfterEach
    void stop() throws Exception {
        resolver.close();
        engine.close();
        dns.close();
    }

    private Resolution resolve(String name) throws Exception {
        CompletableFuture<Resolution> resolution = new CompletableFuture<>();
        Loop loop = engine.loops().getFirst();
        loop.execute(() -> resolver.resolve(loop, name, resolution::complete));
        return resolution.get(10, TimeUnit.SECONDS);
    }

    private List<String> addresses(String name) throws Exception {
        Resolution resolution = resolve(name);
        assertThat(resolution).isInstanceOf(Resolution.Found.class);
        return ((Resolution.Found) resolution).addresses().stream().map(a -> a.getHostAddress()).toList();
    }

    private Resolution.Failed failure(String name) throws Exception {
        Resolution resolution = resolve(name);
        assertThat(resolution).isInstanceOf(Resolution.Failed.class);
        return (Resolution.Failed) resolution;
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void addressesOfANameAreFoundOnEveryTransport(Transport transport) throws Exception {
        resolver.close();
        engine.close();
        engine = engine(transport, Duration.ofHours(1));
        onlyOurServer();
        dns.say("api.test", Lie.addresses(SECOND, "127.0.0.2", "127.0.0.3"));
        dns.say("long.test", new Lie.Truncated(Lie.addresses(SECOND, "127.0.0.4")));
        assertThat(addresses("api.test")).containsExactly("127.0.0.2", "127.0.0.3");
        assertThat(addresses("API.test")).containsExactly("127.0.0.2", "127.0.0.3");
        assertThat(dns.queries("api.test")).isEqualTo(1);
        assertThat(addresses("long.test")).containsExactly("127.0.0.4");
        assertThat(dns.queriesOverTcp()).isEqualTo(1);
    }

    @Test
    void aliasesAreFollowedWithTheShortestTimeToLive() throws Exception {
        dns.say("alias.test", new Lie.Alias(Duration.ofHours(1), "real.test"));
        dns.say("real.test", Lie.addresses(SECOND, "127.0.0.5"));
        assertThat(addresses("alias.test")).containsExactly("127.0.0.5");
        dns.say("real.test", Lie.addresses(SECOND, "127.0.0.6"));
        Eventually.value("the new address", () -> addresses("alias.test"), List.of("127.0.0.6")::equals);
    }

    @Test
    void literalsAndLocalhostAskNobody() throws Exception {
        assertThat(addresses("127.0.0.9")).containsExactly("127.0.0.9");
        assertThat(addresses("::1")).containsExactly("0:0:0:0:0:0:0:1");
        assertThat(addresses("localhost")).containsExactly("127.0.0.1");
        assertThat(dns.queries("localhost")).isZero();
    }

    @Test
    void answerIsRefreshedInTheBackgroundBeforeItsTimeIsOver() throws Exception {
        dns.say("api.test", Lie.addresses(SECOND, "127.0.0.2"));
        assertThat(addresses("api.test")).containsExactly("127.0.0.2");
        // From 80 % of its time on, a look at the answer makes the resolver ask again, and the look itself waits for nobody.
        dns.say("api.test", new Lie.Delayed(Duration.ofMillis(150), Lie.addresses(SECOND, "127.0.0.3")));
        Eventually.value("a second query", () -> {
            assertThat(resolve("api.test")).isInstanceOf(Resolution.Found.class);
            return dns.queries("api.test");
        }, n -> n == 2);
        Eventually.value("the new answer", () -> addresses("api.test"), List.of("127.0.0.3")::equals);
    }

    @Test
    void lastGoodAnswerServesWhileServersFailAndSaysSo() throws Exception {
        dns.say("api.test", Lie.addresses(SECOND, "127.0.0.2"));
        assertThat(addresses("api.test")).containsExactly("127.0.0.2");
        dns.say("api.test", Lie.servfail());
        Resolution stale = Eventually.value("a stale answer", () -> resolve("api.test"), r -> r instanceof Resolution.Found(_, var old) && old);
        assertThat(stale).isInstanceOf(Resolution.Found.class);
        dns.say("api.test", Lie.addresses(SECOND, "127.0.0.3"));
        Eventually.value("a good answer again", () -> addresses("api.test"), List.of("127.0.0.3")::equals);
    }

    @Test
    void lastGoodAnswerIsNotUsedForEver() throws Exception {
        replace(settings(Duration.ofMillis(200), SECOND), List.of(), 1);
        dns.say("api.test", Lie.addresses(SECOND, "127.0.0.2"));
        assertThat(addresses("api.test")).containsExactly("127.0.0.2");
        dns.say("api.test", new Lie.Silence());
        Resolution end = Eventually.value("a failure", () -> resolve("api.test"), r -> r instanceof Resolution.Failed);
        assertThat(((Resolution.Failed) end).reason()).isEqualTo(Reason.DNS_TIMEOUT);
        assertThat(((Resolution.Failed) end).evidence()).contains("last good answer 127.0.0.2 is").contains("too old");
    }

    @Test
    void noSuchNameIsBelievedEvenAfterAGoodAnswer() throws Exception {
        dns.say("api.test", Lie.addresses(SECOND, "127.0.0.2"));
        assertThat(addresses("api.test")).containsExactly("127.0.0.2");
        dns.say("api.test", Lie.nxdomain());
        Resolution end = Eventually.value("a failure", () -> resolve("api.test"), r -> r instanceof Resolution.Failed);
        assertThat(((Resolution.Failed) end).reason()).isEqualTo(Reason.DNS_NXDOMAIN);
        assertThat(((Resolution.Failed) end).evidence()).contains("last good answer 127.0.0.2");
    }

    @Test
    void everyKindOfFailureHasItsOwnReasonAndNamesTheServer() throws Exception {
        dns.say("broken.test", Lie.servfail());
        dns.say("refused.test", new Lie.Failure(Lie.Rcode.REFUSED));
        dns.say("silent.test", new Lie.Silence());
        dns.say("empty.test", new Lie.Empty());
        String server = Evidence.address(dns.address());

        assertThat(failure("nobody.test").reason()).isEqualTo(Reason.DNS_NXDOMAIN);
        assertThat(failure("nobody.test").evidence()).contains(server + ": NXDOMAIN for nobody.test");
        assertThat(dns.queries("nobody.test")).as("kept for a while").isEqualTo(1);
        assertThat(failure("broken.test").reason()).isEqualTo(Reason.DNS_SERVFAIL);
        assertThat(failure("broken.test").evidence()).contains(server + ": ServFail for broken.test");
        assertThat(failure("refused.test").reason()).isEqualTo(Reason.DNS_SERVFAIL);
        assertThat(failure("silent.test").reason()).isEqualTo(Reason.DNS_TIMEOUT);
        assertThat(failure("silent.test").evidence()).contains(server + ": no answer for silent.test");
        assertThat(failure("empty.test").reason()).isEqualTo(Reason.DNS_EMPTY);
        assertThat(failure("empty.test").evidence()).contains(server + ": no A record for empty.test");
        assertThat(failure("not a name..").reason()).isEqualTo(Reason.DNS_NXDOMAIN);
    }

    @Test
    void nextServerIsAskedWhenOneFailsOrIsSilent() throws Exception {
        try (var second = LyingDns.start()) {
            dns.say("silent.test", new Lie.Silence());
            dns.say("broken.test", Lie.servfail());
            second.say("silent.test", Lie.addresses(SECOND, "127.0.0.2"));
            second.say("broken.test", Lie.addresses(SECOND, "127.0.0.3"));
            replace(new EngineSettings.Dns(List.of(dns.address(), second.address()), false, Duration.ofMillis(300),
                    SECOND, SECOND, SECOND, SECOND), List.of(), 1);
            assertThat(addresses("silent.test")).containsExactly("127.0.0.2");
            assertThat(addresses("broken.test")).containsExactly("127.0.0.3");
        }
    }

    @Test
    void suffixesAreTriedAsResolvConfSays() throws Exception {
        replace(settings(SECOND, SECOND), List.of("one.test", "two.test"), 2);
        dns.say("api.two.test", Lie.addresses(SECOND, "127.0.0.2"));
        assertThat(addresses("api")).containsExactly("127.0.0.2");
        assertThat(dns.queries("api")).as("fewer dots than ndots: suffixes first").isZero();
        assertThat(failure("a.b.c").evidence()).contains("tried as a.b.c, a.b.c.one.test, a.b.c.two.test");
        assertThat(failure("final.").evidence()).doesNotContain("one.test");
    }

    @Test
    void resolvConfIsReadAsItsManualPageSays() {
        var conf = ResolvConf.parse(List.of(
                "# comment", "nameserver 10.0.0.2", "nameserver fe80::1", "nameserver nonsense", "domain old.test",
                "search a.test b.test", "options rotate ndots:5 timeout:2"));
        assertThat(conf.servers().stream().map(Evidence::address)).containsExactly("10.0.0.2:53", "[fe80:0:0:0:0:0:0:1]:53");
        assertThat(conf.search()).containsExactly("a.test", "b.test");
        assertThat(conf.ndots()).isEqualTo(5);
    }

    @Test
    void addressesThatLeftAreKnownOnlyAfterTheirPatience() throws Exception {
        dns.say("api.test", Lie.addresses(Duration.ZERO, "127.0.0.2", "127.0.0.3"));
        assertThat(addresses("api.test")).hasSize(2);
        dns.say("api.test", Lie.addresses(Duration.ZERO, "127.0.0.3"));
        assertThat(resolver.left("api.test")).isEmpty();
        Eventually.value("the address that left", () -> {
            resolve("api.test");
            return resolver.left("api.test").stream().map(a -> a.getHostAddress()).toList();
        }, List.of("127.0.0.2")::equals);
    }

    @Test
    void connectionsToAnAddressThatLeftAreDrained() throws Exception {
        try (var upstream = RudePeer.start(Manner.citizen())) {
            engine.close();
            engine = engine(Transport.NIO, Duration.ofHours(1));
            dns.say("moving.test", Lie.addresses(Duration.ZERO, "127.0.0.1"));
            var caller = new Caller(engine, 0);
            var target = Caller.plain("moving.test", upstream.port(), Upstream.Timeouts.DEFAULT);
            assertThat(caller.get(target, "/").status()).isEqualTo(200);
            assertThat(caller.get(target, "/").facts().reused()).isTrue();
            assertThat(upstream.openConnections()).isEqualTo(1);
            dns.say("moving.test", Lie.addresses(Duration.ZERO, "127.0.0.2"));
            Eventually.holds("the old connection is closed", () -> upstream.openConnections() == 0);
        }
    }

    @Test
    void callToANameThatDoesNotExistFailsWithThatReason() throws Exception {
        engine.close();
        engine = engine(Transport.NIO, Duration.ofHours(1));
        var outcome = new Caller(engine, 0).get(Caller.plain("gone.test", 80, Upstream.Timeouts.DEFAULT), "/");
        assertThat(outcome.failure()).isEqualTo(Reason.DNS_NXDOMAIN);
    }

    @Test
    void hostsFileIsReadAgainWhenItChanges() throws Exception {
        Path file = Files.createTempFile("hosts", "");
        try {
            Files.writeString(file, "10.1.1.1 api.test\n");
            hostsFile = file.toFile();
            replace(settings(Duration.ofHours(1), Duration.ofMillis(200)), List.of(), 1);
            assertThat(addresses("api.test")).containsExactly("10.1.1.1");
            Files.writeString(file, "10.2.2.2 Api.Test other.test # moved\n");
            resolver.lookAtHosts();
            assertThat(addresses("api.test")).containsExactly("10.2.2.2");
            assertThat(addresses("other.test")).containsExactly("10.2.2.2");
            assertThat(addresses("localhost")).containsExactly("127.0.0.1");
        } finally {
            Files.delete(file);
        }
    }
}
