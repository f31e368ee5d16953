package io.tollkeeper.gateway;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.proxy.MappingRule.QueryCondition;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.gateway.route.PathRouting;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Products that share a host and are told apart by their mapping rules (gateway specification, section 2.7).
class PathRoutingTest {

    private RudePeer upstream;
    private MemoryMeter meter;

    @BeforeEach
    void start() {
        upstream = RudePeer.start(Manner.citizen());
        meter = new MemoryMeter();
        for (String product : List.of("one", "two", "three")) {
            meter.product(product, "1", List.of("hits")).application(product, "app", "active").userKey(product, "k", "app");
        }
    }

    @AfterEach
    void stop() throws IOException {
        upstream.close();
    }

    private ProxyConfig product(String id, List<String> hosts, MappingRule... rules) {
        return RunningGateway.product("http://127.0.0.1:" + upstream.port() + "/" + id + "/",
                p -> p.id(id).hosts(hosts.toArray(String[]::new)).rules(rules));
    }

    private static MappingRule rule(String method, String pattern) {
        return new MappingRule(method, pattern, List.of(), "hits", 1, false);
    }

    private RunningGateway sharing(PathRouting routing) throws IOException {
        return RunningGateway.over(meter).routing(routing).products(
                product("one", List.of("shared.test", "one.test"),
                        rule("GET", "/a"), rule("GET", "/orders/{id}$"),
                        new MappingRule("ANY", "/search?kind={k}&page=1",
                                List.of(new QueryCondition("kind", "{k}"), new QueryCondition("page", "1")), "hits", 1, false)),
                product("two", List.of("shared.test", "TWO.test"),
                        rule("GET", "/b"), rule("GET", "/a/deep"), rule("POST", "/a"), rule("ANY", "/search")),
                product("three", List.of("shared.test"), rule("GET", "/ab"), rule("DELETE", "/"))).start();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            shared.test | GET    | /a                     | one
            shared.test | GET    | /a/deep                | one
            shared.test | POST   | /a                     | two
            shared.test | GET    | /b/x                   | two
            shared.test | GET    | /ab                    | one
            shared.test | GET    | //x/../b               | two
            shared.test | GET    | /orders/7              | one
            shared.test | DELETE | /whatever              | three
            shared.test | GET    | /search?kind=a&page=1  | one
            shared.test | GET    | /search?kind=a&page=2  | two
            two.test    | GET    | /b                     | two
            """)
    void theFirstProductWithARuleThatMatchesIsChosen(String host, String method, String target, String product) throws IOException {
        for (PathRouting routing : List.of(PathRouting.ON, PathRouting.ONLY)) {
            try (RunningGateway gateway = sharing(routing)) {
                RawAnswer answer = ask(gateway, method, target, host);
                assertThat(answer.status()).as("%s %s", routing, answer.rawText()).isEqualTo(200);
                assertThat(upstream.lastRequest().target()).startsWith("/" + product + "/");
            }
        }
    }

    private static RawAnswer ask(RunningGateway gateway, String method, String target, String host) throws IOException {
        return gateway.ask(method + " " + target + (target.contains("?") ? "&" : "?") + "user_key=k HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    }

    @Test
    void whatNoRuleMatchesIsForTheFirstProductOfTheHostOrForNone() throws IOException {
        try (RunningGateway gateway = sharing(PathRouting.ON)) {
            RawAnswer answer = ask(gateway, "GET", "/nowhere", "shared.test");
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.text()).isEqualTo("No Mapping Rule matched");
            assertThat(gateway.record(answer).productId()).isEqualTo("one");
        }
        try (RunningGateway gateway = sharing(PathRouting.ONLY)) {
            for (String host : List.of("shared.test", "one.test")) {
                RawAnswer answer = ask(gateway, "GET", "/nowhere", host);
                assertThat(answer.status()).isEqualTo(404);
                assertThat(answer.text()).isEmpty();
                assertThat(gateway.record(answer).reason()).isEqualTo(Reason.NO_HOST);
                assertThat(gateway.record(answer).evidence()).isEqualTo(
                        "no product of host " + host + " has a rule for GET /nowhere, and gateway.path-routing is only");
            }
        }
    }

    @Test
    void withoutPathRoutingTheFirstOwnsTheHostAndSaysSo() throws IOException {
        try (RunningGateway gateway = sharing(PathRouting.OFF)) {
            assertThat(ask(gateway, "GET", "/b", "shared.test").status()).isEqualTo(404);
            assertThat(ask(gateway, "GET", "/b", "two.test").status()).isEqualTo(200);
        }
    }

    @Test
    void aChangeOfOneProductMovesItsPathsOnly() throws IOException {
        ProxyConfig one = product("one", List.of("shared.test"), rule("GET", "/one/x"), rule("GET", "/first"));
        ProxyConfig two = product("two", List.of("shared.test"), rule("GET", "/two/x"), rule("GET", "/second"));
        try (RunningGateway gateway = RunningGateway.over(meter).routing(PathRouting.ONLY).products(one, two).start()) {
            assertThat(ask(gateway, "GET", "/two/x", "shared.test").status()).isEqualTo(200);
            List<Finding> findings = gateway.gateway().apply(List.of(one, product("two", List.of("shared.test"), rule("GET", "/deux/x"))));
            assertThat(findings).isEmpty();
            assertThat(ask(gateway, "GET", "/two/x", "shared.test").status()).isEqualTo(404);
            assertThat(ask(gateway, "GET", "/deux/x", "shared.test").status()).isEqualTo(200);
            assertThat(ask(gateway, "GET", "/one/x", "shared.test").status()).isEqualTo(200);
            gateway.gateway().apply(List.of(two));
            assertThat(ask(gateway, "GET", "/one/x", "shared.test").status()).isEqualTo(404);
            assertThat(ask(gateway, "GET", "/second", "shared.test").status()).isEqualTo(200);
        }
    }

    @Test
    void thousandsOfProductsOnOneHostAreNotSearchedOneByOne() throws IOException {
        List<ProxyConfig> many = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            many.add(product("p" + i, List.of("shared.test"), rule("GET", "/p" + i + "/x"), rule("GET", "/shared/x" + i + "$")));
        }
        many.add(product("two", List.of("shared.test"), rule("GET", "/")));
        try (RunningGateway gateway = RunningGateway.over(meter).routing(PathRouting.ON).products(many.toArray(ProxyConfig[]::new)).start()) {
            assertThat(ask(gateway, "GET", "/nothing/like/it", "shared.test").status()).isEqualTo(200);
            assertThat(upstream.lastRequest().target()).startsWith("/two/");
            assertThat(gateway.record(ask(gateway, "GET", "/p1999/x", "shared.test")).productId()).isEqualTo("p1999");
            assertThat(gateway.record(ask(gateway, "GET", "/shared/x77", "shared.test")).productId()).isEqualTo("p77");
        }
    }
}
