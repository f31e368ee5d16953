package io.tollkeeper.app.declaration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.proxy.CredentialsLocation;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.ForwardedHeaders;
import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.proxy.MappingRule.QueryCondition;
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

    @Test void aPolicyOrALoginThatDoesNotExistHereRefusesTheDocument() throws IOException {
        assertThat(findings("""
                {"services": [
                 {"id": 1, "backend_version": "1", "proxy": {"policy_chain": [{"name": "ip_check"}, {"name": "apicast"}]}},
                 {"id": 2, "backend_version": "oauth", "proxy": {"hosts": ["b"], "policy_chain": []}}]}
                """)).containsExactly(
                "d.json:2  services[1].proxy.policy_chain[1].name: ip_check is not a policy of this version (expected: apicast)",
                "d.json:3  services[2].backend_version: OAuth and OpenID Connect are not built yet (expected: 1 or 2)",
                "d.json:3  services[2].proxy.policy_chain: is empty: every call would pass without a check (expected: null, or apicast in it)");
    }

    @Test void whatTheOriginalSkipsIsAWarning() throws IOException {
        var loaded = load("""
                {"services": [
                 {"id": 1, "backend_version": "1", "proxy": {"hosts": ["a"], "api_backend": "nowhere",
                   "proxy_rules": [{"http_method": "GET", "pattern": "/"}]}},
                 {"id": 1, "backend_version": "1"},
                 {"id": 3, "backend_version": "oidc", "proxy": {"hosts": ["A", "c"], "credentials_location": "cookie"}}]}
                """);
        assertThat(loaded).isInstanceOf(Loaded.Good.class);
        assertThat(((Loaded.Good) loaded).configuration().warnings()).extracting(finding -> finding.text().replace(folder + "/", "")).containsExactly(
                "d.json:2  warning: services[1].proxy.api_backend: nowhere is not a URL, the scheme is missing (expected: http://nowhere?): calls are counted and answered 404",
                "d.json:3  warning: services[1].proxy.proxy_rules[1].metric_system_name: is missing: this rule is left out",
                "d.json:4  warning: services[2].id: 1 is the id of the service on line 2: this one is left out",
                "d.json:5  warning: services[3].backend_version: oidc is not known (expected: 1 or 2): every call is answered as one without credentials",
                "d.json:5  warning: services[3].proxy.credentials_location: cookie is not known (known: authorization, headers, query): every call is answered as one without credentials",
                "d.json:5  warning: services[3].proxy.hosts[1]: a belongs to service 1 already: left out here");
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

    private Loaded load(String json) throws IOException {
        var file = folder.resolve("d.json");
        Files.writeString(file, json);
        return Configuration.load(file, Map.of(), List.of());
    }
}
