package io.tollkeeper.app.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.app.document.Document;
import io.tollkeeper.app.document.Findings;
import io.tollkeeper.app.settings.Settings.Transport;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.gateway.route.PathRouting;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class SettingsReaderTest {
    private final Findings findings = new Findings();

    @Test void withoutAnySourceTheDefaultsApply() {
        var settings = read(null, Map.of());
        assertThat(settings.gateway().listen()).isEqualTo(new ListenAddress("0.0.0.0", 8080));
        assertThat(settings.meter().listen()).isEqualTo(new ListenAddress("127.0.0.1", 3000));
        assertThat(settings.upstream().connectTimeout()).isEqualTo(Duration.ofSeconds(60));
        assertThat(settings.upstream().totalTimeout()).isEqualTo(Duration.ZERO);
        assertThat(settings.client().maxHeaders()).isEqualTo(new ByteSize(32 << 10));
        assertThat(settings.transport()).isEqualTo(Transport.AUTO);
        assertThat(settings.data()).isEqualTo(Path.of("data"));
        assertThat(told()).isEmpty();
    }

    @Test void theFileBeatsDefaultsVariablesBeatTheFileAndSetBeatsAll() {
        var settings = read("""
                gateway:
                  listen: 127.0.0.1:1
                meter:
                  listen: 127.0.0.1:2
                management:
                  listen: 127.0.0.1:3
                """,
                Map.of("TOLLKEEPER_METER_LISTEN", "127.0.0.1:22", "TOLLKEEPER_MANAGEMENT_LISTEN", "127.0.0.1:33", "PATH", "/bin"),
                "management.listen=127.0.0.1:333");
        assertThat(settings.gateway().listen()).hasToString("127.0.0.1:1");
        assertThat(settings.meter().listen()).hasToString("127.0.0.1:22");
        assertThat(settings.management().listen()).hasToString("127.0.0.1:333");
        assertThat(told()).isEmpty();
    }

    @Test void everyMistakeOfEverySourceIsToldAtOnce() {
        read("""
                gateway:
                  lisen: 127.0.0.1:1
                  on-unwritable-meter: maybe
                upstream:
                  conect-timeout: 5s
                  idle-timeout: 5
                  listen: x
                dns: fast
                colour: red
                """,
                Map.of("TOLLKEEPER_GATEWAY_LISTN", "127.0.0.1:22", "TOLLKEEPER_CLIENT_MAX_BODY", "10MB"),
                "drain.dely=3s", "transport");
        assertThat(told()).containsExactly(
                "--set  drain.dely: unknown key (did you mean drain.delay?)",
                "--set  transport: has no value (expected: key=value, e.g. gateway.listen=127.0.0.1:8080)",
                "TOLLKEEPER_CLIENT_MAX_BODY  client.max-body: 10MB (expected: a size such as 512B, 64KiB, 10MiB or 1GiB)",
                "TOLLKEEPER_GATEWAY_LISTN  unknown variable (did you mean TOLLKEEPER_GATEWAY_LISTEN?)",
                "t.yaml:2  gateway.lisen: unknown key (did you mean listen?)",
                "t.yaml:3  gateway.on-unwritable-meter: maybe (expected: open, closed)",
                "t.yaml:5  upstream.conect-timeout: unknown key (did you mean connect-timeout?)",
                "t.yaml:6  upstream.idle-timeout: 5 (expected: a duration such as 500ms, 60s, 10m or 1h; 0s for off)",
                "t.yaml:7  upstream.listen: unknown key (did you mean gateway.listen?)",
                "t.yaml:8  dns: is \"fast\" (expected: servers, resolv-conf, query-timeout, ipv6, min-ttl, max-ttl, negative-ttl, stale)",
                "t.yaml:9  colour: unknown key");
    }

    @Test void valuesMustFitTogether() {
        read("""
                gateway:
                  tls:
                    listen: 0.0.0.0:8443
                    certificate: /no/such/file.pem
                meter:
                  internal-api:
                    user: porta
                """, Map.of());
        assertThat(told()).containsExactly(
                "settings  gateway.tls.key: missing: gateway.tls.listen is set and needs the certificate's private key (PEM file)",
                "settings  meter.internal-api.password: missing, while user is set (set both or neither)",
                "t.yaml:4  gateway.tls.certificate: /no/such/file.pem: no such file");
    }

    @Test void listenersCanBeSwitchedOff() {
        assertThat(read("metrics:\n  listen: off\n", Map.of()).metrics().listen()).isNull();
        assertThat(told()).isEmpty();
    }

    @Test void theOriginalsVariablesForTheInternalApiAreKnown() {
        var api = read(null, Map.of("CONFIG_INTERNAL_API_USER", "u", "CONFIG_INTERNAL_API_PASSWORD", "p")).meter().internalApi();
        assertThat(api.user()).isEqualTo("u");
        assertThat(api.password()).isEqualTo(new Secret("p"));
        assertThat(api.toString()).doesNotContain("p]").contains("***");
    }

    @Test void theOriginalsVariablesForTheEventsHookAreKnown() {
        var hook = read(null, Map.of("CONFIG_EVENTS_HOOK", "http://portal.test/events", "CONFIG_EVENTS_HOOK_SHARED_SECRET", "p"))
                .meter().events().hook();
        assertThat(hook.url()).hasToString("http://portal.test/events");
        assertThat(hook.secret()).isEqualTo(new Secret("p"));
        assertThat(told()).isEmpty();
        read("meter:\n  events: {hook: {url: portal.test/events}}\n", Map.of());
        assertThat(told()).singleElement().asString().contains("meter.events.hook.url: portal.test/events (expected: an http or https URL");
    }

    @Test void aHookNeedsAnInterval() {
        read("meter:\n  alerts: top-bin\n  events: {hook: {url: 'http://portal.test/', interval: 0s, timeout: off}}\n", Map.of());
        assertThat(told()).hasSize(2).first().asString().contains("meter.events.hook.interval: off (expected: at least 1ms");
    }

    @Test void nameServersAreAddressesWithAnOptionalPort() {
        var servers = read(null, Map.of("RESOLVER", "10.0.0.2,10.0.0.3:5353,fd00::2,[fd00::3]:5353")).dns().servers();
        assertThat(servers).extracting(NameServers::addresses).asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.LIST)
                .extracting(Object::toString)
                .containsExactly("/10.0.0.2:53", "/10.0.0.3:5353", "/[fd00:0:0:0:0:0:0:2]:53", "/[fd00:0:0:0:0:0:0:3]:5353");
        read(null, Map.of("TOLLKEEPER_DNS_SERVERS", "ns.example.com"));
        assertThat(told()).singleElement().asString().startsWith("TOLLKEEPER_DNS_SERVERS  dns.servers: ns.example.com (expected: IP addresses");
    }

    @Test void keysThatOthersReadAreLeftAlone() {
        read("products:\n  x: {}\n", Map.of());
        assertThat(told()).isEmpty();
    }

    @Test void variablesOfThreescaleAreHonouredOrSaidToHaveNoEffectButNeverIgnored() {
        var settings = read(null, Map.of(
                "CONFIG_LEGACY_REFERRER_FILTERS", "1",
                "CONFIG_MASTER_SERVICE_ID", "1",
                "CONFIG_REDIS_PROXY", "redis://backend-redis:6379/0",
                "CONFIG_REDIS_ASYNC", "1",
                "CONFIG_NOTIFICATION_BATCH", "10000",
                "CONFIG_WHATEVER", "x",
                "PUMA_WORKERS", "16",
                "PATH", "/bin"));
        assertThat(settings.meter().legacyReferrerFilters()).isTrue();
        assertThat(settings.meter().masterServiceId()).isEqualTo("1");
        assertThat(findings.hasErrors()).isFalse();
        assertThat(told()).containsExactly(
                "CONFIG_NOTIFICATION_BATCH  warning: has no effect here: traffic of the provider is summed in memory and counted every second, not collected in batches",
                "CONFIG_REDIS_ASYNC  warning: has no effect here: event loops serve all connections, there is nothing to choose",
                "CONFIG_REDIS_PROXY  warning: has no effect here: the store is embedded (setting `data`), no Redis is used",
                "CONFIG_WHATEVER  warning: has no effect here: Tollkeeper knows no such variable (docs/settings.md lists 3scale's)",
                "PUMA_WORKERS  warning: has no effect here: one process serves all processors (setting `event-loops`)");
    }

    @Test void pathRoutingIsWhatThreescalesSwitchesSayTheStrongerFirst() {
        assertThat(routing(Map.of())).isEqualTo(PathRouting.OFF);
        assertThat(routing(Map.of("APICAST_PATH_ROUTING", "true"))).isEqualTo(PathRouting.ON);
        assertThat(routing(Map.of("APICAST_PATH_ROUTING_ENABLED", "1"))).isEqualTo(PathRouting.ON);
        assertThat(routing(Map.of("APICAST_PATH_ROUTING_ONLY", "1", "APICAST_PATH_ROUTING", "1"))).isEqualTo(PathRouting.ONLY);
        assertThat(routing(Map.of("APICAST_PATH_ROUTING_ONLY", "false", "APICAST_PATH_ROUTING", "true"))).isEqualTo(PathRouting.ON);
        assertThat(routing(Map.of("APICAST_PATH_ROUTING", "yes"))).isEqualTo(PathRouting.OFF);
        assertThat(told()).isEmpty();
    }

    private PathRouting routing(Map<String, String> environment) {
        return read(null, environment).gateway().pathRouting();
    }

    private Settings read(@Nullable String yaml, Map<String, String> environment, String... overrides) {
        var file = yaml == null ? null : Document.read("t.yaml", yaml, findings);
        return SettingsReader.read(file, Set.of("products"), environment, List.of(overrides), findings);
    }

    private List<String> told() {
        return findings.sorted().stream().map(Finding::text).toList();
    }
}
