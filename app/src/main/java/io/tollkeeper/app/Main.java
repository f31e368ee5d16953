package io.tollkeeper.app;

import java.time.InstantSource;

import io.tollkeeper.app.command.AskCommands;
import io.tollkeeper.app.command.CheckCommand;
import io.tollkeeper.app.command.GatewayCommand;
import io.tollkeeper.app.command.MeterCommand;
import io.tollkeeper.app.command.Program;
import io.tollkeeper.app.command.RunCommand;
import io.tollkeeper.app.command.Tollkeeper;
import io.tollkeeper.app.command.VersionCommand;
import io.tollkeeper.app.settings.Role;
import picocli.CommandLine;

/// Where the program starts: gives the command line its commands and the commands their work.
public final class Main {

    private Main() {}

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /// The program without its command line, by the caller's clock: for whoever runs it inside another process.
    public static Program program(InstantSource clock) {
        return program(Role.ALL, clock);
    }

    /// A part of it.
    public static Program program(Role role, InstantSource clock) {
        return new Wiring(role, clock);
    }

    static CommandLine commandLine() {
        return new CommandLine(new Tollkeeper())
                .addSubcommand(new RunCommand(program(InstantSource.system())))
                .addSubcommand(new GatewayCommand(new Wiring(Role.GATEWAY, InstantSource.system())))
                .addSubcommand(new MeterCommand(new Wiring(Role.METER, InstantSource.system())))
                .addSubcommand(new CheckCommand())
                .addSubcommand(new AskCommands.Explain())
                .addSubcommand(new AskCommands.Status())
                .addSubcommand(new AskCommands.Reload())
                .addSubcommand(new VersionCommand());
    }
}
