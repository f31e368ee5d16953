package io.tollkeeper.compat.fuzz;

import java.io.IOException;

/// Where Jazzer comes in: `compat/fuzz` starts it with `-Dfuzz.target=NAME`.
public final class Fuzzer {

    private static final FuzzTarget TARGET = FuzzTargets.named(System.getProperty("fuzz.target", "query"));

    private Fuzzer() {}

    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        TARGET.run(input);
    }
}
