package io.tollkeeper.app.settings;

import java.util.Set;

import org.jspecify.annotations.Nullable;

/// Which parts of the program a process runs.
public enum Role {
    /// `tollkeeper run`: gateway, meter and store.
    ALL("run", "gateway, meter and store in one process"),
    /// `tollkeeper gateway`: the gateway, which asks a meter over HTTP.
    GATEWAY("gateway", "gateway, asking a meter over HTTP"),
    /// `tollkeeper meter`: meter and store.
    METER("meter", "meter and store in one process");

    private final String command;
    private final String says;

    Role(String command, String says) {
        this.command = command;
        this.says = says;
    }

    /// The command that starts it.
    public String command() {
        return command;
    }

    public String says() {
        return says;
    }

    public boolean hasGateway() {
        return this != METER;
    }

    public boolean hasMeter() {
        return this != GATEWAY;
    }

    /// Whether a process of this role has a use for the setting.
    public boolean reads(String key) {
        return switch (this) {
            case ALL -> true;
            case GATEWAY -> !key.startsWith("meter.") || ASKED.contains(key);
            case METER -> !key.startsWith("gateway.") && !key.startsWith("upstream.") && !ASKED.contains(key);
        };
    }

    /// Settings about the meter that a gateway asks.
    private static final Set<String> ASKED = Set.of("meter.endpoint", "meter.caching", "meter.response-codes", "meter.first-call",
            "meter.unreachable-status", "meter.batch-memory");

    /// Why these settings leave the role nothing to do, or null.
    public @Nullable String missing(Settings settings) {
        return switch (this) {
            case ALL, GATEWAY -> settings.gateway().listen() == null && settings.gateway().tls().listen() == null
                    ? "gateway.listen: off, and gateway.tls.listen is not set either: nothing would take API calls"
                            + " (set one of them, or start the meter alone: tollkeeper meter)"
                    : null;
            case METER -> settings.meter().listen() == null
                    ? "meter.listen: off, but tollkeeper meter starts nothing else (expected: an address, e.g. 127.0.0.1:3000)"
                    : null;
        };
    }
}
