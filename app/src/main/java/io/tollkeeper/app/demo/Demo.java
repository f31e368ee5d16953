package io.tollkeeper.app.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// The demo product, written as the `tollkeeper.yaml` that a user would write for it.
public final class Demo {
    public static final String KEY = "demo-key";
    public static final String LIMITED_KEY = "limited-key";
    public static final int CALLS_PER_MINUTE = 5;

    private Demo() {}

    /// @param echoPort where the upstream listens on loopback
    public static String yaml(int echoPort) {
        try (var resource = Demo.class.getResourceAsStream("demo.yaml")) {
            if (resource == null) {
                throw new IllegalStateException("demo.yaml is not in the jar");
            }
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8).replace("ECHO_PORT", String.valueOf(echoPort));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
