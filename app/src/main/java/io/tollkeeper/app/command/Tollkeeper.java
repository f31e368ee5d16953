package io.tollkeeper.app.command;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// The command line as a whole: the options that every command takes.
@Command(
        name = "tollkeeper",
        description = "API management: lets calls in or turns them away, counts them, and tells why.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = false,
        footer = {"", "Exit codes: 0 done, 1 refused or mistakes found, 2 wrong usage.",
            "Settings: docs/settings.md. A running process is reached through DIR/control.sock."})
public final class Tollkeeper implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--data", paramLabel = "DIR", scope = ScopeType.INHERIT,
            description = "Folder of the embedded store (default: data).")
    private @Nullable Path data;

    @Option(names = "--config", paramLabel = "FILE", scope = ScopeType.INHERIT,
            description = "Configuration file (default: tollkeeper.yaml, where there is one).")
    private @Nullable Path config;

    @Option(names = "--set", paramLabel = "KEY=VALUE", scope = ScopeType.INHERIT,
            description = "A setting, over file and environment; may be repeated.")
    private List<String> overrides = new ArrayList<>();

    @Option(names = {"-h", "--help"}, usageHelp = true, scope = ScopeType.INHERIT, description = "Shows this help.")
    @SuppressWarnings("UnusedVariable") // read by picocli
    private boolean help;

    @Override public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    /// What the options of this call say about where settings come from.
    Sources sources() {
        var all = new ArrayList<>(overrides);
        if (data != null) {
            all.add("data=" + data);
        }
        return new Sources(config, System.getenv(), all);
    }
}
