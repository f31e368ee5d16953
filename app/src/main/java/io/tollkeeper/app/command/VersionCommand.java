package io.tollkeeper.app.command;

import picocli.CommandLine.Command;

/// `tollkeeper version`: of the program, the JVM and the system.
@Command(name = "version", description = "Prints the version of the program, the JVM and the system.")
public final class VersionCommand implements Runnable {

    @Override public void run() {
        System.out.println("tollkeeper " + current());
        System.out.println("java " + System.getProperty("java.vm.version") + " (" + System.getProperty("java.vendor") + ")");
        System.out.println(System.getProperty("os.name") + " " + System.getProperty("os.version") + " " + System.getProperty("os.arch"));
    }

    /// From the jar's manifest.
    public static String current() {
        var version = VersionCommand.class.getPackage().getImplementationVersion();
        return version == null ? "unpackaged" : version;
    }
}
