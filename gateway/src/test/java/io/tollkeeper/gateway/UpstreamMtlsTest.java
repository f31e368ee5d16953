package io.tollkeeper.gateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.PolicySpec;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.gateway.upstream.UpstreamSettings;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.ForwardProxies;
import io.tollkeeper.http.ForwardProxy;
import io.tollkeeper.http.Upstream;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RudePeer;
import io.tollkeeper.testkit.TestCertificates;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// Certificates of our own towards upstreams, per product (gateway specification, section 12.48), and proxies on the way
/// there (section 8.6).
class UpstreamMtlsTest {

    @TempDir
    static Path folder;

    private final MemoryMeter meter = new MemoryMeter();

    private static ProxyConfig product(String id, String url, @Nullable Map<String, Object> mtls) {
        return RunningGateway.product(url, shape -> shape.id(id).hosts(id + ".test").hostnameRewrite("api.test").policies(
                mtls == null
                        ? new PolicySpec[] {PolicySpec.APICAST}
                        : new PolicySpec[] {new PolicySpec("upstream_mtls", mtls), PolicySpec.APICAST}));
    }

    private static String url(RudePeer upstream) {
        return "https://127.0.0.1:" + upstream.port();
    }

    private RunningGateway start(ClientTls tls, ForwardProxies proxies, ProxyConfig... products) throws IOException {
        for (ProxyConfig product : products) {
            meter.product(product.productId(), "1", List.of("hits"))
                    .application(product.productId(), "app", "active")
                    .userKey(product.productId(), "k", "app");
        }
        return RunningGateway.over(meter)
                .upstreams(new UpstreamSettings(Upstream.Timeouts.DEFAULT, 64, tls, proxies))
                .products(products)
                .start();
    }

    private static RawAnswer get(RunningGateway gateway, String product) throws IOException {
        return gateway.ask("GET /?user_key=k HTTP/1.1\r\nHost: " + product + ".test\r\n\r\n");
    }

    private static Map<String, Object> paths(TestCertificates.Identity own) {
        return Map.of("certificate_type", "path", "certificate", own.certificateFile().toString(),
                "certificate_key_type", "path", "certificate_key", own.keyFile().toString());
    }

    private static String dataUrl(Path file) throws IOException {
        return "data:application/x-x509-ca-cert;name=a.pem;base64," + Base64.getEncoder().encodeToString(Files.readAllBytes(file));
    }

    @Test
    void theProductsCertificateIsPresentedAndOthersConnectWithout() throws Exception {
        var certificates = TestCertificates.in(folder);
        var own = certificates.client("gateway");
        Map<String, Object> embedded = new HashMap<>(Map.of("certificate_type", "embedded", "certificate", dataUrl(own.certificateFile()),
                "certificate_key_type", "embedded", "certificate_key", dataUrl(own.keyFile())));
        try (var upstream = RudePeer.startMutualTls(certificates.server("api.test").context(), Manner.citizen());
                var gateway = start(new ClientTls(false, null, null, null), ForwardProxies.NONE,
                        product("path", url(upstream), paths(own)),
                        product("embedded", url(upstream), embedded),
                        product("without", url(upstream), null))) {
            assertThat(get(gateway, "path").status()).isEqualTo(200);
            assertThat(get(gateway, "embedded").status()).isEqualTo(200);
            RawAnswer refused = get(gateway, "without");
            assertThat(refused.status()).isEqualTo(502);
            assertThat(gateway.record(refused).reason()).isEqualTo(Reason.UPSTREAM_TLS_ALERT);
            assertThat(get(gateway, "path").status()).isEqualTo(200);
        }
    }

    @Test
    void theUpstreamsCertificateIsCheckedAgainstTheGivenAuthoritiesOnly() throws Exception {
        var certificates = TestCertificates.in(folder);
        String authority = Files.readString(certificates.authorityFile());
        var stranger = TestCertificates.in(Files.createDirectories(folder.resolve("stranger")));
        Map<String, Object> good = Map.of("verify", true, "ca_certificates", List.of(authority));
        Map<String, Object> other = Map.of("verify", true, "ca_certificates", List.of(Files.readString(stranger.authorityFile())));
        try (var upstream = RudePeer.startTls(certificates.server("api.test").context(), Manner.citizen());
                var wrongName = RudePeer.startTls(certificates.wrongName().context(), Manner.citizen());
                var gateway = start(new ClientTls(false, null, null, null), ForwardProxies.NONE,
                        product("good", url(upstream), good),
                        product("other", url(upstream), other),
                        product("name", url(wrongName), good),
                        product("unchecked", url(wrongName), null))) {
            assertThat(get(gateway, "good").status()).isEqualTo(200);
            RawAnswer untrusted = get(gateway, "other");
            assertThat(untrusted.status()).isEqualTo(502);
            assertThat(gateway.record(untrusted).reason()).isEqualTo(Reason.UPSTREAM_TLS_CHAIN);
            assertThat(gateway.record(get(gateway, "name")).reason()).isEqualTo(Reason.UPSTREAM_TLS_NAME);
            assertThat(get(gateway, "unchecked").status()).isEqualTo(200);
        }
    }

    @Test
    void whatCannotBeUsedIsAFindingOfItsProduct() throws Exception {
        var certificates = TestCertificates.in(folder);
        var own = certificates.client("gateway");
        var another = certificates.client("another");
        try (var upstream = RudePeer.start(Manner.citizen());
                var gateway = start(ClientTls.VERIFIED, ForwardProxies.NONE, product("fine", url(upstream), null))) {
            assertThat(errors(gateway, upstream, Map.of("verify", true))).contains("ca_certificates").contains("verify is on");
            assertThat(errors(gateway, upstream, Map.of("certificate", "/nowhere.pem"))).contains("certificate_key").contains("is missing");
            assertThat(errors(gateway, upstream, Map.of("certificate", "/nowhere.pem", "certificate_key", "/nowhere.key")))
                    .contains("certificate /nowhere.pem cannot be read");
            assertThat(errors(gateway, upstream, Map.of("certificate", own.certificateFile().toString(),
                            "certificate_key", another.keyFile().toString())))
                    .contains("does not belong to certificate");
            assertThat(errors(gateway, upstream, Map.of("certificate_type", "embedded", "certificate", "data:text/plain,junk",
                            "certificate_key_type", "embedded", "certificate_key", "data:text/plain,junk")))
                    .contains("holds no certificate");
        }
    }

    private static String errors(RunningGateway gateway, RudePeer upstream, Map<String, Object> mtls) {
        return gateway.gateway().apply(List.of(product("broken", url(upstream), mtls))).stream()
                .filter(Finding::isError).map(Finding::toString).toList().toString();
    }

    @Test
    void theCertificateIsPresentedThroughAProxyToo() throws Exception {
        var certificates = TestCertificates.in(folder);
        var own = certificates.client("gateway");
        try (var upstream = RudePeer.startMutualTls(certificates.server("api.test").context(), Manner.citizen())) {
            Manner connecting = with -> {
                if (with.readHead() == null) {
                    return false;
                }
                with.write("HTTP/1.1 200 Go ahead\r\n\r\n");
                with.relayTo(upstream.port());
                return false;
            };
            try (var peer = RudePeer.start(connecting);
                    var gateway = start(new ClientTls(true, certificates.authorityFile(), null, null), through(peer, ""),
                            product("api", "https://api.test", paths(own)))) {
                assertThat(get(gateway, "api").status()).isEqualTo(200);
                assertThat(peer.lastRequest().rawText()).startsWith("CONNECT api.test:443 HTTP/1.1\r\n");
            }
        }
    }

    private static ForwardProxies through(RudePeer peer, String noProxy) {
        return ForwardProxies.of(null, null, new ForwardProxy("127.0.0.1", peer.port(), null), noProxy);
    }

    @Test
    void hostsThatNeedNoProxyAndWebSocketsGoDirectly() throws Exception {
        try (var peer = RudePeer.start(Manner.citizen());
                var upstream = RudePeer.start(Manner.citizen())) {
            String url = "http://127.0.0.1:" + upstream.port();
            try (var gateway = start(ClientTls.VERIFIED, through(peer, "no.test"), product("api", url, null))) {
                assertThat(get(gateway, "api").status()).isEqualTo(200);
                assertThat(peer.lastRequest().rawText()).startsWith("GET " + url + "/?user_key=k HTTP/1.1\r\n");
                assertThat(upstream.connections()).isZero();
            }
            try (var gateway = start(ClientTls.VERIFIED, through(peer, "no.test, 127.0.0.1"), product("direct", url, null))) {
                assertThat(get(gateway, "direct").status()).isEqualTo(200);
                assertThat(upstream.connections()).isEqualTo(1);
            }
            try (var gateway = start(ClientTls.VERIFIED, through(peer, ""),
                    product("ws", "ws://127.0.0.1:" + upstream.port(), null))) {
                assertThat(get(gateway, "ws").status()).isEqualTo(200);
                assertThat(upstream.connections()).isEqualTo(2);
            }
            assertThat(peer.connections()).isEqualTo(1);
        }
    }
}
