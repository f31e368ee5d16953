package io.tollkeeper.app.settings;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import io.tollkeeper.app.document.Findings;
import io.tollkeeper.core.proxy.Finding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Every variable of 3scale's gateway (gateway specification, section 3) is taken over, or told.
class GatewayVariablesTest {

    private final Findings findings = new Findings();

    private Settings read(Role role, Map<String, String> environment) {
        return SettingsReader.read(role, null, Set.of(), environment, List.of(), findings);
    }

    private Settings gateway(String variable, String value) {
        var settings = read(Role.GATEWAY, Map.of(variable, value));
        assertThat(findings.sorted()).as(variable + "=" + value).isEmpty();
        return settings;
    }

    /// The list of section 3, with its aliases.
    @ParameterizedTest
    @ValueSource(strings = {
        "APICAST_CONFIGURATION", "THREESCALE_CONFIG_FILE", "THREESCALE_PORTAL_ENDPOINT", "THREESCALE_DEPLOYMENT_ENV", "APICAST_ENVIRONMENT",
        "APICAST_CONFIGURATION_LOADER", "APICAST_CONFIGURATION_CACHE", "APICAST_CONFIGURATION_TIMEOUT", "APICAST_SERVICE_CACHE_SIZE",
        "APICAST_SERVICES_LIST", "APICAST_SERVICES", "APICAST_SERVICES_FILTER_BY_URL", "APICAST_SERVICE_42_CONFIGURATION_VERSION",
        "APICAST_PATH_ROUTING", "APICAST_PATH_ROUTING_ENABLED", "APICAST_PATH_ROUTING_ONLY", "BACKEND_ENDPOINT_OVERRIDE",
        "APICAST_BACKEND_CACHE_HANDLER", "APICAST_RESPONSE_CODES", "APICAST_REPORTING_THREADS", "APICAST_POLICY_LOAD_PATH",
        "APICAST_BUILTIN_POLICY_LOAD_PATH", "APICAST_VALIDATE_POLICY_CONFIGS", "APICAST_MANAGEMENT_API", "APICAST_MODULE", "APICAST_CUSTOM_CONFIG",
        "APICAST_LOG_FILE", "APICAST_LOG_LEVEL", "APICAST_OIDC_LOG_LEVEL", "APICAST_ACCESS_LOG_FILE", "APICAST_ACCESS_LOG_BUFFER", "APICAST_WORKERS",
        "APICAST_HTTPS_PORT", "APICAST_HTTPS_CERTIFICATE", "APICAST_HTTPS_CERTIFICATE_KEY", "APICAST_HTTPS_VERIFY_CLIENT", "APICAST_HTTPS_VERIFY_DEPTH",
        "APICAST_HTTPS_SESSION_REUSE", "APICAST_HTTP_PROXY_PROTOCOL", "APICAST_HTTPS_PROXY_PROTOCOL", "APICAST_PROXY_HTTPS_CERTIFICATE",
        "APICAST_PROXY_HTTPS_CERTIFICATE_KEY", "APICAST_PROXY_HTTPS_PASSWORD_FILE", "APICAST_PROXY_HTTPS_SESSION_REUSE", "OPENSSL_VERIFY", "SSL_CERT_FILE",
        "APICAST_UPSTREAM_RETRY_CASES", "APICAST_CACHE_STATUS_CODES", "APICAST_CACHE_MAX_TIME", "APICAST_POLICY_BATCHER_SHARED_MEMORY_SIZE",
        "APICAST_LARGE_CLIENT_HEADER_BUFFERS", "APICAST_PROXY_BUFFER_SIZE", "APICAST_LUA_SOCKET_KEEPALIVE_REQUESTS", "HTTP_KEEPALIVE_TIMEOUT",
        "APICAST_EXTENDED_METRICS", "NGINX_METRICS_LOG_LEVEL", "NGINX_METRICS_MAX_LOGS", "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
        "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "RESOLVER", "REDIS_HOST", "REDIS_PORT", "REDIS_URL", "OPENTELEMETRY", "OPENTELEMETRY_CONFIG",
        "APICAST_DIR", "APICAST_OPENRESTY_BINARY", "APICAST_LOADED_ENVIRONMENTS"})
    void everyVariableIsTakenOverOrToldWithTheReason(String variable) {
        boolean taken = Keys.ALL.stream().anyMatch(key -> key.aliases().contains(variable)) || SettingsReader.PINNED.matcher(variable).matches()
                || GatewayVariables.READ_ELSEWHERE.containsKey(variable);
        boolean told = GatewayVariables.WITHOUT_EFFECT.stream().filter(without -> !without.name().endsWith("_*")).anyMatch(without -> without.covers(variable));
        assertThat(taken ^ told).as("taken %s, told %s", taken, told).isTrue();
        if (told) {
            read(Role.GATEWAY, Map.of(variable, "1"));
            assertThat(findings.sorted()).singleElement().extracting(Finding::text).asString().startsWith(variable + "  warning: has no effect here: ");
        }
    }

    @Test void anUnknownVariableOf3scalesIsToldAsUnknown() {
        read(Role.GATEWAY, Map.of("APICAST_CONFIGURATION_CACHE_TIME", "1", "THREESCALE_PORTAL", "x", "SOMETHING_ELSE", "x"));
        assertThat(findings.sorted()).extracting(Finding::text).containsExactly(
                "APICAST_CONFIGURATION_CACHE_TIME  warning: has no effect here: Tollkeeper knows no such variable (docs/settings.md lists 3scale's)",
                "THREESCALE_PORTAL  warning: has no effect here: Tollkeeper knows no such variable (docs/settings.md lists 3scale's)");
    }

    @Test void aPartThatIsNotThereIsToldAndItsVariablesAreNotTaken() {
        var environment = new HashMap<>(Map.of("CONFIG_INTERNAL_API_USER", "u", "CONFIG_REDIS_PROXY", "redis://x", "APICAST_LOG_LEVEL", "error"));
        assertThat(read(Role.GATEWAY, environment).meter().internalApi().user()).isNull();
        assertThat(findings.sorted()).extracting(Finding::text).containsExactly(
                "CONFIG_INTERNAL_API_USER  warning: has no effect here: tollkeeper gateway has no meter of its own",
                "CONFIG_REDIS_PROXY  warning: has no effect here: tollkeeper gateway has no meter of its own");
    }

    @Test void aMeterTakesNothingOfTheGateway() {
        var settings = read(Role.METER, Map.of("APICAST_CONFIGURATION", "x", "BACKEND_ENDPOINT_OVERRIDE", "http://m", "OPENTELEMETRY", "1", "APICAST_WORKERS", "2", "HTTP_PROXY", "http://p"));
        assertThat(settings.gateway().configuration()).isNull();
        assertThat(settings.eventLoops()).isEqualTo(2);
        assertThat(findings.sorted()).extracting(Finding::text).containsExactly(
                "APICAST_CONFIGURATION  warning: has no effect here: tollkeeper meter has no gateway",
                "BACKEND_ENDPOINT_OVERRIDE  warning: has no effect here: tollkeeper meter has no gateway");
    }

    @ParameterizedTest
    @CsvSource({"true, true", "1, true", "false, false", "yes, false", "TRUE, false", "on, false"})
    void truthIsWhat3scaleTakesForIt(String written, boolean meant) {
        assertThat(gateway("APICAST_RESPONSE_CODES", written).meter().responseCodes()).isEqualTo(meant);
    }

    @ParameterizedTest
    @CsvSource({"300, 300s", "0, 0s", "-1, forever", "abc, forever"})
    void cacheTimesAreSeconds(String written, String meant) {
        assertThat(gateway("APICAST_CONFIGURATION_CACHE", written).gateway().configurationCache()).hasToString(meant);
    }

    @Test void everyFormIsReadAsTheOriginalReadsIt() {
        assertThat(gateway("APICAST_LARGE_CLIENT_HEADER_BUFFERS", "4 16k").client()).satisfies(client -> {
            assertThat(client.maxRequestLine()).hasToString("16KiB");
            assertThat(client.maxHeader()).hasToString("16KiB");
            assertThat(client.maxHeaders()).hasToString("64KiB");
        });
        assertThat(gateway("APICAST_PROXY_BUFFER_SIZE", "8k").upstream().maxHead()).hasToString("8KiB");
        assertThat(gateway("APICAST_POLICY_BATCHER_SHARED_MEMORY_SIZE", "40m").meter().batchMemory()).hasToString("40MiB");
        assertThat(gateway("HTTP_KEEPALIVE_TIMEOUT", "5").client().keepAlive()).hasSeconds(5);
        assertThat(gateway("APICAST_LOG_LEVEL", "notice").log().level()).isEqualTo(Settings.Log.Level.INFO);
        assertThat(gateway("APICAST_LOG_LEVEL", "emerg").log().level()).isEqualTo(Settings.Log.Level.ERROR);
        assertThat(gateway("APICAST_LOG_LEVEL", "").log().level()).as("empty is not set").isEqualTo(Settings.Log.Level.INFO);
        assertThat(gateway("APICAST_ACCESS_LOG_FILE", "/dev/stdout").accessLog()).isEqualTo("stdout");
        assertThat(gateway("APICAST_HTTP_PROXY_PROTOCOL", "false").gateway().proxyProtocol()).as("any value").isTrue();
        assertThat(gateway("APICAST_MANAGEMENT_API", "debug").management().mode()).isEqualTo(Settings.Management.Mode.DEBUG);
        assertThat(gateway("APICAST_MANAGEMENT_API", "nonsense").management().mode()).isEqualTo(Settings.Management.Mode.DISABLED);
        assertThat(gateway("OPENSSL_VERIFY", "0").upstream().tls().verify()).isEqualTo(Settings.UpstreamTls.Verify.FALSE);
        assertThat(gateway("APICAST_BACKEND_CACHE_HANDLER", "none").meter().caching()).hasToString("UNKNOWN");
        assertThat(gateway("APICAST_SERVICE_42_CONFIGURATION_VERSION", "7").gateway().portal().versions()).isEqualTo("42=7");
    }

    @Test void theStrongerOfTwoVariablesCounts() {
        assertThat(read(Role.GATEWAY, Map.of("http_proxy", "http://lower:1", "HTTP_PROXY", "http://upper:2")).upstream().httpProxy())
                .isEqualTo(new Secret("http://lower:1"));
        assertThat(read(Role.GATEWAY, Map.of("APICAST_PATH_ROUTING_ONLY", "0", "APICAST_PATH_ROUTING", "1")).gateway().pathRouting()).hasToString("ON");
        assertThat(read(Role.GATEWAY, Map.of("APICAST_PATH_ROUTING_ONLY", "1", "APICAST_PATH_ROUTING", "1")).gateway().pathRouting()).hasToString("ONLY");
    }

    @Test void whatIsWrongIsToldUnderTheVariablesNameWithoutItsSecrets() {
        read(Role.GATEWAY, Map.of("APICAST_CONFIGURATION_LOADER", "sometimes", "HTTP_PROXY", "socks://u:geheim@p"));
        var text = findings.sorted().stream().map(Finding::text).collect(Collectors.joining("\n"));
        assertThat(text).contains("APICAST_CONFIGURATION_LOADER  gateway.configuration-loader: sometimes (expected: auto, boot, lazy)")
                .contains("HTTP_PROXY  upstream.http-proxy: ").doesNotContain("geheim");
    }
}
