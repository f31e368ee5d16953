package io.tollkeeper.app;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.tollkeeper.app.control.ControlClient;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Lie;
import io.tollkeeper.testkit.LyingDns;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.RefusingPort;
import io.tollkeeper.testkit.RudePeer;
import io.tollkeeper.testkit.UnansweringPort;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// Everything that can fail around the gateway fails once, on the packaged program; `docs/failures.md` is what clients
/// saw. With `-Dfailures.write=true` the page is written anew.
class FailuresIT {
    private static final Path PAGE = Path.of("../docs/failures.md");
    private static final Pattern VERDICT = Pattern.compile("verdict ([A-Z0-9-]+) (.*?) domain: (.*?) path ");
    private static final Duration IDLE = Duration.ofMillis(100);
    private static final int CALLS = 20;

    @TempDir private Path folder;

    private final LyingDns dns = LyingDns.start();
    private final RudePeer upstream = RudePeer.start(Manner.citizen());
    private final List<AutoCloseable> open = new ArrayList<>();
    private final List<String> rows = new ArrayList<>();
    private RunningProgram program;
    private ControlClient control;

    /// What a client saw, and of which call.
    private record Seen(String text, String requestId) {}

    private interface Scenario {
        Seen play() throws Exception;
    }

    @BeforeEach void start() throws Exception {
        var refusing = keep(RefusingPort.open());
        var unanswering = keep(UnansweringPort.open());
        var products = new StringBuilder();
        product(products, "up", "http://127.0.0.1:" + upstream.port());
        product(products, "tls", "https://127.0.0.1:" + upstream.port());
        product(products, "refusing", "http://127.0.0.1:" + refusing.port());
        product(products, "unanswering", "http://127.0.0.1:" + unanswering.port());
        for (var name : List.of("nxdomain", "servfail", "silent", "empty", "stale", "moving", "half")) {
            product(products, name, "http://" + name + ".test:" + upstream.port());
        }
        Files.writeString(folder.resolve("tollkeeper.yaml"), """
                dns: {servers: "127.0.0.1:%d", resolv-conf: /dev/null, query-timeout: 1s, negative-ttl: 100ms, min-ttl: 100ms}
                flight: {successes-per-second: 1000000}
                upstream: {connect-timeout: 1s, first-byte-timeout: 2s, idle-timeout: 2s}
                products:
                %s""".formatted(dns.port(), products));
        program = keep(RunningProgram.start(folder));
        control = new ControlClient(folder.resolve("data"));
    }

    private static void product(StringBuilder text, String name, String upstream) {
        text.append("""
                  %1$s:
                    hosts: [%1$s]
                    upstream: %2$s
                    rules: [{method: ANY, pattern: /}]
                    plans: {basic: {}}
                    applications: {app: {plan: basic, user-key: k}}
                """.formatted(name, upstream).indent(2));
    }

    @AfterEach void stop() throws Exception {
        for (var one : open.reversed()) {
            one.close();
        }
        upstream.close();
        dns.close();
    }

    private <T extends AutoCloseable> T keep(T one) {
        open.add(one);
        return one;
    }

    @Test void thePageTellsWhatClientsSee() throws Exception {
        var text = new StringBuilder(new String(
                Objects.requireNonNull(FailuresIT.class.getResourceAsStream("failures-head.md")).readAllBytes(), java.nio.charset.StandardCharsets.UTF_8));
        upstreamFails();
        chapter(text, "The upstream");
        namesFail();
        chapter(text, "Names");
        meterFails();
        chapter(text, "A meter over HTTP");
        System.out.println(text);
        if (Boolean.getBoolean("failures.write")) {
            Files.writeString(PAGE, text);
        }
        assertThat(Files.exists(PAGE) ? Files.readString(PAGE) : "")
                .as("docs/failures.md is stale; write it anew with: mvn -q -Dquick -pl app -am verify -Dtest=NoSuch -Dit.test=FailuresIT"
                        + " -Dfailures.write=true -Dsurefire.failIfNoSpecifiedTests=false -Dfailsafe.failIfNoSpecifiedTests=false")
                .isEqualTo(text.toString());
    }

    private void chapter(StringBuilder text, String title) {
        text.append("\n## ").append(title).append("""


                | What happens | The original's client sees | The client sees | Reason | `explain` says |
                |---|---|---|---|---|
                """);
        rows.forEach(row -> text.append(row).append('\n'));
        rows.clear();
    }

    /// Plays it and writes its row.
    private void row(String what, String original, Scenario scenario) throws Exception {
        var seen = scenario.play();
        var explained = Eventually.value("explanation of: " + what, () -> control.explain(seen.requestId), answer -> answer.exitCode() == 0)
                .text().replaceAll("\\s+", " ");
        Matcher verdict = VERDICT.matcher(explained);
        var reason = "";
        var says = "";
        if (verdict.find()) {
            reason = "`" + verdict.group(1) + "`";
            says = verdict.group(2) + " Domain: " + verdict.group(3) + ".";
            assertThat(explained).as(what).contains(" evidence ").contains(" fix ");
        } else {
            assertThat(explained).as(what).contains("verdict passed");
            says = "passed" + note(explained);
        }
        rows.add("| " + String.join(" | ", what, original, seen.text, reason, says) + " |");
    }

    private static String note(String explained) {
        if (explained.contains("also D-STALE-USED")) {
            return "; also `D-STALE-USED`";
        }
        return explained.contains("retried once") ? "; retried once" : "";
    }

    private void upstreamFails() throws Exception {
        row("Nobody listens on its port", "502", () -> get("refusing"));
        row("Attempts to connect are not answered", "504", () -> get("unanswering"));
        row("It closes a new connection without an answer", "502", () -> behaving(Manner.closeAfter("")));
        row("It resets a new connection without an answer", "502", () -> behaving(Manner.resetAfterRequest()));
        row("It closes idle connections after a while (60 s; here 0.1 s) while GETs keep coming at that very pace", "some 502",
                () -> atThePaceOfClosing());
        row("It resets a kept connection when a GET arrives", "502", () -> onKeptConnection("GET"));
        row("It resets a kept connection when a POST arrives: it may have been carried out", "502", () -> onKeptConnection("POST"));
        row("It takes the request and does not answer", "504", () -> behaving(Manner.silent()));
        row("It stops in the middle of its answer", "the status, then the answer breaks off", () -> behaving(with -> {
            with.readRequest();
            with.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
            with.holdForEver();
            return false;
        }));
        row("It resets the connection in the middle of its answer", "the status, then the answer breaks off",
                () -> behaving(Manner.resetAfter("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")));
        row("It closes before the length that it announced", "the status, then the answer breaks off", () -> behaving(Manner.truncatedLength(100, 40)));
        row("It closes before its last chunk", "the status, then the answer breaks off", () -> behaving(Manner.truncatedChunks()));
        row("It answers with bytes that are not HTTP", "502", () -> behaving(Manner.garbage()));
        row("It answers `Content-Length` beside `Transfer-Encoding`", "one of the two readings", () -> behaving(Manner.lengthAndChunked()));
        row("It speaks TLS where `http://` is configured", "502", () -> behaving(Manner.tlsBytes()));
        row("It speaks plain HTTP where `https://` is configured", "502", () -> {
            upstream.dropConnections();
            upstream.behave(Manner.plainWhereTlsIsExpected());
            return get("tls");
        });
        row("Its head is larger than allowed", "502", () -> behaving(Manner.oversizedHead(100_000)));
        row("It answers with an error of its own", "the same", () -> behaving(Manner.answering("HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops")));
        row("It is well again", "200", () -> behaving(Manner.citizen()));
    }

    private Seen onNewConnection(String host) throws IOException {
        upstream.dropConnections();
        return get(host);
    }

    private Seen behaving(Manner manner) throws IOException {
        upstream.dropConnections();
        upstream.behave(manner);
        return get("up");
    }

    private Seen onKeptConnection(String method) throws IOException {
        upstream.dropConnections();
        upstream.behave(Manner.inTurn(Manner.citizen(), Manner.resetAfterRequest()), Manner.citizen());
        try (var client = RawClient.connect(program.port("gateway"))) {
            assertThat(client.send(request("GET", "up")).answer().status()).isEqualTo(200);
            return seen(client.send(request(method, "up")).answer());
        }
    }

    private Seen atThePaceOfClosing() throws IOException {
        upstream.dropConnections();
        upstream.behave(Manner.closingIdleAfter(IDLE, Manner.citizen()));
        try (var client = RawClient.connect(program.port("gateway"))) {
            for (int i = 0; i < CALLS; i++) {
                assertThat(seen(client.send(request("GET", "up")).answer()).text).as("call %d", i).isEqualTo("200");
                assertThat(client.hearsNothingFor(IDLE.plusMillis(i % 10 - 6))).isTrue();
            }
            client.send(request("GET", "up")).answer();
            return seen(client.send(request("GET", "up")).answer()); // at once: surely not one that was sent twice
        }
    }

    private void namesFail() throws Exception {
        upstream.dropConnections();
        upstream.behave(Manner.citizen());
        var one = Duration.ofSeconds(1);
        dns.say("nxdomain.test", Lie.nxdomain())
                .say("servfail.test", Lie.servfail())
                .say("silent.test", new Lie.Silence())
                .say("empty.test", new Lie.Empty())
                .say("stale.test", Lie.addresses(one, "127.0.0.1"))
                .say("moving.test", Lie.addresses(one, "127.0.0.1"))
                .say("half.test", Lie.addresses(one, "127.0.0.3", "127.0.0.1"));
        row("The name does not exist (NXDOMAIN)", "503", () -> get("nxdomain"));
        row("The name server fails (SERVFAIL)", "503", () -> get("servfail"));
        row("No name server answers", "503", () -> get("silent"));
        row("The name has no address", "503", () -> get("empty"));
        row("The name server fails after it had answered, and the answer's time is over", "503", () -> {
            assertThat(get("stale").text).isEqualTo("200");
            dns.say("stale.test", Lie.servfail());
            return Eventually.value("stale address in use", () -> onNewConnection("stale"),
                    seen -> control.explain(seen.requestId).text().contains("D-STALE-USED"));
        });
        row("One of two addresses refuses connections", "502 for every second call", () -> {
            Seen last = null;
            for (int i = 0; i < CALLS; i++) {
                last = onNewConnection("half");
                assertThat(last.text).as("call %d", i).isEqualTo("200");
            }
            return Objects.requireNonNull(last);
        });
        row("The name gets another address: new connections go there, kept ones to the old one are given up after a minute", "200, from the new address when the time to live is over", () -> {
            var elsewhere = keep(RudePeer.startAt(InetAddress.getByName("127.0.0.2"), upstream.port(), Manner.citizen()));
            assertThat(get("moving").text).isEqualTo("200");
            dns.say("moving.test", Lie.addresses(one, "127.0.0.2"));
            return Eventually.value("the new address is called", () -> {
                var seen = onNewConnection("moving");
                assertThat(seen.text).isEqualTo("200");
                return seen;
            }, _ -> elsewhere.received() > 0);
        });
    }

    /// A gateway alone, before a meter of ours and one that does what it is told.
    private void meterFails() throws Exception {
        upstream.dropConnections();
        upstream.behave(Manner.citizen());
        var stub = keep(RudePeer.start(Manner.answering(GRANTED)));
        var meterFolder = Files.createDirectory(folder.resolve("meter"));
        var meterPorts = RunningProgram.freePorts();
        var products = new StringBuilder();
        product(products, "310", "http://127.0.0.1:1");
        product(products, "311", "http://127.0.0.1:1");
        Files.writeString(meterFolder.resolve("tollkeeper.yaml"), "products:\n" + products.toString()
                .replace("hosts: [310]", "service-tokens: [st310]\n      hosts: [h310]").replace("hosts: [311]", "service-tokens: [st311]\n      hosts: [h311]"));
        var meter = keep(RunningProgram.startRole("meter", meterFolder, meterPorts));
        var ours = "http://127.0.0.1:" + meterPorts.get("meter");

        var gatewayFolder = Files.createDirectory(folder.resolve("gateway"));
        Files.writeString(gatewayFolder.resolve("config.json"), "{\"services\": ["
                + service("310", "strict", ours, "") + ","
                + service("311", "resilient", ours, "{\"name\": \"caching\", \"version\": \"builtin\", \"configuration\": {\"caching_type\": \"resilient\"}},") + ","
                + service("320", "stub", "http://127.0.0.1:" + stub.port(), "") + ","
                + service("321", "nameless", "http://nxdomain.test", "") + "]}");
        Files.writeString(gatewayFolder.resolve("tollkeeper.yaml"), """
                dns: {servers: "127.0.0.1:%d", resolv-conf: /dev/null, query-timeout: 1s}
                flight: {successes-per-second: 1000000}
                gateway: {configuration-file: config.json}
                """.formatted(dns.port()));
        program = keep(RunningProgram.startRole("gateway", gatewayFolder, RunningProgram.freePorts()));
        control = new ControlClient(gatewayFolder.resolve("data"));

        row("It takes 2 s; the first call of a key", "200 after 2 s", () -> {
            stub.behave(slowly());
            long begun = System.nanoTime();
            var seen = get("stub", "slow");
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofMillis(1900));
            return new Seen(seen.text + " after 2 s", seen.requestId);
        });
        row("It does not answer at all; the next calls of the key", "200; on the same connection each waits for the report before it", () -> {
            stub.dropConnections();
            stub.behave(Manner.silent());
            try (var client = RawClient.connect(program.port("gateway"))) {
                for (int i = 0; i < CALLS; i++) {
                    assertThat(client.send(request("GET", "stub", "slow")).answer().status()).isEqualTo(200);
                }
                return seen(client.send(request("GET", "stub", "slow")).answer());
            }
        });
        row("It answers with bytes that are not HTTP; a key that is new", "403", () -> told(stub, Manner.garbage(), "k1"));
        row("It closes without an answer; a key that is new", "403", () -> told(stub, Manner.closeAfter(""), "k2"));
        row("It resets the connection; a key that is new", "403", () -> told(stub, Manner.resetAfterRequest(), "k3"));
        row("It answers 500; a key that is new", "403", () -> told(stub, Manner.answering("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"), "k4"));
        row("It is well again; a key that was refused meanwhile", "200", () -> told(stub, Manner.answering(GRANTED), "k4"));
        row("Its name does not exist", "403", () -> get("nameless", "k"));

        assertThat(get("strict", "k").text).isEqualTo("200");
        assertThat(get("resilient", "k").text).isEqualTo("200");
        meter.kill();
        row("It is killed; a key that is new", "403", () -> refused("other"));
        row("It is killed; the first call of a key that it had let in (caching strict)", "200", () -> get("strict", "k"));
        row("It is killed; the calls after that, when the report has failed (caching strict)", "403",
                () -> refused("k"));
        row("It is killed; calls of a key that it had let in (caching resilient)", "200", () -> {
            get("resilient", "k");
            return get("resilient", "k");
        });
        keep(RunningProgram.startRole("meter", meterFolder, meterPorts));
        row("It is started again; the next call", "200", () -> get("strict", "k"));
    }

    /// Called until no connection of before the kill is left.
    private Seen refused(String key) {
        return Eventually.value("refused", () -> get("strict", key),
                seen -> seen.text.equals("403") && control.explain(seen.requestId).text().contains("S-REFUSED"));
    }

    private static final String GRANTED = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    private static Manner slowly() {
        return with -> {
            if (with.readRequest() == null) {
                return false;
            }
            with.pause(Duration.ofSeconds(2));
            with.write(GRANTED);
            return true;
        };
    }

    private Seen told(RudePeer meter, Manner manner, String key) throws IOException {
        meter.dropConnections();
        meter.behave(manner);
        return get("stub", key);
    }

    private String service(String id, String host, String meter, String policies) {
        return """
                {"id": "%1$s", "system_name": "%2$s", "backend_version": "1",
                 "backend_authentication_type": "service_token", "backend_authentication_value": "st%1$s",
                 "proxy": {"hosts": ["%2$s"], "api_backend": "http://127.0.0.1:%5$d", "backend": {"endpoint": "%3$s"},
                  "policy_chain": [%4$s {"name": "apicast", "version": "builtin", "configuration": {}}],
                  "proxy_rules": [{"http_method": "GET", "pattern": "/", "metric_system_name": "hits", "delta": 1}]}}
                """.formatted(id, host, meter, policies, upstream.port());
    }

    private static String request(String method, String host) {
        return request(method, host, "k");
    }

    private static String request(String method, String host, String key) {
        return method + " /a?user_key=" + key + " HTTP/1.1\r\nHost: " + host + "\r\n" + (method.equals("POST") ? "Content-Length: 2\r\n\r\nok" : "\r\n");
    }

    private Seen get(String host) throws IOException {
        return get(host, "k");
    }

    private Seen get(String host, String key) throws IOException {
        try (var client = RawClient.connect(program.port("gateway"))) {
            return seen(client.send(request("GET", host, key)).answer());
        }
    }

    private static Seen seen(RawAnswer answer) {
        var id = Objects.requireNonNull(answer.header("X-Request-Id"), "an answer without X-Request-Id");
        return new Seen(answer.status() + (answer.ending() == RawAnswer.Ending.COMPLETE ? "" : ", then the answer breaks off"), id);
    }
}
