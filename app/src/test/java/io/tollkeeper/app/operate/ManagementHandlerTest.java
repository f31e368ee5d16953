package io.tollkeeper.app.operate;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.app.settings.Role;
import io.tollkeeper.app.settings.Settings.Management.Mode;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.EngineSettings;
import io.tollkeeper.http.Listener;
import io.tollkeeper.http.ListenerSettings;
import io.tollkeeper.http.Resolver;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// The management API's routes by mode, and what each says and does (gateway specification, section 13).
class ManagementHandlerTest {
    private static final Engine ENGINE = Engine.start(new EngineSettings(null, 1, EngineSettings.Dns.DEFAULT));
    private static final String ONE = "{\"services\":[{\"id\":7,\"backend_version\":\"1\",\"unknown\":[1,2],\"proxy\":{\"hosts\":[\"a.test\"]}}]}";

    private final AtomicReference<Readiness> readiness = new AtomicReference<>(Readiness.READY);
    private final Loaded source = Configuration.load(Role.GATEWAY, null, Map.of("APICAST_CONFIGURATION", "data:application/json," + ONE), List.of());
    private final LiveConfiguration live = new LiveConfiguration(((Loaded.Good) source).configuration(), List.of(), "none", () -> source,
            _ -> new LiveConfiguration.Took.Over(List.of()), InstantSource.system());
    private final ManagementApi api = new ManagementApi(live, List.of("apicast", "caching"),
            () -> List.of(new Resolver.Known("api.test", List.of("10.0.0.1"), 17, null)));
    private Listener listener = listen(Mode.STATUS);

    @AfterAll static void stop() {
        ENGINE.close();
    }

    @AfterEach void close() {
        listener.close();
    }

    private Listener listen(Mode mode) {
        try {
            return ENGINE.listen(ListenerSettings.plain("test", new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                    loop -> new ManagementHandler(loop, mode, readiness::get, api));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void in(Mode mode) {
        listener.close();
        listener = listen(mode);
    }

    private RawAnswer ask(String route) throws IOException {
        return ask(route, "");
    }

    private RawAnswer ask(String route, String body) throws IOException {
        try (var client = RawClient.connect(listener.address().getPort())) {
            return client.send(route + " HTTP/1.1\r\nHost: management\r\nContent-Length: " + body.length() + "\r\n\r\n" + body).answer();
        }
    }

    @Test void statusTellsLifeAndReadinessAndNoSecrets() throws IOException {
        assertThat(ask("GET /status/live")).extracting(RawAnswer::status, RawAnswer::text).containsExactly(200, "{\"status\":\"live\",\"success\":true}\n");
        assertThat(ask("GET /status/ready/").text()).isEqualTo("{\"status\":\"ready\",\"success\":true}\n");
        assertThat(ask("GET /status/live").header("Content-Type")).isEqualTo("application/json; charset=utf-8");
        readiness.set(Readiness.NO_PRODUCTS);
        assertThat(ask("GET /status/ready").text()).isEqualTo("{\"status\":\"warning\",\"warning\":\"no services\",\"success\":true}\n");
        readiness.set(Readiness.NOT_CONFIGURED);
        assertThat(ask("GET /status/ready")).extracting(RawAnswer::status, RawAnswer::text)
                .containsExactly(412, "{\"status\":\"error\",\"error\":\"not configured\",\"success\":false}\n");
        readiness.set(Readiness.DRAINING);
        assertThat(ask("GET /status/ready").status()).isEqualTo(503);
        assertThat(ask("GET /status/info").text()).contains("\"exiting\":false").contains("\"count\":1");
        assertThat(ask("GET /policies").text()).contains("{\"policies\":{\"apicast\":[{").contains("\"version\":\"builtin\"");
        assertThat(ask("GET /config")).extracting(RawAnswer::status, RawAnswer::text).containsExactly(404, "Could not resolve GET /config - nil\n");
        assertThat(ask("GET /x").header("Content-Type")).isEqualTo("text/plain");
        assertThat(ask("DELETE /config").status()).isEqualTo(404);
        assertThat(ask("PUT /config", ONE).status()).isEqualTo(404);
        assertThat(ask("POST /boot").status()).isEqualTo(404);
        assertThat(ask("GET /dns/cache").status()).isEqualTo(404);
    }

    @Test void otherModesSayLess() throws IOException {
        in(Mode.DISABLED);
        assertThat(ask("GET /").status()).isEqualTo(403);
        assertThat(ask("GET /status/ready")).extracting(RawAnswer::status, RawAnswer::text).containsExactly(404, "Could not resolve GET /status/ready - nil\n");
        assertThat(ask("GET /policies").status()).isEqualTo(404);
        in(Mode.POLICIES);
        assertThat(ask("GET /policies").status()).isEqualTo(200);
        assertThat(ask("GET /status/live").status()).isEqualTo(404);
    }

    @Test void debugShowsTheConfigurationAsItWasWritten() throws IOException {
        in(Mode.DEBUG);
        assertThat(ask("GET /config").text()).isEqualTo(ONE + "\n");
        assertThat(ask("GET /dns/cache").text()).isEqualTo("[{\"name\":\"api.test\",\"addresses\":[\"10.0.0.1\"],\"ttl\":17}]\n");
    }

    @Test void debugReplacesAndDeletesTheConfigurationAndBootBringsItBack() throws IOException {
        in(Mode.DEBUG);
        var two = ONE.replace("\"id\":7", "\"id\":8");
        assertThat(ask("PUT /config", two)).extracting(RawAnswer::status, RawAnswer::text)
                .containsExactly(200, "{\"status\":\"ok\",\"config\":" + two + ",\"services\":1}\n");
        assertThat(live.current().declared().products()).extracting(product -> product.id()).containsExactly("8");
        assertThat(ask("POST /config", "{}")).extracting(RawAnswer::status, RawAnswer::text)
                .containsExactly(406, "{\"status\":\"not_configured\",\"config\":{},\"services\":0}\n");
        assertThat(ask("POST /config", "{oops").status()).isEqualTo(400);
        assertThat(ask("POST /config", "{oops").text()).startsWith("{\"status\":\"error\",\"config\":null,\"error\":\"");
        assertThat(ask("DELETE /config")).extracting(RawAnswer::status, RawAnswer::text).containsExactly(200, "{\"status\":\"ok\",\"config\":null}\n");
        assertThat(api.isDeleted()).isTrue();
        assertThat(ask("GET /config").text()).isEqualTo("null\n");
        assertThat(ask("POST /boot")).extracting(RawAnswer::status, RawAnswer::text).containsExactly(200, "{\"status\":\"ok\",\"config\":" + ONE + "}\n");
        assertThat(api.isDeleted()).isFalse();
    }
}
