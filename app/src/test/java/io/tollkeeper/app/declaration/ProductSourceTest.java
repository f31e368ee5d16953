package io.tollkeeper.app.declaration;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;

import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.app.settings.Role;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Where a 3scale document may come from, and what is said when it does not come.
class ProductSourceTest {
    private static final String JSON = """
            {"services": [{"id": 7, "backend_version": "1", "proxy": {"hosts": ["a.example"], "api_backend": "http://127.0.0.1:1/+a%20b",
              "backend": {"endpoint": "http://127.0.0.1:2"},
              "proxy_rules": [{"http_method": "GET", "pattern": "/", "metric_system_name": "hits", "delta": 1}]}}]}
            """;
    private static final String YAML = """
            services:
              - id: 7
                backend_version: "1"
                proxy:
                  hosts: [a.example]
                  api_backend: http://127.0.0.1:1/+a%20b
                  backend: {endpoint: "http://127.0.0.1:2"}
                  proxy_rules:
                    - {http_method: GET, pattern: /, metric_system_name: hits, delta: 1}
            """;

    @TempDir private Path folder;

    private static Loaded load(Role role, Map<String, String> environment) {
        return Configuration.load(role, null, environment, List.of());
    }

    private static void assertServes(Map<String, String> environment) {
        assertThat(load(Role.GATEWAY, environment)).isInstanceOfSatisfying(Loaded.Good.class, good -> {
            assertThat(good.configuration().hasProducts()).isTrue();
            assertThat(good.configuration().declared().proxies()).singleElement().satisfies(proxy -> {
                assertThat(proxy.productId()).isEqualTo("7");
                assertThat(proxy.hosts()).containsExactly("a.example");
                assertThat(proxy.apiBackend()).isEqualTo("http://127.0.0.1:1/+a%20b");
            });
        });
    }

    private static String complaint(Map<String, String> environment) {
        var loaded = load(Role.GATEWAY, environment);
        assertThat(loaded).isInstanceOf(Loaded.Bad.class);
        return String.join("\n", ((Loaded.Bad) loaded).findings().stream().map(finding -> finding.text()).toList());
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String percent(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Test void everyFormOfADataUrlIsRead() {
        assertServes(Map.of("APICAST_CONFIGURATION", "data:application/json;base64," + base64(JSON)));
        assertServes(Map.of("APICAST_CONFIGURATION", "data:application/json," + percent(JSON)));
        assertServes(Map.of("APICAST_CONFIGURATION", "data:application/yaml;base64," + base64(YAML)));
        assertServes(Map.of("APICAST_CONFIGURATION", "data:application/yaml;charset=utf-8," + percent(YAML)));
    }

    @Test void everyFormOfAFileIsRead() throws IOException {
        var json = Files.writeString(folder.resolve("config.json"), JSON);
        var yaml = Files.writeString(folder.resolve("config.yml"), YAML);
        assertServes(Map.of("THREESCALE_CONFIG_FILE", json.toString()));
        assertServes(Map.of("THREESCALE_CONFIG_FILE", yaml.toString()));
        assertServes(Map.of("APICAST_CONFIGURATION", json.toString()));
        assertServes(Map.of("APICAST_CONFIGURATION", "file:" + json));
        assertServes(Map.of("APICAST_CONFIGURATION", "file://" + json));
    }

    @Test void aDataUrlGoesBeforeAFile() {
        assertServes(Map.of("APICAST_CONFIGURATION", "data:application/json," + percent(JSON), "THREESCALE_CONFIG_FILE", "/nowhere.json"));
    }

    @Test void aMeterReadsNoneOfThem() {
        assertThat(load(Role.METER, Map.of("THREESCALE_CONFIG_FILE", "/nowhere.json"))).isInstanceOfSatisfying(Loaded.Good.class,
                good -> assertThat(good.configuration().declared()).isEqualTo(Declared.NOTHING));
    }

    @Test void aFileThatIsNotThereIsNamedWithTheFolderThatCounts() {
        assertThat(complaint(Map.of("THREESCALE_CONFIG_FILE", "nowhere.json")))
                .contains("nowhere.json  no such file (relative paths count from " + Path.of("").toAbsolutePath());
    }

    @Test void whatIsNoDocumentIsTold() {
        assertThat(complaint(Map.of("APICAST_CONFIGURATION", "data:text/html,<p>"))).contains("a data URL of type text/html (expected: application/json");
        assertThat(complaint(Map.of("APICAST_CONFIGURATION", "data:application/json;base64,%%%%"))).contains("is not");
        assertThat(complaint(Map.of("APICAST_CONFIGURATION", "data:application/json"))).contains("without a comma");
        assertThat(complaint(Map.of("APICAST_CONFIGURATION", "data:application/json,%zz"))).contains("is not percent-encoded");
        assertThat(complaint(Map.of("APICAST_CONFIGURATION", "data:application/json," + percent("{\"services\": [")))).contains("not valid JSON");
        assertThat(complaint(Map.of("APICAST_CONFIGURATION", "ftp://x/y"))).contains("scheme ftp is not known");
    }

    @ParameterizedTest
    @ValueSource(strings = {"data:application/json;base64,c2VjcmV0LXRva2Vu", "http://secret-token@portal.example:x/"})
    void whatMayHoldSecretsIsNotRepeated(String written) {
        assertThat(complaint(Map.of("APICAST_CONFIGURATION", written))).doesNotContain("secret-token").doesNotContain("c2VjcmV0");
    }

    @Test void productsInTheFileOfSettingsAndElsewhereAreOneTooMany() throws IOException {
        var settings = Files.writeString(folder.resolve("tollkeeper.yaml"), """
                products:
                  one: {hosts: [one.example], upstream: "http://127.0.0.1:1"}
                """);
        var document = Files.writeString(folder.resolve("config.json"), JSON);
        assertThat(Configuration.load(Role.GATEWAY, settings, Map.of("THREESCALE_CONFIG_FILE", document.toString()), List.of()))
                .isInstanceOfSatisfying(Loaded.Bad.class, bad -> assertThat(bad.findings())
                        .anySatisfy(finding -> assertThat(finding.text()).contains("products come from").contains("config.json")));
    }
}
