package io.tollkeeper.app.command;

import java.util.List;
import java.util.concurrent.Callable;

import io.tollkeeper.app.command.Program.Started;
import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.declaration.Configuration.Loaded;
import picocli.CommandLine.ParentCommand;

/// What commands that start something have in common: read all settings, start, greet, wait for a signal, stop.
abstract class StartCommand implements Callable<Integer> {
    private final Program program;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Tollkeeper tollkeeper;

    StartCommand(Program program) {
        this.program = program;
    }

    @Override public Integer call() {
        var sources = tollkeeper.sources();
        return switch (Configuration.load(program.role(), sources.file(), sources.environment(), sources.overrides())) {
            case Loaded.Bad(var findings) -> refused(findings.stream().map(finding -> finding.text()).toList());
            case Loaded.Good(var configuration) -> run(configuration, sources);
        };
    }

    private int run(Configuration configuration, Sources sources) {
        var signals = Signals.take();
        return switch (program.start(configuration, sources)) {
            case Started.Refused(var lines) -> refused(lines);
            case Started.Up(var running) -> {
                running.greeting().forEach(System.out::println);
                System.out.flush();
                signals.awaitFirst();
                running.stop();
                yield 0;
            }
        };
    }

    private static int refused(List<String> lines) {
        lines.forEach(System.err::println);
        System.err.println("tollkeeper: not started");
        return 1;
    }
}
