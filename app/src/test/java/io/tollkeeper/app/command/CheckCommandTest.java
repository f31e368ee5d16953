package io.tollkeeper.app.command;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

import static org.assertj.core.api.Assertions.assertThat;

class CheckCommandTest {
    @TempDir private Path folder;

    @Test void aGoodFileIsToldWithWhatItDeclares() throws IOException {
        var file = file("""
                gateway: {listen: 127.0.0.1:0}
                products:
                  orders:
                    hosts: [api.example.com]
                    upstream: http://10.0.0.7:8080
                    rules: [{method: ANY, pattern: /}]
                    plans: {basic: {limits: [{metric: hits, period: day, max: 2}]}}
                    applications: {alice: {plan: basic, user-key: k}}
                """);
        assertThat(run("check", file)).isEqualTo(new Outcome(0, file + """
                 is good: 1 product
                  orders: api.example.com -> http://10.0.0.7:8080; 1 rule, 1 plan, 1 limit, 1 application
                """));
    }

    @Test void mistakesAreToldInTheOrderOfTheirLinesThenCounted() throws IOException {
        var file = file("""
                products:
                  orders:
                    hosts: [api.example.com]
                    upstream: http://10.0.0.7:8080
                    rules: [{method: ANY, pattern: /, metric: hit}]
                upstream:
                  conect-timeout: 5s
                """);
        assertThat(run("check", file)).isEqualTo(new Outcome(1, """
                %1$s:5  products.orders.rules[1].metric: hit is neither a metric nor a method of this product (did you mean hits?)
                %1$s:7  upstream.conect-timeout: unknown key (did you mean connect-timeout?)
                2 mistakes
                """.formatted(file)));
    }

    @Test void ofADocumentOfThreescalesTheMistakesOfEachProductAreTold() throws IOException {
        var file = file("""
                {"services": [
                  {"id": 1, "backend_version": "1", "proxy": {"hosts": ["a"], "error_status_no_match": 7}},
                  {"id": 2, "backend_version": "1", "proxy": {"hosts": ["A", "b"], "policy_chain": [{"name": "apicast"}, {"name": "no_such"}]}},
                  {"id": 3, "backend_version": "1", "proxy": {"hosts": ["c"], "api_backend": "http://up"}}]}
                """);
        var outcome = run("check", file);
        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.out()).contains(
                ":2:63  services[1].proxy.error_status_no_match: 7 (expected: a whole number from 200 to 599)\n",
                "product 2  policy_chain[2].name: no_such is no policy",
                "product 2  warning: hosts: a belongs to product 1 already, which keeps it\n",
                " has 2 mistakes: 3 products, 1 warning\n",
                "  3: c -> http://up; 0 rules");
    }

    @Test void aFileThatIsNotThereIsAMistakeNotACrash() {
        assertThat(run("check", folder + "/none.yaml")).isEqualTo(new Outcome(1, folder + "/none.yaml  no such file\n1 mistake\n"));
    }

    @Test void wrongUsageEndsWithTwo() {
        assertThat(run("check", "a", "b").exitCode()).isEqualTo(2);
        assertThat(run().exitCode()).isEqualTo(2);
    }

    private String file(String text) throws IOException {
        return Files.writeString(folder.resolve("t.yaml"), text).toString();
    }

    private record Outcome(int exitCode, String out) {}

    private static Outcome run(String... arguments) {
        var before = System.out;
        var out = new ByteArrayOutputStream();
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            var commandLine = new CommandLine(new Tollkeeper()).addSubcommand(new CheckCommand());
            return new Outcome(commandLine.execute(arguments), out.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(before);
        }
    }
}
