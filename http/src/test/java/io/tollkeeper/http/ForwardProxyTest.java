package io.tollkeeper.http;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RefusingPort;
import io.tollkeeper.testkit.RudePeer;
import io.tollkeeper.testkit.TestCertificates;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Upstreams behind an HTTP proxy: what it is asked, and what is told of one that misbehaves (gateway specification,
/// section 8.6).
class ForwardProxyTest {

    private static final Upstream.Timeouts TIMEOUTS = new Upstream.Timeouts(Duration.ofSeconds(1), Duration.ofSeconds(5),
            Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ZERO);

    @TempDir
    static Path folder;

    private @Nullable Engine engine;
    private @Nullable TestCertificates certificates;

    @BeforeEach
    void start() {
        certificates = TestCertificates.in(folder);
        engine = Engine.start(new EngineSettings(null, 1, EngineSettings.Dns.DEFAULT));
    }

    @AfterEach
    void stop() {
        if (engine != null) {
            engine.close();
        }
    }

    private Caller.Outcome get(Upstream upstream, String target) {
        if (engine == null) {
            throw new IllegalStateException("not started");
        }
        return new Caller(engine, 0).get(upstream, target);
    }

    private TestCertificates certificates() {
        if (certificates == null) {
            throw new IllegalStateException("not started");
        }
        return certificates;
    }

    private static ForwardProxy proxy(String url) {
        return switch (ForwardProxy.read(url)) {
            case ForwardProxy.Read.Good(var good) -> good;
            case ForwardProxy.Read.Bad(var message) -> throw new AssertionError(message);
        };
    }

    private static Upstream plain(String url) {
        return new Upstream(null, "inv.example", 81, "inv.example:81", null, TIMEOUTS, 10).through(proxy(url));
    }

    private Upstream secured(int proxyPort, String userInfo, String name) {
        return new Upstream(new ClientTls(true, certificates().authorityFile(), null, null), name, 8443, name + ":8443", name,
                TIMEOUTS, 10).through(proxy("http://" + userInfo + "127.0.0.1:" + proxyPort));
    }

    /// Answers CONNECT and passes on what follows, whatever host was asked for.
    private static Manner connecting(int port) {
        return with -> {
            if (with.readHead() == null) {
                return false;
            }
            with.write("HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n");
            with.relayTo(port);
            return false;
        };
    }

    @Test
    void plainUpstreamIsAskedOfTheProxyInAbsoluteForm() throws Exception {
        try (var peer = RudePeer.start(Manner.citizen())) {
            var upstream = plain("http://u:p@127.0.0.1:" + peer.port());
            var outcome = get(upstream, "/base/y?user_key=k");
            assertThat(outcome.status()).as(outcome.evidence()).isEqualTo(200);
            var request = peer.lastRequest();
            assertThat(request.rawText()).startsWith("GET http://inv.example:81/base/y?user_key=k HTTP/1.1\r\n");
            assertThat(request.header("host")).isEqualTo("inv.example:81");
            assertThat(request.header("proxy-authorization")).isEqualTo("Basic dTpw");
            assertThat(get(plain("http://u:p@127.0.0.1:" + peer.port()), "/").facts().reused()).isTrue();
            get(plain("http://127.0.0.1:" + peer.port()), "/");
            assertThat(peer.lastRequest().header("proxy-authorization")).isNull();
            assertThat(peer.connections()).isEqualTo(2);
        }
    }

    @Test
    void securedUpstreamIsReachedByConnectAndItsCertificateChecked() throws Exception {
        try (var upstream = RudePeer.startTls(certificates().server("api.test").context(), Manner.citizen());
                var peer = RudePeer.start(connecting(upstream.port()))) {
            var target = secured(peer.port(), "me:p%40ss@", "api.test");
            var outcome = get(target, "/bytes/200000");
            assertThat(outcome.failure()).as(outcome.evidence()).isNull();
            assertThat(outcome.body()).hasSize(200_000);
            var connect = peer.lastRequest();
            assertThat(connect.rawText()).startsWith("CONNECT api.test:8443 HTTP/1.1\r\nHost: api.test:8443\r\n");
            assertThat(connect.header("proxy-authorization")).isEqualTo("Basic bWU6cEBzcw==");
            assertThat(upstream.lastRequest().header("host")).isEqualTo("api.test:8443");
            assertThat(upstream.lastRequest().header("proxy-authorization")).isNull();
            assertThat(get(target, "/").facts().reused()).isTrue();
            var other = get(secured(peer.port(), "", "other.test"), "/");
            assertThat(other.failure()).isEqualTo(Reason.UPSTREAM_TLS_NAME);
            assertThat(other.evidence()).contains("through the proxy http://127.0.0.1:" + peer.port());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            HTTP/1.1 403 Forbidden              | PROXY_REFUSED        | answered CONNECT with 403
            HTTP/1.1 407 Who?                   | PROXY_AUTHENTICATION | did not accept user and password; it asks for Basic
            HTTP/1.1 502 Bad Gateway            | PROXY_REFUSED        | answered CONNECT with 502
            SSH-2.0-OpenSSH                     | PROXY_REFUSED        | is no HTTP
            """)
    void refusalOfTheProxyIsToldWithoutThePassword(String statusLine, Reason reason, String evidence) throws Exception {
        try (var peer = RudePeer.start(Manner.answering(
                statusLine + "\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"))) {
            var outcome = get(secured(peer.port(), "me:s3cr3t@", "api.test"), "/");
            assertThat(outcome.failure()).as(outcome.evidence()).isEqualTo(reason);
            assertThat(outcome.evidence()).contains(evidence).contains("https://api.test:8443 through the proxy http://127.0.0.1")
                    .doesNotContain("s3cr3t");
            assertThat(reason.status()).isEqualTo(503);
        }
    }

    @Test
    void proxyThatAsksForAuthenticationOfAPlainRequestIsToldApart() throws Exception {
        try (var peer = RudePeer.start(Manner.answering(
                "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"))) {
            var outcome = get(plain("http://127.0.0.1:" + peer.port()), "/");
            assertThat(outcome.failure()).isEqualTo(Reason.PROXY_AUTHENTICATION);
        }
    }

    @Test
    void proxyThatCannotBeReachedIsToldApartFromItsUpstream() throws Exception {
        try (var nobody = RefusingPort.open()) {
            var refused = get(secured(nobody.port(), "", "api.test"), "/");
            assertThat(refused.failure()).as(refused.evidence()).isEqualTo(Reason.PROXY_UNREACHABLE);
            assertThat(refused.evidence()).contains("refused the connection");
            assertThat(get(plain("http://127.0.0.1:" + nobody.port()), "/").failure()).isEqualTo(Reason.PROXY_UNREACHABLE);
        }
        try (var peer = RudePeer.start(Manner.silent(), Manner.closeAtOnce())) {
            var silent = get(secured(peer.port(), "", "api.test"), "/");
            assertThat(silent.failure()).isEqualTo(Reason.PROXY_UNREACHABLE);
            assertThat(silent.evidence()).contains("did not answer CONNECT within 1.0 s");
            var closed = get(secured(peer.port(), "", "api.test"), "/");
            assertThat(closed.failure()).as(closed.evidence()).isEqualTo(Reason.PROXY_UNREACHABLE);
        }
        var unknown = new Upstream(null, "inv.example", 80, "inv.example", null, TIMEOUTS, 10).through(proxy("http://no..such:1"));
        assertThat(get(unknown, "/").failure()).isEqualTo(Reason.PROXY_UNREACHABLE);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            http://proxy:3128          | proxy       | 3128 | -
            http://PROXY               | proxy       | 80   | -
            proxy:8080                 | proxy       | 8080 | -
            http://u:p@127.0.0.1:70/x  | 127.0.0.1   | 70   | Basic dTpw
            http://u@proxy             | proxy       | 80   | Basic dTo=
            http://[::1]:8080          | ::1         | 8080 | -
            """)
    void addressOfAProxyIsRead(String url, String host, int port, @Nullable String authorization) {
        assertThat(proxy(url)).isEqualTo(new ForwardProxy(host, port, authorization));
        assertThat(proxy(url).toString()).doesNotContain("dTpw");
    }

    @ParameterizedTest
    @CsvSource({"https://u:s3cr3t@proxy:1", "socks5://u:s3cr3t@proxy", "http://u:s3cr3t@:80", "http://u:s3cr3t@proxy:99999",
        "http://u:s3cr3t%zz@proxy"})
    void addressThatIsNoneIsToldWithoutThePassword(String url) {
        assertThat(ForwardProxy.read(url)).isInstanceOfSatisfying(ForwardProxy.Read.Bad.class,
                bad -> assertThat(bad.message()).doesNotContain("s3cr3t").contains("expected: http://"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            *                     | api.test       | false
            api.test              | api.test       | false
            .api.test             | api.test       | false
            API.test              | sub.Api.Test   | false
            .test, other          | api.test       | false
            pi.test               | api.test       | true
            api.test:8080         | api.test       | true
            10.0.0.0/8            | 10.1.1.1       | true
                                  | api.test       | true
            """)
    void hostsThatAreCalledDirectlyAreKnownByName(@Nullable String noProxy, String host, boolean proxied) {
        ForwardProxy all = proxy("http://proxy:1");
        ForwardProxies proxies = ForwardProxies.of(null, null, all, noProxy == null ? "" : noProxy);
        assertThat(proxies.towards(true, host)).isEqualTo(proxied ? all : null);
        assertThat(proxies.towards(false, host)).isEqualTo(proxied ? all : null);
    }

    @Test
    void everySchemeHasItsProxyAndTheOneForAllFillsTheGaps() {
        ForwardProxy http = proxy("http://one:1");
        ForwardProxy all = proxy("http://two:2");
        assertThat(ForwardProxies.of(http, null, all, "").towards(false, "a")).isEqualTo(http);
        assertThat(ForwardProxies.of(http, null, all, "").towards(true, "a")).isEqualTo(all);
        assertThat(ForwardProxies.of(http, null, null, "").towards(true, "a")).isNull();
        assertThat(List.of(ForwardProxies.NONE.except())).containsExactly(List.of());
    }
}
