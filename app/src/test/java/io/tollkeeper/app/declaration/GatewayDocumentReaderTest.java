package io.tollkeeper.app.declaration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.app.document.Findings;
import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.proxy.BackendEndpoint;
import io.tollkeeper.core.proxy.CredentialsLocation;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.ForwardedHeaders;
import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.proxy.MappingRule.QueryCondition;
import io.tollkeeper.core.proxy.OpenIdSettings;
import io.tollkeeper.core.proxy.PolicySpec;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.proxy.UpstreamPath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class GatewayDocumentReaderTest {
    @TempDir private Path folder;

    @Test void theDocumentOfTheSpecificationIsRead() throws IOException {
        var proxy = good("""
                {"timestamp": "2026-05-01T10:00:00Z", "services": [
                  { "id": 310, "system_name": "inventory", "backend_version": "2",
                    "backend_authentication_type": "service_token", "backend_authentication_value": "st-310",
                    "proxy": {
                      "hosts": ["INV.example.com", "inventory.internal"],
                      "api_backend": "https://stock.internal:8443/v1",
                      "hostname_rewrite": "stock.internal", "secret_token": "s3cr3t",
                      "credentials_location": "headers", "auth_app_id": "X-App", "auth_app_key": "X-Key",
                      "error_status_limits_exceeded": 409, "error_limits_exceeded": "too many requests",
                      "policy_chain": [ { "name": "apicast", "version": "builtin", "configuration": {} } ],
                      "proxy_rules": [
                        { "http_method": "GET", "pattern": "/", "metric_system_name": "hits", "delta": 1, "last": false },
                        { "http_method": "POST", "pattern": "/items/{id}/book$", "querystring_parameters": {"a": "{x}", "b": "1"},
                          "metric_system_name": "book", "delta": 2, "last": true, "position": null } ] } } ],
                 "oidc": [ { "service_id": 310 } ] }
                """).getFirst();
        assertThat(proxy.productId()).isEqualTo("310");
        assertThat(proxy.systemName()).isEqualTo("inventory");
        assertThat(proxy.mode()).isEqualTo(AuthenticationMode.APP_ID);
        assertThat(proxy.hosts()).containsExactly("inv.example.com", "inventory.internal");
        assertThat(proxy.credentialsLocation()).isEqualTo(CredentialsLocation.HEADERS);
        assertThat(proxy.authAppId()).isEqualTo("x-app");
        assertThat(proxy.hostnameRewrite()).isEqualTo("stock.internal");
        assertThat(proxy.limitsExceeded().status()).isEqualTo(409);
        assertThat(proxy.limitsExceeded().body()).isEqualTo("too many requests");
        assertThat(proxy.forwarded()).isEqualTo(ForwardedHeaders.PASS);
        assertThat(proxy.rules()).containsExactly(
                new MappingRule("GET", "/", List.of(), "hits", 1, false),
                new MappingRule("POST", "/items/{id}/book$", List.of(new QueryCondition("a", "{x}"), new QueryCondition("b", "1")), "book", 2, true));
    }

    @Test void nullMeansAbsentEverywhere() throws IOException {
        var proxy = good("""
                {"services": [{"id": 1, "system_name": null, "backend_version": 1, "backend_authentication_value": null, "proxy": {
                  "hosts": null, "api_backend": null, "credentials_location": null, "auth_user_key": null, "error_auth_failed": null,
                  "error_status_auth_failed": null, "policy_chain": null, "hostname_rewrite": "", "proxy_rules": null, "backend": null}}]}
                """).getFirst();
        assertThat(proxy).usingRecursiveComparison().isEqualTo(ProxyConfig.of("1").mode(AuthenticationMode.USER_KEY).build());
    }

    @Test void aMistakeOfAServiceIsAProblemOfThatProductOnly() throws IOException {
        var products = good("""
                {"services": [
                 {"id": 1, "backend_version": "1", "proxy": {"hosts": ["a"],
                   "policy_chain": [{"name": "apicast", "version": "1.0"}, {"version": "builtin"}], "error_status_no_match": 42}},
                 {"id": 2, "backend_version": "oauth", "proxy": {"hosts": ["b"], "authentication_method": "oidc",
                   "oidc_issuer_endpoint": "https://sso", "jwt_claim_with_client_id": "{{ azp }}", "jwt_claim_with_client_id_type": "liquid"}},
                 {"id": 3, "backend_version": "1", "proxy": {"hosts": ["c"], "proxy_rules": [{"pattern": "/", "http_method": "GET",
                   "metric_system_name": "hits", "delta": "many"}], "backend": "nowhere"}},
                 {"id": 4, "backend_version": "1", "proxy": {"hosts": ["d"]}}]}
                """);
        assertThat(products).extracting(ProxyConfig::productId).containsExactly("1", "2", "3", "4");
        assertThat(problems(products.get(0))).containsExactly(
                "d.json:3:41  services[1].proxy.policy_chain[1].version: 1.0: there is no such version of policy apicast (expected: builtin)",
                "d.json:3:60  services[1].proxy.policy_chain[2].name: is missing (expected: the name of a policy, e.g. apicast)",
                "d.json:3:85  services[1].proxy.error_status_no_match: 42 (expected: a whole number from 200 to 599)");
        assertThat(problems(products.get(1))).containsExactly("d.json:5:84  services[2].proxy.jwt_claim_with_client_id_type: "
                + "liquid: templates are not built yet, and without one the wrong application would be counted (expected: plain)");
        assertThat(problems(products.get(2))).containsExactly(
                "d.json:7:34  services[3].proxy.proxy_rules[1].delta: \"many\" (expected: a whole number from -2147483648 to 2147483647)",
                "d.json:7:53  services[3].proxy.backend: nowhere is not a URL, the scheme is missing (expected: http://nowhere?)");
        assertThat(products.get(3).problems()).isEmpty();
    }

    @Test void policiesKeepTheirConfigurationAsTypedValuesWithoutNulls() throws IOException {
        var proxy = good("""
                {"services": [{"id": 1, "backend_version": "1", "proxy": {"policy_chain": [
                  {"name": "apicast.policy.caching", "version": "whatever", "configuration": {"caching_type": "none", "x": null}},
                  {"name": "headers", "enabled": true, "configuration": {"request": [{"op": "set", "n": 7, "f": 0.5, "on": true}, null]}},
                  {"name": "apicast", "configuration": null}]}}]}
                """).getFirst();
        assertThat(proxy.problems()).isEmpty();
        assertThat(proxy.policies()).containsExactly(
                new PolicySpec("caching", Map.of("caching_type", "none")),
                new PolicySpec("headers", Map.of("request", List.of(Map.of("op", "set", "n", 7L, "f", 0.5, "on", true)))),
                PolicySpec.APICAST);
    }

    @Test void tokensOfAServiceAreCheckedByTheProviderThatNamesItElseByTheOneAtItsPosition() throws IOException {
        var products = good("""
                {"oidc": [{"service_id": 3, "issuer": "https://three", "config": {"id_token_signing_alg_values_supported": ["RS256", "ES256"]},
                           "keys": {"k1": {"kty": "RSA", "pem": "-----BEGIN", "alg": null}}},
                          {"issuer": "https://by-position"}],
                 "services": [
                 {"id": 1, "backend_version": "oauth", "proxy": {"hosts": ["a"], "authentication_method": "oidc", "oidc_issuer_endpoint": "https://u:p@one"}},
                 {"id": 2, "backend_version": "oauth", "proxy": {"hosts": ["b"], "authentication_method": "oidc", "jwt_claim_with_client_id": "cid"}},
                 {"id": 3, "backend_version": "oauth", "proxy": {"hosts": ["c"], "authentication_method": "oidc", "jwt_claim_with_client_id_type": "plain"}},
                 {"id": 4, "backend_version": "oauth", "proxy": {"hosts": ["d"]}}]}
                """);
        assertThat(products).extracting(ProxyConfig::mode).containsOnly(AuthenticationMode.OAUTH);
        assertThat(products).extracting(ProxyConfig::openId).containsExactly(
                new OpenIdSettings("https://u:p@one", "azp", false, null),
                new OpenIdSettings(null, "cid", false, new OpenIdSettings.Provider("https://by-position", List.of(), Map.of())),
                new OpenIdSettings(null, "azp", false, new OpenIdSettings.Provider("https://three", List.of("RS256", "ES256"),
                        Map.of("k1", Map.of("kty", "RSA", "pem", "-----BEGIN")))),
                null);
    }

    @Test void theEndpointOfTheMeterMayBeAnObjectOrAText() throws IOException {
        assertThat(good("""
                {"services": [
                 {"id": 1, "backend_version": "1", "backend_authentication_type": "service_token", "backend_authentication_value": "st",
                  "proxy": {"hosts": ["a"], "backend": {"endpoint": "http://m:3000", "host": "su1.example"}}},
                 {"id": 2, "backend_version": "1", "proxy": {"hosts": ["b"], "backend": "https://m"}},
                 {"id": 3, "backend_version": "1", "proxy": {"hosts": ["c"], "backend": {"endpoint": null}}}]}
                """)).extracting(ProxyConfig::backend).containsExactly(
                new BackendEndpoint("http://m:3000", "su1.example"), new BackendEndpoint("https://m", null), null);
    }

    @Test void aPortalsAnswersAreDocumentsTooAndSeveralMakeOne() {
        var findings = new Findings();
        var kept = new ArrayList<List<String>>();
        var reader = new GatewayDocumentReader((id, hosts) -> {
            kept.add(hosts);
            return !id.equals("3");
        }, findings);
        var declared = reader
                .read("page 1", GatewayDocumentReader.bytes("""
                        {"proxy_configs": [{"proxy_config": {"id": 7, "version": 3, "environment": "production",
                          "content": {"id": 1, "backend_version": "1", "proxy": {"hosts": ["ONE"]}}}},
                          {"proxy_config": {"content": {"id": 3, "backend_version": "1", "proxy": {"hosts": ["three"]}}}}]}
                        """))
                .read("page 2", GatewayDocumentReader.bytes("""
                        {"proxy_configs": [{"proxy_config": {"content": {"id": 1, "backend_version": "1"}}}]}
                        """))
                .read("version", GatewayDocumentReader.bytes("""
                        {"proxy_config": {"id": 7, "content": { "id": 2, "backend_version": "2", "proxy": {"hosts": ["two"]} }}}
                        """))
                .declared();
        assertThat(declared.products()).extracting(DeclaredProduct::id).containsExactly("1", "2");
        assertThat(declared.products().getLast().original()).isNotNull().extracting(ServiceText::text)
                .isEqualTo("{ \"id\": 2, \"backend_version\": \"2\", \"proxy\": {\"hosts\": [\"two\"]} }");
        assertThat(reader.leftOut()).containsExactly("3");
        assertThat(kept).contains(List.of("ONE"));
        assertThat(findings.sorted()).extracting(Finding::text).containsExactly(
                "page 2:1  warning: 1 is the id of the service of page 1, line 2: this one is left out");
    }

    @Test void equalProductsOfAnEarlierReadingAreUsedAgain() {
        var text = GatewayDocumentReader.bytes("""
                {"services": [{"id": 1, "backend_version": "1", "proxy": {"hosts": ["a"]}}, {"id": 2, "backend_version": "1", "proxy": {"hosts": ["b"]}}]}
                """);
        var changed = GatewayDocumentReader.bytes("""
                {"services": [
                  {"id": 2, "backend_version": "1", "proxy": {"hosts": ["c"]}}, {"id": 1, "backend_version": "1", "proxy": {"hosts": ["a"]}}]}
                """);
        var first = new GatewayDocumentReader(ServiceFilter.ALL, new Findings()).read("d", text).declared();
        var second = new GatewayDocumentReader(ServiceFilter.ALL, new Findings()).knowing(first).read("d", changed).declared();
        assertThat(second.products().getLast().proxy()).isSameAs(first.products().getFirst().proxy());
        assertThat(second.products().getFirst().proxy()).isNotEqualTo(first.products().getLast().proxy());
    }

    @Test void aTextThatIsNoJsonIsAMistakeOfTheWhole() throws IOException {
        assertThat(findings("{\"services\": [{\"id\": 1},\n  {\"id\": 2,, }]}")).singleElement().asString()
                .startsWith("d.json:2:").contains("not valid JSON: Unexpected character (','");
        assertThat(findings("{\"services\": {\"id\": 1}}")).containsExactly("d.json:1:14  services: is not a list (expected: a list)");
        assertThat(findings("{\"services\": [7, null]}")).containsExactly("d.json:1:15  services[1]: is not an object (expected: an object)");
    }

    @Test void whatTheOriginalSkipsIsAWarning() throws IOException {
        var loaded = load("""
                {"services": [
                 {"id": 1, "backend_version": "1", "proxy": {"hosts": ["a:80"], "api_backend": "nowhere",
                   "proxy_rules": [{"http_method": "GET", "pattern": "/"}, {"http_method": "get", "pattern": "/a+", "metric_system_name": "m"}]}},
                 {"id": 1, "backend_version": "1"},
                 {"id": 3, "backend_version": "oidc", "proxy": {"hosts": ["A", "c"], "credentials_location": "cookie"}},
                 {"id": 4, "backend_version": "1", "proxy": {"hosts": ["d"], "policy_chain": []}},
                 {"id": 5, "backend_version": "oauth", "proxy": {"hosts": ["e"]}},
                 {"id": 6, "backend_version": "oauth", "proxy": {"hosts": ["f"], "authentication_method": "oidc"}}]}
                """);
        assertThat(loaded).isInstanceOf(Loaded.Good.class);
        assertThat(((Loaded.Good) loaded).configuration().warnings()).extracting(finding -> finding.text().replace(folder + "/", "")).containsExactly(
                "d.json:2:46  warning: services[1].proxy.hosts: a:80 has a port (expected: the name only, e.g. a; the port plays no part): no request matches it",
                "d.json:2:65  warning: services[1].proxy.api_backend: nowhere is not a URL, the scheme is missing (expected: http://nowhere?): calls are counted and answered 404",
                "d.json:3:20  warning: services[1].proxy.proxy_rules[1].metric_system_name: is missing: this rule is left out",
                "d.json:3:61  warning: services[1].proxy.proxy_rules[2].http_method: get matches no request (did you mean GET?)",
                "d.json:3:83  warning: services[1].proxy.proxy_rules[2].pattern: /a+: '+' stands for itself (3scale's gateway reads it as part of a regular expression)",
                "d.json:4  warning: 1 is the id of the service of d.json, line 2: this one is left out",
                "d.json:5:12  warning: services[3].backend_version: oidc is not known (expected: 1, 2 or oauth): every call is answered as one without credentials",
                "d.json:5:70  warning: services[3].proxy.credentials_location: cookie is not known (known: authorization, headers, query): every call is answered as one without credentials",
                "d.json:6:62  warning: services[4].proxy.policy_chain: is empty: EVERY CALL IS ANSWERED 200 WITHOUT A CHECK and reaches no upstream (expected: null for the usual chain, or a list with apicast in it)",
                "d.json:7:49  warning: services[5].proxy.authentication_method: oauth: native OAuth 2 is not offered, every call is answered 501 (expected: oidc, with backend_version oauth)",
                "d.json:8:2  warning: services[6].proxy.oidc_issuer_endpoint: is missing, and oidc[] says nothing of this service: every token is refused");
    }

    @Test void anEmptyObjectIsADocumentWithoutServices() throws IOException {
        assertThat(good("{}")).isEmpty();
    }

    private List<ProxyConfig> good(String json) throws IOException {
        return switch (load(json)) {
            case Loaded.Good(var configuration) -> configuration.declared().products().stream().map(DeclaredProduct::proxy).toList();
            case Loaded.Bad(var findings) -> throw new AssertionError(findings.stream().map(Finding::text).toList());
        };
    }

    private List<String> findings(String json) throws IOException {
        return switch (load(json)) {
            case Loaded.Good(var configuration) -> throw new AssertionError("taken as good: " + configuration);
            case Loaded.Bad(var findings) -> findings.stream().map(finding -> finding.text().replace(folder + "/", "")).toList();
        };
    }

    private List<String> problems(ProxyConfig product) {
        return product.problems().stream().map(finding -> finding.text().replace(folder + "/", "")).toList();
    }

    private Loaded load(String json) throws IOException {
        var file = folder.resolve("d.json");
        Files.writeString(file, json);
        return Configuration.load(file, Map.of(), List.of());
    }
}
