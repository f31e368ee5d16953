package io.tollkeeper.app.command;

import picocli.CommandLine.Command;

/// `tollkeeper run`: gateway, meter and embedded store in one process, until a signal ends it.
@Command(name = "run", description = {"Starts gateway, meter and embedded store.",
    "Without a configuration file it serves a demo product and prints calls to paste."})
public final class RunCommand extends StartCommand {

    public RunCommand(Program program) {
        super(program);
    }
}
