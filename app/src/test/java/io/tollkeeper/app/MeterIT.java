package io.tollkeeper.app;

import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/// `tollkeeper meter` as a process: the Service Management API without a gateway.
class MeterIT {
    private static final String CALLER = "provider_key=pk&service_id=7&app_id=shop";

    @TempDir private Path folder;

    @Test void withoutAFileTheCatalogueIsWhatTheInternalApiWroteAndItOutlivesTheProcess() throws IOException {
        try (var meter = RunningProgram.startMeter(folder)) {
            assertThat(meter.greeting()).contains("meter and store in one process").contains("/internal/services/").doesNotContain("demo");
            assertThat(get(meter, "management", "/status/ready").text()).isEqualTo("{\"status\":\"ready\",\"success\":true}\n");
            assertThatThrownBy(() -> RawClient.connect(meter.port("gateway")).close()).isInstanceOf(ConnectException.class);
            create(meter);
            assertThat(get(meter, "meter", "/transactions/authrep.xml?" + CALLER + "&usage%5Bhits%5D=2").status()).isEqualTo(200);
            theCommandsThatAskAreAnswered(meter);
            meter.terminate();
            assertThat(meter.awaitEnd()).as(meter.errors()).isZero();
        }
        try (var meter = RunningProgram.startMeter(folder)) {
            assertThat(get(meter, "meter", "/transactions/authorize.xml?" + CALLER).text())
                    .contains("<max_value>5</max_value><current_value>2</current_value>");
        }
    }

    private static void theCommandsThatAskAreAnswered(RunningProgram meter) throws IOException {
        var denied = get(meter, "meter", "/transactions/authrep.xml?" + CALLER + "&usage%5Bhits%5D=6");
        assertThat(denied.status()).isEqualTo(409);
        assertThat(meter.ask("explain", Objects.requireNonNull(denied.header("X-Request-Id"))).out()).contains("L-LIMIT").contains("hits");
        assertThat(meter.ask("status").out()).contains("127.0.0.1:" + meter.port("meter")).doesNotContain("gateway").doesNotContain("demo");
        assertThat(meter.ask("reload").exitCode()).isZero();
        assertThat(get(meter, "meter", "/transactions/authorize.xml?" + CALLER).status()).isEqualTo(200);
        assertThat(get(meter, "metrics", "/metrics").text()).contains("tollkeeper_journal_rows_total").doesNotContain("apicast_status");
    }

    @Test void aFileWithProductsDeclaresThem() throws IOException {
        Files.writeString(folder.resolve("tollkeeper.yaml"), """
                gateway:
                  listen: off
                products:
                  orders:
                    hosts: [orders]
                    upstream: http://127.0.0.1:1
                    service-tokens: [token]
                    rules: [{method: ANY, pattern: /}]
                    plans: {basic: {limits: [{metric: hits, period: eternity, max: 1}]}}
                    applications: {app: {plan: basic, user-key: key}}
                """);
        try (var meter = RunningProgram.startMeter(folder)) {
            assertThat(meter.greeting()).contains("1 product").contains("service_id=orders&user_key=KEY");
            var target = "/transactions/authrep.xml?service_token=token&service_id=orders&user_key=key&usage%5Bhits%5D=1";
            assertThat(get(meter, "meter", target).status()).isEqualTo(200);
            assertThat(get(meter, "meter", target).status()).isEqualTo(409);
        }
    }

    @Test void aSecondProcessOnTheSameFolderIsToldWhoHoldsIt() {
        try (var first = RunningProgram.startMeter(folder);
                var second = RunningProgram.launch("run", folder, RunningProgram.freePorts())) {
            assertThat(second.awaitEnd()).isEqualTo(1);
            assertThat(second.errors()).contains("is in use by process " + first.process().pid()).contains("--data DIR");
        }
    }

    @Test void aRoleThatWouldHaveNothingToDoSaysWhichSettingStandsInItsWay() {
        assertThat(RunningProgram.run(folder, "meter", "--set", "meter.listen=off").err()).startsWith("meter.listen: off");
        assertThat(RunningProgram.run(folder, "run", "--set", "gateway.listen=off").err())
                .startsWith("gateway.listen: off").contains("tollkeeper meter");
        assertThat(RunningProgram.run(folder, "--help").out()).contains("meter ");
    }

    private static void create(RunningProgram meter) throws IOException {
        write(meter, "POST", "services/", "{\"service\":{\"id\":\"7\",\"provider_key\":\"pk\",\"state\":\"active\"}}");
        write(meter, "POST", "services/7/metrics/1", "{\"metric\":{\"name\":\"hits\"}}");
        write(meter, "PUT", "services/7/plans/basic/usagelimits/1/eternity", "{\"usagelimit\":{\"eternity\":5}}");
        write(meter, "POST", "services/7/applications/shop",
                "{\"application\":{\"state\":\"active\",\"plan_id\":\"basic\",\"plan_name\":\"Basic\"}}");
    }

    private static void write(RunningProgram meter, String method, String path, String json) throws IOException {
        try (var client = RawClient.connect(meter.port("meter"))) {
            var answer = client.send(method + " /internal/" + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + json.length() + "\r\n\r\n" + json)
                    .answer();
            assertThat(answer.status()).as(answer.text()).isBetween(200, 201);
        }
    }

    private static RawAnswer get(RunningProgram meter, String listener, String target) throws IOException {
        try (var client = RawClient.connect(meter.port(listener))) {
            return client.send("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n").answer();
        }
    }
}
