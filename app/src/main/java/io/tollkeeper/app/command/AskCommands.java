package io.tollkeeper.app.command;

import java.util.concurrent.Callable;

import io.tollkeeper.app.control.Answer;
import io.tollkeeper.app.control.ControlClient;
import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.app.settings.SettingsReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/// The commands that ask a running process: `explain`, `status`, `reload`.
public final class AskCommands {

    private AskCommands() {}

    /// `tollkeeper explain ID`.
    @Command(name = "explain", description = "Tells what happened to a call: each step, who refused it, on what evidence, and what to do.")
    public static final class Explain extends Ask {
        @Parameters(paramLabel = "REQUEST-ID", description = "The X-Request-Id of the answer.")
        private String requestId = "";

        @Override Answer ask(ControlClient process) {
            return process.explain(requestId);
        }
    }

    /// `tollkeeper status`.
    @Command(name = "status", description = "Tells what listens where, and which configuration is in force.")
    public static final class Status extends Ask {
        @Override Answer ask(ControlClient process) {
            return process.status();
        }
    }

    /// `tollkeeper reload`.
    @Command(name = "reload", description = "Has the running process read its configuration file now.")
    public static final class Reload extends Ask {
        @Override Answer ask(ControlClient process) {
            return process.reload();
        }
    }

    /// Finds the data folder, asks, prints.
    abstract static class Ask implements Callable<Integer> {
        @ParentCommand
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Tollkeeper tollkeeper;

        abstract Answer ask(ControlClient process);

        @Override public Integer call() {
            var sources = tollkeeper.sources();
            // A file that is broken right now must not keep anybody from asking about it.
            var settings = switch (Configuration.load(sources.file(), sources.environment(), sources.overrides())) {
                case Loaded.Good(var configuration) -> configuration.settings();
                case Loaded.Bad _ -> SettingsReader.read(null, java.util.Set.of(), sources.environment(), sources.overrides(),
                        new io.tollkeeper.app.document.Findings());
            };
            var answer = ask(new ControlClient(settings.data()));
            (answer.exitCode() == 0 ? System.out : System.err).println(answer.text().stripTrailing());
            return answer.exitCode();
        }
    }
}
