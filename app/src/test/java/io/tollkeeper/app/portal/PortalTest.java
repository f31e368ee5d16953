package io.tollkeeper.app.portal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.app.declaration.Declared;
import io.tollkeeper.app.declaration.DeclaredProduct;
import io.tollkeeper.app.settings.CacheTime;
import io.tollkeeper.app.settings.Role;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.EngineSettings;
import io.tollkeeper.http.Transport;
import io.tollkeeper.http.fetch.FetchUrl;
import io.tollkeeper.http.fetch.Fetcher;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static io.tollkeeper.app.portal.StubPortal.answer;
import static io.tollkeeper.app.portal.StubPortal.config;
import static io.tollkeeper.app.portal.StubPortal.page;
import static io.tollkeeper.app.portal.StubPortal.service;
import static org.assertj.core.api.Assertions.assertThat;

/// What a portal is asked in each case, and what is served when it does not answer as it should.
class PortalTest {
    private static final Engine ENGINE = Engine.start(new EngineSettings(Transport.NIO, 1, EngineSettings.Dns.DEFAULT));
    private static final Fetcher FETCHER = new Fetcher(ENGINE, ClientTls.VERIFIED, "Test");
    private static final Instant NOON = Instant.parse("2026-05-01T12:00:00Z");
    private static final String ALL = "/admin/api/account/proxy_configs/production.json?version=latest&page=1&per_page=500";

    @TempDir private Path folder;
    private final StubPortal stub = new StubPortal();
    private final List<Declared> taken = new CopyOnWriteArrayList<>();
    private final List<Finding> failures = new CopyOnWriteArrayList<>();

    @AfterAll static void stop() {
        ENGINE.close();
    }

    private static Configuration settings(Map<String, String> environment) {
        return ((Loaded.Good) Configuration.load(Role.GATEWAY, null, environment, List.of())).configuration();
    }

    private PortalSettings asking(FetchUrl endpoint, List<String> services, Map<String, String> versions) {
        return new PortalSettings(endpoint, "production", services, versions, Duration.ofSeconds(2), "Tollkeeper/x (Linux; amd64; env:production)");
    }

    private Portal portal(PortalSettings settings) {
        return new Portal(FETCHER, settings, folder, InstantSource.fixed(NOON));
    }

    private Portal portal() {
        return portal(asking(stub.url(""), List.of(), Map.of()));
    }

    private static List<String> ids(Loaded loaded) {
        assertThat(loaded).isInstanceOf(Loaded.Good.class);
        return ids(((Loaded.Good) loaded).configuration().declared());
    }

    private static List<String> ids(Declared declared) {
        return declared.products().stream().map(DeclaredProduct::id).toList();
    }

    private static String complaint(Loaded loaded) {
        assertThat(loaded).isInstanceOf(Loaded.Bad.class);
        return ((Loaded.Bad) loaded).findings().getFirst().text();
    }

    // ---- what is asked

    @Test void allProductsAreAskedForWithCredentialsAndAName() throws Exception {
        try (stub) {
            stub.says(ALL, page(service(1, "one.test"), service(2, "two.test")));
            assertThat(ids(portal().load(settings(Map.of())))).containsExactly("1", "2");
            assertThat(stub.asked()).containsExactly(ALL);
            assertThat(stub.peer().lastRequest().header("authorization")).isEqualTo("Basic dG9rZW46");
            assertThat(stub.peer().lastRequest().header("user-agent")).isEqualTo("Tollkeeper/x (Linux; amd64; env:production)");
        }
    }

    @Test void pagesAreReadUntilOneIsNotFull() throws Exception {
        try (stub) {
            var full = IntStream.rangeClosed(1, 500).mapToObj(id -> service(id, "h" + id + ".test")).toArray(String[]::new);
            stub.says(ALL, page(full)).says(ALL.replace("page=1&", "page=2&"), page(service(501, "last.test")));
            assertThat(ids(portal().load(settings(Map.of())))).hasSize(501).endsWith("501");
        }
    }

    @Test void anEndpointWithAPathIsAFolderOfFiles() throws Exception {
        try (stub) {
            stub.says("/custom/production.json", page(service(1, "one.test")));
            assertThat(ids(portal(asking(stub.url("/custom/"), List.of(), Map.of())).load(settings(Map.of())))).containsExactly("1");
        }
    }

    @Test void pinnedVersionsAreAskedForOneByOneAndOneThatIsNotThereIsLeftOut() throws Exception {
        try (stub) {
            stub.says("/admin/api/services.json?page=1&per_page=500", "{\"services\":[{\"service\":{\"id\":1}},{\"service\":{\"id\":2}},{\"service\":{\"id\":3}}]}")
                    .says("/admin/api/services/1/proxy/configs/production/latest.json", config(service(1, "one.test")))
                    .says("/admin/api/services/2/proxy/configs/production/7.json", config(service(2, "two.test")));
            var loaded = portal(asking(stub.url("/"), List.of(), Map.of("2", "7"))).load(settings(Map.of()));
            assertThat(ids(loaded)).containsExactly("1", "2");
            assertThat(((Loaded.Good) loaded).configuration().warnings()).singleElement().satisfies(finding ->
                    assertThat(finding.text()).contains("/admin/api/services/3/proxy/configs/production/latest.json  warning: 404").contains("left out").doesNotContain("token"));
        }
    }

    @Test void aListOfServicesSparesTheQuestionForTheirIds() throws Exception {
        try (stub) {
            stub.says("/admin/api/services/2/proxy/configs/production/7.json", config(service(2, "two.test")));
            assertThat(ids(portal(asking(stub.url(""), List.of("2"), Map.of("2", "7"))).load(settings(Map.of("APICAST_SERVICES_LIST", "2"))))).containsExactly("2");
            assertThat(stub.asked()).hasSize(1);
        }
    }

    @Test void pinnedVersionsOfAFolderOfFilesAreAMistake() throws Exception {
        try (stub) {
            assertThat(complaint(portal(asking(stub.url("/custom"), List.of(), Map.of("2", "7"))).load(settings(Map.of())))).contains("has a path, and versions are pinned");
        }
    }

    @Test void anOldPortalIsAskedTheOldWay() throws Exception {
        try (stub) {
            stub.says("/admin/api/nginx/spec.json", "{\"services\":[" + service(9, "nine.test") + "]}");
            assertThat(ids(portal().load(settings(Map.of())))).containsExactly("9");
        }
    }

    // ---- what goes wrong

    @Test void everyFailureTellsStatusPlaceAndWhatToDo() throws Exception {
        try (stub) {
            var portal = portal();
            stub.says(ALL, answer(403, "{}"));
            assertThat(complaint(portal.load(settings(Map.of())))).contains("http://127.0.0.1:").contains("403 (the access token").doesNotContain("token@");
            stub.says(ALL, answer(500, "{}"));
            assertThat(complaint(portal.load(settings(Map.of())))).contains("500 (the portal fails");
            stub.says(ALL, "<html>");
            assertThat(complaint(portal.load(settings(Map.of())))).contains("not with JSON");
            stub.says(ALL, "{\"other\":1}");
            assertThat(complaint(portal.load(settings(Map.of())))).contains("without proxy_configs");
            stub.behaves(Manner.garbage());
            assertThat(complaint(portal.load(settings(Map.of())))).contains("U-PROTOCOL");
            stub.behaves(Manner.silent());
            assertThat(complaint(portal.load(settings(Map.of())))).contains("U-FIRST-BYTE-TIMEOUT");
        }
        assertThat(complaint(portal().load(settings(Map.of())))).contains("U-REFUSED");
    }

    @Test void whatWasGoodIsFoundOnDiskWhenThePortalIsAway() throws Exception {
        try (stub) {
            stub.says(ALL, page(service(1, "one.test")));
            portal().load(settings(Map.of()));
            var file = folder.resolve("portal.json");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
            var old = portal().old(settings(Map.of()));
            assertThat(old).isNotNull();
            assertThat(old.at()).isEqualTo(NOON);
            assertThat(ids(old.configuration().declared())).containsExactly("1");
            assertThat(portal(asking(stub.url("/other"), List.of(), Map.of())).old(settings(Map.of()))).as("another portal's").isNull();
            Files.writeString(file, "{");
            assertThat(portal().old(settings(Map.of()))).as("broken").isNull();
        }
    }

    // ---- per host

    private LazyPortal lazy(@Nullable Duration cache) {
        return new LazyPortal(FETCHER, asking(stub.url(""), List.of(), Map.of()), new LoadingMode(true, new CacheTime(false, cache)), folder,
                settings(Map.of()), false, InstantSource.fixed(NOON), (products, _, failure) -> {
                    if (failure == null) {
                        taken.add(products);
                    } else {
                        failures.add(failure);
                    }
                });
    }

    private static String of(String host) {
        return ALL + "&host=" + host;
    }

    private static @Nullable String load(LazyPortal lazy, String host) throws Exception {
        var done = new CompletableFuture<String>();
        lazy.load(host, wrong -> done.complete(String.valueOf(wrong)));
        var wrong = done.get(10, TimeUnit.SECONDS);
        return wrong.equals("null") ? null : wrong;
    }

    @Test void aHostIsFetchedOnceForAllWhoWait() throws Exception {
        try (stub; var lazy = lazy(null)) {
            lazy.start();
            stub.says(of("one.test"), page(service(1, "one.test", "other.test")));
            assertThat(lazy.isCurrent("one.test")).isFalse();
            var all = new ArrayList<CompletableFuture<Boolean>>();
            for (int i = 0; i < 50; i++) {
                var done = new CompletableFuture<Boolean>();
                all.add(done);
                lazy.load("one.test", wrong -> done.complete(wrong == null));
            }
            for (var done : all) {
                assertThat(done.get(10, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(stub.asked()).hasSizeLessThan(5);
            assertThat(lazy.isCurrent("one.test")).isTrue();
            assertThat(lazy.isCurrent("other.test")).as("a host of the same product").isTrue();
            assertThat(lazy.isCurrent("nope.test")).isFalse();
            assertThat(ids(taken.getLast())).containsExactly("1");
        }
    }

    @Test void withoutACacheEveryCallAsks() throws Exception {
        try (stub; var lazy = lazy(Duration.ZERO)) {
            lazy.start();
            stub.says(of("one.test"), page(service(1, "one.test")));
            assertThat(load(lazy, "one.test")).isNull();
            assertThat(lazy.isCurrent("one.test")).isFalse();
            stub.says(of("one.test"), page(service(2, "one.test")));
            assertThat(load(lazy, "one.test")).isNull();
            assertThat(ids(taken.getLast())).containsExactly("2");
        }
    }

    @Test void anUnknownHostIsAskedForEachTimeAndKeptNowhere() throws Exception {
        try (stub; var lazy = lazy(null)) {
            lazy.start();
            stub.says(of("nope.test"), page());
            assertThat(load(lazy, "nope.test")).isNull();
            assertThat(lazy.isCurrent("nope.test")).isFalse();
            assertThat(taken).isEmpty();
        }
    }

    @Test void aProductThatIsGoneIsNotServedAnyMore() throws Exception {
        try (stub; var lazy = lazy(Duration.ZERO)) {
            lazy.start();
            stub.says(of("one.test"), page(service(1, "one.test")));
            load(lazy, "one.test");
            stub.says(of("one.test"), page());
            assertThat(load(lazy, "one.test")).isNull();
            assertThat(taken.getLast().products()).isEmpty();
        }
    }

    @Test void whileThePortalFailsTheOlderConfigurationServesAndNobodyWaits() throws Exception {
        try (stub; var lazy = lazy(Duration.ZERO)) {
            lazy.start();
            stub.says(of("one.test"), page(service(1, "one.test")));
            load(lazy, "one.test");
            stub.says(of("one.test"), answer(500, "{}"));
            assertThat(load(lazy, "one.test")).contains("500 (the portal fails");
            assertThat(failures).hasSize(1);
            assertThat(lazy.isCurrent("one.test")).as("served by what is there").isTrue();
            stub.says(of("one.test"), page(service(2, "one.test")));
            Eventually.holds("fetched behind the calls", () -> !lazy.isCurrent("one.test"));
            assertThat(ids(taken.getLast())).containsExactly("2");
        }
    }

    @Test void aStartWithoutThePortalServesWhatIsOnDisk() throws Exception {
        try (stub) {
            try (var lazy = lazy(null)) {
                lazy.start();
                stub.says(of("one.test"), page(service(1, "one.test")));
                load(lazy, "one.test");
            }
            stub.says(of("one.test"), answer(500, "{}"));
            try (var lazy = lazy(null)) {
                assertThat(lazy.start()).isEqualTo(NOON);
                assertThat(ids(taken.getLast())).containsExactly("1");
                assertThat(lazy.isCurrent("one.test")).as("the portal is asked first").isFalse();
                assertThat(load(lazy, "one.test")).contains("500");
                assertThat(lazy.isCurrent("one.test")).isTrue();
            }
        }
    }

    @Test void theEnvironmentSaysWhenAPortalIsAskedUnlessASettingDoes() {
        assertThat(LoadingMode.of(settings(Map.of()).settings().gateway())).hasToString("LoadingMode[lazy=false, cache=300s]");
        assertThat(LoadingMode.of(settings(Map.of("THREESCALE_DEPLOYMENT_ENV", "staging")).settings().gateway())).hasToString("LoadingMode[lazy=true, cache=0s]");
        assertThat(LoadingMode.of(settings(Map.of("THREESCALE_DEPLOYMENT_ENV", "sandbox", "APICAST_CONFIGURATION_CACHE", "60")).settings().gateway()))
                .hasToString("LoadingMode[lazy=true, cache=60s]");
        assertThat(LoadingMode.of(settings(Map.of("APICAST_CONFIGURATION_LOADER", "lazy", "APICAST_CONFIGURATION_CACHE", "-1")).settings().gateway()))
                .hasToString("LoadingMode[lazy=true, cache=forever]");
        assertThat(LoadingMode.of(settings(Map.of("APICAST_CONFIGURATION_CACHE", "")).settings().gateway())).hasToString("LoadingMode[lazy=false, cache=forever]");
    }
}
