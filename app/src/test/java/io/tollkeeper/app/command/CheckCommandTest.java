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
