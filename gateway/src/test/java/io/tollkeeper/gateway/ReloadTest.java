package io.tollkeeper.gateway;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.proxy.PolicySpec;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// Taking over another configuration: nothing is lost, nothing half done.
class ReloadTest {

    private RudePeer upstream;
    private RunningGateway gateway;

    @BeforeEach
    void start() throws IOException {
        upstream = RudePeer.start(Manner.citizen());
        MemoryMeter meter = new MemoryMeter();
        for (String product : List.of("api", "other")) {
            meter.product(product, "1", List.of("hits")).application(product, "app", "active").userKey(product, "k", "app");
        }
        gateway = RunningGateway.over(meter).products(api("/")).start();
    }

    @AfterEach
    void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    private ProxyConfig api(String pattern) {
        return RunningGateway.product(
                "http://127.0.0.1:" + upstream.port(), p -> p.rules(new MappingRule("GET", pattern, List.of(), "hits", 1, false)));
    }

    private ProxyConfig broken(String id, String host) {
        return RunningGateway.product("gopher://x", p -> p.id(id).hosts(host));
    }

    private int status(String host, String path) throws IOException {
        return gateway.ask("GET " + path + "?user_key=k HTTP/1.1\r\nHost: " + host + "\r\n\r\n").status();
    }

    @Test
    void aNewConfigurationIsInForceForTheNextRequest() throws IOException {
        assertThat(status("api.test", "/a")).isEqualTo(200);
        assertThat(gateway.gateway().apply(List.of(api("/b")))).isEmpty();
        assertThat(status("api.test", "/a")).isEqualTo(404);
        assertThat(status("api.test", "/b")).isEqualTo(200);
        assertThat(gateway.metrics()).contains("tollkeeper_configuration_version 2\n");
    }

    @Test
    void aBrokenProductKeepsItsLastGoodFormWhileOthersChange() throws IOException {
        List<Finding> findings = gateway.gateway().apply(List.of(
                broken("api", "api.test"),
                RunningGateway.product("http://127.0.0.1:" + upstream.port(), p -> p.id("other").hosts("other.test"))));
        assertThat(findings).extracting(Finding::text).containsExactly(
                "product api  api_backend: scheme gopher cannot be called (expected: http, https, ws or wss)");
        assertThat(status("api.test", "/a")).isEqualTo(200);
        assertThat(status("other.test", "/a")).isEqualTo(200);
    }

    @Test
    void aBrokenProductWithoutAnEarlierFormAnswers503() throws IOException {
        assertThat(gateway.gateway().apply(List.of(api("/"), broken("other", "other.test")))).hasSize(1);
        RawAnswer answer = gateway.ask("GET /a?user_key=k HTTP/1.1\r\nHost: other.test\r\n\r\n");
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.header("proxy-status")).isEqualTo("tollkeeper; error=proxy_configuration_error");
        assertThat(gateway.record(answer).reason()).isEqualTo(Reason.PRODUCT_BROKEN);
        assertThat(status("api.test", "/a")).isEqualTo(200);
    }

    @Test
    void aBrokenProductWithOnFailedAnswersAsThatSaysWithoutABody() throws IOException {
        ProxyConfig broken = api("/").toBuilder().policies(List.of(
                new PolicySpec("on_failed", Map.of("error_status_code", 419L)),
                new PolicySpec("no_such_policy", Map.of()),
                PolicySpec.APICAST)).build();
        assertThat(gateway.gateway().apply(List.of())).isEmpty();
        assertThat(gateway.gateway().apply(List.of(broken))).extracting(Finding::text)
                .singleElement().asString().startsWith("product api  policy_chain[2].name: no_such_policy is no policy");
        RawAnswer answer = gateway.get("/a?user_key=k");
        assertThat(answer.status()).isEqualTo(419);
        assertThat(answer.text()).isEmpty();
        assertThat(answer.header("content-type")).isNull();
        assertThat(gateway.record(answer).reason()).isEqualTo(Reason.PRODUCT_BROKEN);
    }

    @Test
    void aPolicyThatIsNotBuiltYetIsAMistakeThatSaysSo() {
        ProxyConfig config = api("/").toBuilder().policies(List.of(new PolicySpec("cors", Map.of()), PolicySpec.APICAST)).build();
        assertThat(gateway.gateway().check(List.of(config))).extracting(Finding::text).singleElement().asString()
                .startsWith("product api  policy_chain[1].name: policy cors is not built yet");
    }

    @Test
    void anEmptyChainAnswers200WithoutACheck() throws IOException {
        gateway.gateway().apply(List.of(api("/").toBuilder().policies(List.of()).build()));
        RawAnswer answer = gateway.get("/a");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEmpty();
        assertThat(upstream.received()).isZero();
    }

    @Test
    void nativeOauthIsAnswered501() throws IOException {
        gateway.gateway().apply(List.of(api("/").toBuilder().mode(AuthenticationMode.OAUTH).build()));
        RawAnswer answer = gateway.get("/a?access_token=t");
        assertThat(answer.status()).isEqualTo(501);
        assertThat(gateway.record(answer).reason()).isEqualTo(Reason.OAUTH_NATIVE);
    }

    @Test
    void doubtsAboutUnchangedProductsAreToldWithEveryConfiguration() {
        List<ProxyConfig> doubtful = List.of(RunningGateway.product("http://127.0.0.1:1", p -> p.rules(
                new MappingRule("GET", "relative", List.of(), "hits", 1, false))));
        assertThat(gateway.gateway().apply(doubtful)).isNotEmpty().isEqualTo(gateway.gateway().apply(doubtful));
    }

    @Test
    void aProductThatIsGoneIsNotServedAnyMore() throws IOException {
        gateway.gateway().apply(List.of());
        assertThat(status("api.test", "/a")).isEqualTo(404);
    }

    @Test
    void aHostThatTwoProductsWantStaysWithTheFirst() throws IOException {
        List<Finding> findings = gateway.gateway().apply(List.of(
                api("/"), RunningGateway.product("http://127.0.0.1:1", p -> p.id("other").hosts("API.test", "other.test"))));
        assertThat(findings).extracting(Finding::text).containsExactly(
                "product other  warning: hosts: API.test belongs to product api already, which keeps it");
        assertThat(status("api.test", "/a")).isEqualTo(200);
    }

    @Test
    void mistakesAreToldAllAtOnce() {
        List<Finding> findings = gateway.gateway().apply(List.of(RunningGateway.product("nonsense", p -> p.rules(
                new MappingRule("GET", "/ü", List.of(), "hits", 1, false),
                new MappingRule("GET", "relative", List.of(), "hits", 1, false),
                new MappingRule("GET", "/a", List.of(), " ", 1, false)))));
        assertThat(findings).extracting(Finding::text).containsExactly(
                "product api  api_backend: nonsense has no scheme (expected: http://host:port or https://host:port)",
                "product api  warning: rules[1]: GET /ü can match no path (expected: blanks and characters beyond ASCII as in a URL, e.g. %20)",
                "product api  warning: rules[2]: GET relative can match no path (expected: a leading /)",
                "product api  rules[3]: GET /a counts no metric (expected: the system name of one)");
    }

    @Test
    void requestsUnderWayGoOnWithWhatTheyStartedWith() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        upstream.behave(with -> {
            with.readRequest();
            awaitQuietly(answer);
            with.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            return true;
        });
        try (RawClient client = gateway.client()) {
            client.send("GET /a?user_key=k HTTP/1.1\r\nHost: api.test\r\n\r\n");
            Eventually.holds("the upstream was asked", () -> upstream.received() == 1);
            gateway.gateway().apply(List.of());
            answer.countDown();
            assertThat(client.answer().text()).isEqualTo("ok");
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void noRequestIsLostOverManyChanges() throws Exception {
        AtomicBoolean going = new AtomicBoolean(true);
        AtomicInteger wrong = new AtomicInteger();
        AtomicInteger answered = new AtomicInteger();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> clients = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                clients.add(threads.submit(() -> {
                    int sent = 0;
                    try (RawClient client = gateway.client()) {
                        for (; going.get(); sent++) {
                            client.send("GET /a?user_key=k HTTP/1.1\r\nHost: api.test\r\n\r\n");
                            if (client.answer().status() != 200) {
                                wrong.incrementAndGet();
                            }
                            answered.incrementAndGet();
                        }
                    }
                    return sent;
                }));
            }
            for (int i = 0; i < 300 || answered.get() < 1_000; i++) {
                gateway.gateway().apply(List.of(api(i % 2 == 0 ? "/a" : "/")));
            }
            going.set(false);
            int sent = 0;
            for (Future<Integer> client : clients) {
                sent += client.get();
            }
            assertThat(sent).isGreaterThanOrEqualTo(1_000);
        }
        assertThat(wrong).hasValue(0);
    }

    @Test
    void unchangedProductsAreNotCompiledAgain() {
        List<ProxyConfig> many = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            int number = i;
            List<MappingRule> rules = new ArrayList<>();
            for (int k = 0; k < 20; k++) {
                rules.add(new MappingRule("GET", "/product" + i + "/resource" + k + "/{id}", List.of(), "hits", 1, false));
            }
            many.add(RunningGateway.product(
                    "http://127.0.0.1:1", p -> p.id("p" + number).hosts("h" + number + ".test").rules(rules.toArray(MappingRule[]::new))));
        }
        gateway.gateway().apply(many);
        long first = System.nanoTime();
        gateway.gateway().apply(many);
        long took = System.nanoTime() - first;
        assertThat(took).as("2 000 unchanged products, nanoseconds").isLessThan(200_000_000L);
    }
}
