package io.tollkeeper.app;

import io.tollkeeper.app.command.AskCommands;
import io.tollkeeper.app.command.CheckCommand;
import io.tollkeeper.app.command.RunCommand;
import io.tollkeeper.app.command.Tollkeeper;
import io.tollkeeper.app.command.VersionCommand;
import picocli.CommandLine;

/// Where the program starts: gives the command line its commands and the commands their work.
public final class Main {

    private Main() {}

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Tollkeeper())
                .addSubcommand(new RunCommand(new Wiring()))
                .addSubcommand(new CheckCommand())
                .addSubcommand(new AskCommands.Explain())
                .addSubcommand(new AskCommands.Status())
                .addSubcommand(new AskCommands.Reload())
                .addSubcommand(new VersionCommand());
    }
}
