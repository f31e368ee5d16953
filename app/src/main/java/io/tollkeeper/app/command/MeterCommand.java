package io.tollkeeper.app.command;

import picocli.CommandLine.Command;

/// `tollkeeper meter`: meter and embedded store in one process, until a signal ends it.
@Command(name = "meter", description = {"Starts the meter alone: Service Management API, Internal API and embedded store.",
    "Products of a configuration file are declared as by run; all others are created through the Internal API."})
public final class MeterCommand extends StartCommand {

    public MeterCommand(Program program) {
        super(program);
    }
}
