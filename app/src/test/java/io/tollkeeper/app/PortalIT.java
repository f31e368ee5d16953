package io.tollkeeper.app;

import java.io.IOException;
import java.nio.file.Path;

import io.tollkeeper.app.portal.StubPortal;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static io.tollkeeper.app.portal.StubPortal.answer;
import static io.tollkeeper.app.portal.StubPortal.page;
import static io.tollkeeper.app.portal.StubPortal.serviceOn;
import static org.assertj.core.api.Assertions.assertThat;

/// The gateway alone, from a portal that works, fails, talks nonsense and is gone.
class PortalIT {
    private static final String ALL = "/admin/api/account/proxy_configs/production.json?version=latest&page=1&per_page=500";

    @TempDir private Path folder;

    private static RawAnswer get(RunningProgram program, String listener, String target, String host) throws IOException {
        try (var client = RawClient.connect(program.port(listener))) {
            return client.send("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n").answer();
        }
    }

    @Test void whatThePortalSaidServesWhenItIsAwayAndEverybodyIsTold() throws IOException {
        try (var upstream = new TestUpstream(); var meter = RudePeer.start(Manner.citizen())) {
            try (var portal = new StubPortal()) {
                var endpoint = "gateway.portal.endpoint=http://secret-token@127.0.0.1:" + portal.peer().port();
                portal.says(ALL, page(serviceOn(7, upstream.port(), meter.port(), "one.test")));
                try (var program = RunningProgram.startRole("gateway", folder, RunningProgram.freePorts(), "--set", endpoint)) {
                    assertThat(get(program, "gateway", "/?user_key=k", "one.test").text()).isEqualTo("fine\n");
                    assertThat(get(program, "management", "/status/ready", "m").text()).contains("\"ready\"");
                    assertThat(program.ask("status").out()).contains("portal http://127.0.0.1:").contains("1 product").doesNotContain("secret-token");
                }
                portal.says(ALL, answer(500, "{}"));
                try (var program = RunningProgram.startRole("gateway", folder, RunningProgram.freePorts(), "--set", endpoint)) {
                    assertThat(get(program, "gateway", "/?user_key=k", "one.test").text()).isEqualTo("fine\n");
                    assertThat(program.errors()).contains("500 (the portal fails").contains("serving by that of").doesNotContain("secret-token");
                    assertThat(get(program, "management", "/status/ready", "m").text()).contains("\"warning\"").contains("cannot be had");
                    assertThat(get(program, "metrics", "/metrics", "m").text()).contains("tollkeeper_configuration_stale 1");
                    assertThat(program.ask("status").out()).contains("could not be had, or was refused").contains("last confirmed at");
                }
            }
        }
    }

    @Test void withoutAPortalAndWithoutAnEarlierConfigurationTheStartEndsAndSaysWhy() throws IOException {
        try (var portal = new StubPortal()) {
            portal.behaves(Manner.garbage());
            var program = RunningProgram.launch("gateway", folder, RunningProgram.freePorts(),
                    "--set", "gateway.portal.endpoint=http://secret-token@127.0.0.1:" + portal.peer().port());
            assertThat(program.awaitEnd()).isEqualTo(1);
            assertThat(program.errors()).contains("U-PROTOCOL").contains("failed to load the configuration from portal http://127.0.0.1:")
                    .contains("holds no earlier one of it").doesNotContain("secret-token");
        }
    }

    @Test void perHostAnUnknownHostIsAskedForAndAFailureIsToldApart() throws IOException {
        try (var upstream = new TestUpstream(); var meter = RudePeer.start(Manner.citizen()); var portal = new StubPortal()) {
            portal.says(ALL + "&host=one.test", page(serviceOn(7, upstream.port(), meter.port(), "one.test"))).says(ALL + "&host=two.test", page());
            try (var program = RunningProgram.startRole("gateway", folder, RunningProgram.freePorts(), "--set", "gateway.configuration-loader=lazy", "--set", "gateway.configuration-cache=1h",
                    "--set", "gateway.portal.endpoint=http://token@127.0.0.1:" + portal.peer().port())) {
                assertThat(portal.asked()).isEmpty();
                assertThat(get(program, "management", "/status/ready", "m").text()).contains("no services");
                assertThat(get(program, "gateway", "/?user_key=k", "one.test").text()).isEqualTo("fine\n");
                assertThat(get(program, "gateway", "/?user_key=k", "one.test").text()).isEqualTo("fine\n");
                assertThat(portal.asked()).hasSize(1);
                assertThat(get(program, "gateway", "/", "two.test").status()).isEqualTo(404);
                var failed = get(program, "gateway", "/", "three.test");
                assertThat(failed.status()).isEqualTo(404);
                assertThat(program.ask("explain", String.valueOf(failed.header("X-Request-Id"))).out()).contains("G-CONFIG-NOT-LOADED").contains("404 (the environment's name");
            }
        }
    }
}
