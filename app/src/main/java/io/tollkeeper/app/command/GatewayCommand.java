package io.tollkeeper.app.command;

import picocli.CommandLine.Command;

/// `tollkeeper gateway`: the gateway in a process of its own, until a signal ends it.
@Command(name = "gateway", description = {"Starts the gateway alone, which asks a meter over HTTP: 3scale's, or tollkeeper meter.",
    "Takes configuration and environment of 3scale's gateway as they are: a file, a data URL or a portal."})
public final class GatewayCommand extends StartCommand {

    public GatewayCommand(Program program) {
        super(program);
    }
}
