package io.tollkeeper.app;

import io.tollkeeper.app.command.VersionCommand;

/// What we call ourselves to portals and meters: `Tollkeeper/<version> (<OS>; <arch>; env:<env>)`.
final class UserAgent {

    private UserAgent() {}

    /// @param environment name of the deployment environment
    static String of(String environment) {
        var text = "Tollkeeper/" + VersionCommand.current() + " (" + System.getProperty("os.name") + "; "
                + System.getProperty("os.arch") + "; env:" + environment + ")";
        return text.replaceAll("[^ -~]", "?");
    }
}
