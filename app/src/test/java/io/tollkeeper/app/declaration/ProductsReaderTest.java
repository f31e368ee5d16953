package io.tollkeeper.app.declaration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.proxy.CredentialsLocation;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.ForwardedHeaders;
import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.proxy.MappingRule.QueryCondition;
import io.tollkeeper.core.proxy.OpenIdSettings;
import io.tollkeeper.core.usage.Period;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class ProductsReaderTest {
    @TempDir private Path folder;

    private static final String GOOD = """
            products:
              orders:
                hosts: [API.example.com, orders.internal]
                upstream: http://10.0.0.7:8080/v1
                credentials: {kind: user-key, location: headers, user-key: X-Key}
                errors:
                  credentials-missing: {status: 400, body: who are you?}
                metrics: [bytes]
                methods: [get_orders]
                rules:
                  - {method: GET, pattern: "/orders?status=open&page={page}", metric: get_orders, delta: 2, last: true}
                  - {method: ANY, pattern: /}
                plans:
                  basic:
                    limits:
                      - {metric: hits, period: minute, max: 5}
                  free:
                applications:
                  alice: {plan: basic, user-key: 0123}
                  bob: {plan: free, state: suspended, user-keys: [b1, b2]}
                service-tokens: [st-1]
            """;

    @Test void aGoodFileDeclaresWhatItSays() throws IOException {
        var product = good(GOOD).products().getFirst();
        var proxy = product.proxy();
        assertThat(proxy.hosts()).containsExactly("api.example.com", "orders.internal");
        assertThat(proxy.apiBackend()).isEqualTo("http://10.0.0.7:8080/v1");
        assertThat(proxy.mode()).isEqualTo(AuthenticationMode.USER_KEY);
        assertThat(proxy.authUserKey()).isEqualTo("x-key");
        assertThat(proxy.authMissing().status()).isEqualTo(400);
        assertThat(proxy.authMissing().contentType()).isEqualTo("text/plain; charset=utf-8");
        assertThat(proxy.forwarded()).isEqualTo(ForwardedHeaders.APPEND);
        assertThat(proxy.rules()).containsExactly(
                new MappingRule("GET", "/orders?status=open&page={page}",
                        List.of(new QueryCondition("status", "open"), new QueryCondition("page", "{page}")), "get_orders", 2, true),
                new MappingRule("ANY", "/", List.of(), "hits", 1, false));
        assertThat(product.metrics()).extracting("name").containsExactly("hits", "bytes", "get_orders");
        assertThat(product.metrics()).extracting("parentId").containsExactly(null, null, "hits");
        assertThat(product.limits()).containsExactly(new UsageLimit("basic", "hits", Period.MINUTE, 5));
        assertThat(product.applications()).extracting("id").containsExactly("alice", "bob");
        assertThat(product.applications().getFirst().userKeys()).containsExactly("0123");
        assertThat(product.applications().getLast().state()).isEqualTo("suspended");
        assertThat(product.serviceTokens()).isEqualTo(Set.of("st-1"));
    }

    @Test void everyMistakeIsToldAtOnceWithItsLineAndTheNearestKnownName() throws IOException {
        assertThat(mistakes("""
                products:
                  orders:
                    hosts: [api.example.com, "http://x.example.com", "*.example.com", "api.example.com:8080"]
                    upstream: 10.0.0.7:8080
                    credentials: {knd: user-key, location: header}
                    methods: [get_orders]
                    rules:
                      - {method: get, pattern: orders, metric: get_order}
                      - {method: GET, pattern: "/a(b)", metric: hits, delta: -1}
                      - {pattern: "/{a"}
                    plans:
                      basic:
                        limits:
                          - {metric: hit, period: minutes, max: many}
                          - {metric: hits, period: day, max: 1}
                          - {metric: hits, period: day, max: 2}
                    applications:
                      alice: {plan: basix, user-key: k}
                      bob: {plan: basic, user-key: k}
                      carol: {plan: basic}
                      dave: nobody
                    colour: red
                  bills:
                    hosts: [API.example.com]
                    upstream: ftp://files
                """)).containsExactly(
                "t.yaml:3  products.orders.hosts[2]: http://x.example.com is a URL (expected: a host name only, e.g. api.example.com)",
                "t.yaml:3  products.orders.hosts[3]: *.example.com: hosts are compared exactly, there are no wildcards (expected: e.g. api.example.com)",
                "t.yaml:3  products.orders.hosts[4]: api.example.com:8080 has a port (expected: the name only, e.g. api.example.com; the port plays no part)",
                "t.yaml:4  products.orders.upstream: 10.0.0.7:8080 is not a URL, the scheme is missing (expected: http://10.0.0.7:8080?)",
                "t.yaml:5  products.orders.credentials.location: header is not known (did you mean headers?)",
                "t.yaml:5  products.orders.credentials.knd: unknown key (did you mean kind?)",
                "t.yaml:8  products.orders.rules[1].method: get is not a method (did you mean GET?)",
                "t.yaml:8  products.orders.rules[1].pattern: orders (expected: a path that starts with /)",
                "t.yaml:8  products.orders.rules[1].metric: get_order is neither a metric nor a method of this product (did you mean get_orders?)",
                "t.yaml:9  products.orders.rules[2].delta: -1 (expected: a whole number from 0 to 2147483647)",
                "t.yaml:9  products.orders.rules[2].pattern: /a(b): character '(' cannot stand in a pattern (expected: a path, {name} for a variable part, $ at the end, others percent-encoded)",
                "t.yaml:10  products.orders.rules[3]: method is missing (expected: method: GET)",
                "t.yaml:10  products.orders.rules[3].pattern: /{a: braces do not pair (expected: e.g. /orders/{id})",
                "t.yaml:14  products.orders.plans.basic.limits[1].period: minutes is not known (did you mean minute?)",
                "t.yaml:14  products.orders.plans.basic.limits[1].max: many (expected: a whole number from 0 to 9223372036854775807)",
                "t.yaml:14  products.orders.plans.basic.limits[1].metric: hit is neither a metric nor a method of this product (did you mean hits?)",
                "t.yaml:16  products.orders.plans.basic.limits[3]: a second limit on hits per day (one of them must go)",
                "t.yaml:18  products.orders.applications.alice.plan: basix is not a plan of this product (did you mean basic?)",
                "t.yaml:19  products.orders.applications.bob.user-key: this key belongs to application alice already",
                "t.yaml:20  products.orders.applications.carol: user-key is missing: nobody could call as this application (expected: user-key: its secret)",
                "t.yaml:21  products.orders.applications.dave: is \"nobody\" (expected: a block of keys)",
                "t.yaml:21  products.orders.applications.dave: plan is missing (expected: plan: basic)",
                "t.yaml:21  products.orders.applications.dave: user-key is missing: nobody could call as this application (expected: user-key: its secret)",
                "t.yaml:22  products.orders.colour: unknown key",
                "t.yaml:23  products.bills: rules is missing (expected: at least one, e.g. - {method: ANY, pattern: /, metric: hits}; what matches no rule is refused)",
                "t.yaml:24  products.bills.hosts[1]: api.example.com belongs to product orders already",
                "t.yaml:25  products.bills.upstream: ftp://files: scheme ftp is not known (expected: http or https)");
    }

    @Test void productsOfAppIdKindTakeNoUserKeys() throws IOException {
        assertThat(mistakes("""
                products:
                  orders:
                    hosts: [a.example.com]
                    upstream: http://10.0.0.7
                    credentials: {kind: app-id}
                    rules: [{method: ANY, pattern: /}]
                    plans: {basic: {}}
                    applications:
                      alice: {plan: basic, app-keys: [k1, k2]}
                      bob: {plan: basic, user-key: k}
                """)).containsExactly(
                "t.yaml:10  products.orders.applications.bob.user-key: the product's credentials are of kind app-id: applications are known by their id and app-keys");
    }

    @Test void productsOfOpenidKindNameTheirProvider() throws IOException {
        var product = good("""
                products:
                  orders:
                    hosts: [a.example.com]
                    upstream: http://10.0.0.7
                    credentials: {kind: openid, issuer: "https://gw:pw@sso.example/realms/shop", client-id-claim: client_id}
                    rules: [{method: ANY, pattern: /}]
                    plans: {basic: {}}
                    applications: {alice: {plan: basic}}
                """).products().getFirst();
        assertThat(product.proxy().mode()).isEqualTo(AuthenticationMode.OAUTH);
        assertThat(product.proxy().credentialsLocation()).isEqualTo(CredentialsLocation.AUTHORIZATION);
        assertThat(product.proxy().openId()).isEqualTo(new OpenIdSettings("https://gw:pw@sso.example/realms/shop", "client_id", false, null));
        assertThat(mistakes("""
                products:
                  orders:
                    hosts: [a.example.com]
                    upstream: http://10.0.0.7
                    credentials: {kind: openid, issuer: sso.example}
                    rules: [{method: ANY, pattern: /}]
                    plans: {basic: {}}
                    applications: {alice: {plan: basic, user-key: k}}
                """)).hasSize(2).anyMatch(text -> text.contains("credentials.issuer: is no http URL")).anyMatch(text -> text.contains("kind openid"));
    }

    private Declared good(String yaml) throws IOException {
        return switch (load(yaml)) {
            case Loaded.Good(var configuration) -> configuration.declared();
            case Loaded.Bad(var findings) -> throw new AssertionError(findings.stream().map(Finding::text).toList());
        };
    }

    private List<String> mistakes(String yaml) throws IOException {
        return switch (load(yaml)) {
            case Loaded.Good(var configuration) -> throw new AssertionError("taken as good: " + configuration);
            case Loaded.Bad(var findings) -> findings.stream()
                    .map(finding -> finding.text().replace(folder + "/", "")).toList();
        };
    }

    private Loaded load(String yaml) throws IOException {
        var file = folder.resolve("t.yaml");
        Files.writeString(file, yaml);
        return Configuration.load(file, Map.of(), List.of());
    }
}
