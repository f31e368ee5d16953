package io.tollkeeper.http;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RudePeer;
import io.tollkeeper.testkit.TestCertificates;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Upstreams that speak TLS well, badly or not at all; with BoringSSL and with the JDK.
@ParameterizedClass
@ValueSource(strings = {"boringssl", "jdk"})
class UpstreamTlsTest {

    @TempDir
    static Path folder;

    private static @Nullable TestCertificates certificates;

    @Parameter
    String provider = "";

    private @Nullable Engine engine;

    @BeforeAll
    static void makeCertificates() {
        certificates = TestCertificates.in(folder);
    }

    @AfterAll
    static void forget() {
        System.clearProperty("tollkeeper.tls");
    }

    @BeforeEach
    void start() {
        System.setProperty("tollkeeper.tls", provider);
        engine = Engine.start(new EngineSettings(Transport.NIO, 1, EngineSettings.Dns.DEFAULT));
    }

    @AfterEach
    void stop() {
        engine().close();
    }

    private Engine engine() {
        if (engine == null) {
            throw new IllegalStateException("not started");
        }
        return engine;
    }

    private static TestCertificates certificates() {
        if (certificates == null) {
            throw new IllegalStateException("not started");
        }
        return certificates;
    }

    private static ClientTls trusting() {
        return new ClientTls(true, certificates().authorityFile(), null, null);
    }

    private static Upstream secured(ClientTls tls, String host, int port, @Nullable String serverName) {
        var timeouts = new Upstream.Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(1), Duration.ofSeconds(5),
                Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ZERO);
        return new Upstream(tls, host, port, host, serverName, timeouts, 10);
    }

    private Caller.Outcome call(Upstream upstream) {
        return new Caller(engine(), 0).get(upstream, "/");
    }

    @Test
    void goodCertificateIsAcceptedAndTheConnectionUsedAgain() throws Exception {
        var names = new CopyOnWriteArrayList<String>();
        Manner noting = with -> {
            names.addAll(with.serverNames());
            return Manner.citizen().meet(with);
        };
        try (var upstream = RudePeer.startTls(certificates().server("api.test", "localhost").context(), noting)) {
            var target = secured(trusting(), "127.0.0.1", upstream.port(), "api.test");
            var caller = new Caller(engine(), 0);
            var first = caller.get(target, "/bytes/100000");
            assertThat(first.failure()).as(first.evidence()).isNull();
            assertThat(first.body()).hasSize(100_000);
            assertThat(caller.get(target, "/").facts().reused()).isTrue();
            assertThat(upstream.connections()).isEqualTo(1);
            assertThat(names).contains("api.test");
            assertThat(caller.get(secured(trusting(), "localhost", upstream.port(), "localhost"), "/").failure()).isNull();
            assertThat(names).contains("localhost");
        }
    }

    @Test
    void addressWithoutServerNameIsCheckedAgainstTheAddressAndSendsNoName() throws Exception {
        var names = new CopyOnWriteArrayList<String>();
        Manner noting = with -> {
            names.addAll(with.serverNames());
            return Manner.citizen().meet(with);
        };
        try (var upstream = RudePeer.startTls(certificates().server("127.0.0.1").context(), noting)) {
            assertThat(call(secured(trusting(), "127.0.0.1", upstream.port(), null)).failure()).isNull();
            assertThat(names).isEmpty();
        }
    }

    @Test
    void expiredCertificateIsToldWithItsDates() throws Exception {
        try (var upstream = RudePeer.startTls(certificates().expired("api.test").context(), Manner.citizen())) {
            var outcome = call(secured(trusting(), "127.0.0.1", upstream.port(), "api.test"));
            assertThat(outcome.failure()).as(outcome.evidence()).isEqualTo(Reason.UPSTREAM_TLS_EXPIRED);
            assertThat(outcome.evidence()).contains("CN=api.test is valid from 20").contains("clock says 20").contains("SNI sent: api.test");
        }
        try (var upstream = RudePeer.startTls(certificates().notYetValid("api.test").context(), Manner.citizen())) {
            var outcome = call(secured(trusting(), "127.0.0.1", upstream.port(), "api.test"));
            assertThat(outcome.failure()).as(outcome.evidence()).isEqualTo(Reason.UPSTREAM_TLS_EXPIRED);
        }
    }

    @Test
    void wrongNameIsToldWithTheNamesFound() throws Exception {
        try (var upstream = RudePeer.startTls(certificates().wrongName().context(), Manner.citizen())) {
            var outcome = call(secured(trusting(), "127.0.0.1", upstream.port(), "api.test"));
            assertThat(outcome.failure()).as(outcome.evidence()).isEqualTo(Reason.UPSTREAM_TLS_NAME);
            assertThat(outcome.evidence())
                    .contains("the certificate is for somebody-else.test, expected was api.test (sent as SNI)");
        }
    }

    @Test
    void unknownAuthorityIsToldWithItsName() throws Exception {
        try (var upstream = RudePeer.startTls(certificates().unknownAuthority("api.test").context(), Manner.citizen())) {
            var outcome = call(secured(trusting(), "127.0.0.1", upstream.port(), "api.test"));
            assertThat(outcome.failure()).as(outcome.evidence()).isEqualTo(Reason.UPSTREAM_TLS_CHAIN);
            assertThat(outcome.evidence()).contains("Somebody else's CA");
            assertThat(call(secured(ClientTls.VERIFIED, "127.0.0.1", upstream.port(), "api.test")).failure())
                    .isEqualTo(Reason.UPSTREAM_TLS_CHAIN);
        }
    }

    @Test
    void nothingIsCheckedWhenThatIsWished() throws Exception {
        try (var upstream = RudePeer.startTls(certificates().unknownAuthority("other.test").context(), Manner.citizen())) {
            var unchecked = new ClientTls(false, null, null, null);
            assertThat(call(secured(unchecked, "127.0.0.1", upstream.port(), "api.test")).failure()).isNull();
        }
    }

    @Test
    void plainPortIsToldApart() throws Exception {
        try (var upstream = RudePeer.start(Manner.plainWhereTlsIsExpected())) {
            var outcome = call(secured(trusting(), "127.0.0.1", upstream.port(), "api.test"));
            assertThat(outcome.failure()).as(outcome.evidence()).isEqualTo(Reason.UPSTREAM_TLS_PROTOCOL);
            assertThat(outcome.evidence()).contains("48 54 54 50 2f").contains("use http://");
        }
    }

    @Test
    void alertIsToldWithItsNumber() throws Exception {
        try (var upstream = RudePeer.start(Manner.tlsAlert(40), Manner.tlsAlert(112))) {
            var target = secured(trusting(), "127.0.0.1", upstream.port(), "api.test");
            var outcome = call(target);
            assertThat(outcome.failure()).as(outcome.evidence()).isEqualTo(Reason.UPSTREAM_TLS_ALERT);
            assertThat(outcome.evidence()).contains("alert 40 (handshake_failure)");
            assertThat(call(target).evidence()).contains("alert 112 (unrecognized_name)");
        }
    }

    @Test
    void missingClientCertificateIsAnAlertAndAGoodOneIsAccepted() throws Exception {
        var server = certificates().server("api.test");
        try (var upstream = RudePeer.startMutualTls(server.context(), Manner.citizen())) {
            var outcome = call(secured(trusting(), "127.0.0.1", upstream.port(), "api.test"));
            assertThat(outcome.failure()).as(outcome.evidence()).isEqualTo(Reason.UPSTREAM_TLS_ALERT);
            var client = certificates().client("gateway");
            var own = new ClientTls(true, certificates().authorityFile(), client.certificateFile(), client.keyFile());
            var good = call(secured(own, "127.0.0.1", upstream.port(), "api.test"));
            assertThat(good.failure()).as(good.evidence()).isNull();
        }
    }

    @Test
    void connectionThatEndsOrStallsInTheHandshakeIsToldApart() throws Exception {
        try (var upstream = RudePeer.start(Manner.closeAtOnce(), Manner.notReading())) {
            var target = secured(trusting(), "127.0.0.1", upstream.port(), "api.test");
            var closed = call(target);
            assertThat(closed.failure()).as(closed.evidence()).isEqualTo(Reason.UPSTREAM_TLS_PROTOCOL);
            assertThat(closed.evidence()).containsAnyOf("closed the connection", "the connection broke");
            var silent = call(target);
            assertThat(silent.failure()).as(silent.evidence()).isEqualTo(Reason.UPSTREAM_TLS_PROTOCOL);
            assertThat(silent.evidence()).contains("not complete after 1.");
        }
    }

    @Test
    void fileThatCannotBeReadIsNamed() throws Exception {
        try (var upstream = RudePeer.start(Manner.citizen())) {
            var missing = new ClientTls(true, folder.resolve("nowhere.pem"), null, null);
            var outcome = call(secured(missing, "127.0.0.1", upstream.port(), "api.test"));
            assertThat(outcome.failure()).isEqualTo(Reason.UPSTREAM_TLS_SETTINGS);
            assertThat(outcome.evidence()).contains("nowhere.pem");
            assertThat(List.of(engine().upstreams().openConnections(secured(missing, "127.0.0.1", upstream.port(), "api.test"))))
                    .containsExactly(0);
        }
    }

    @Test
    void ownKeyMayBeEncryptedOrOfTheOlderForm() throws Exception {
        var client = certificates().client("gateway");
        Path encrypted = client.encryptedKeyFile("open sesame");
        Path passwords = Files.writeString(folder.resolve("passwords"), "not this one\nopen sesame\n");
        var roots = Pem.file(certificates().authorityFile());
        var chain = Pem.file(client.certificateFile());
        try (var upstream = RudePeer.startMutualTls(certificates().server("api.test").context(), Manner.citizen())) {
            var withPassword = new ClientTls(true, roots, chain, Pem.file(encrypted), passwords);
            var good = call(secured(withPassword, "127.0.0.1", upstream.port(), "api.test"));
            assertThat(good.failure()).as(good.evidence()).isNull();
            var old = new ClientTls(true, roots, chain, new Pem.Embedded(Files.readString(client.oldKeyFile())), null);
            var goodToo = call(secured(old, "127.0.0.1", upstream.port(), "api.test"));
            assertThat(goodToo.failure()).as(goodToo.evidence()).isNull();
            var without = call(secured(new ClientTls(true, roots, chain, Pem.file(encrypted), null), "127.0.0.1", upstream.port(), "api.test"));
            assertThat(without.failure()).isEqualTo(Reason.UPSTREAM_TLS_SETTINGS);
            assertThat(without.evidence()).contains("is encrypted, and no file with its pass phrase is named");
            Files.writeString(passwords, "wrong\n");
            var wrong = new ClientTls(false, roots, chain, Pem.file(encrypted), passwords);
            assertThat(call(secured(wrong, "127.0.0.1", upstream.port(), "api.test")).evidence())
                    .contains("cannot be decrypted with any of the 1 pass phrases");
        }
    }

    @Test
    void keyOfAnotherCertificateIsToldBeforeAnyHandshake() throws Exception {
        try (var upstream = RudePeer.startMutualTls(certificates().server("api.test").context(), Manner.citizen())) {
            var one = certificates().client("one");
            var other = certificates().client("other");
            var mixed = new ClientTls(true, certificates().authorityFile(), one.certificateFile(), other.keyFile());
            var outcome = call(secured(mixed, "127.0.0.1", upstream.port(), "api.test"));
            assertThat(outcome.failure()).isEqualTo(Reason.UPSTREAM_TLS_SETTINGS);
            assertThat(outcome.evidence()).contains("does not belong to certificate");
        }
    }

    @Test
    void renewedFilesAreUsedForNewConnections() throws Exception {
        var unknown = certificates().unknownClient("gateway");
        var known = certificates().client("gateway");
        Path chain = Files.copy(unknown.certificateFile(), folder.resolve(provider + "-own.pem"));
        Path key = Files.copy(unknown.keyFile(), folder.resolve(provider + "-own.key"));
        var own = new ClientTls(true, certificates().authorityFile(), chain, key);
        try (var upstream = RudePeer.startMutualTls(certificates().server("api.test").context(), Manner.citizen())) {
            var target = secured(own, "127.0.0.1", upstream.port(), "api.test");
            assertThat(call(target).failure()).isEqualTo(Reason.UPSTREAM_TLS_ALERT);
            Files.copy(known.certificateFile(), chain, StandardCopyOption.REPLACE_EXISTING);
            Files.copy(known.keyFile(), key, StandardCopyOption.REPLACE_EXISTING);
            engine().files().look();
            var renewed = call(target);
            assertThat(renewed.failure()).as(renewed.evidence()).isNull();
        }
    }
}
