package io.tollkeeper.app;

import io.tollkeeper.app.settings.Settings;
import org.jspecify.annotations.Nullable;

/// Which parts of the program a process runs.
enum Role {
    /// `tollkeeper run`: gateway, meter and store.
    ALL("gateway, meter and store in one process"),
    /// `tollkeeper meter`: meter and store.
    METER("meter and store in one process");

    private final String says;

    Role(String says) {
        this.says = says;
    }

    String says() {
        return says;
    }

    boolean hasGateway() {
        return this == ALL;
    }

    /// Why these settings leave the role nothing to do, or null.
    @Nullable String missing(Settings settings) {
        return switch (this) {
            case ALL -> settings.gateway().listen() == null && settings.gateway().tls().listen() == null
                    ? "gateway.listen: off, and gateway.tls.listen is not set either: nothing would take API calls"
                            + " (set one of them, or start the meter alone: tollkeeper meter)"
                    : null;
            case METER -> settings.meter().listen() == null
                    ? "meter.listen: off, but tollkeeper meter starts nothing else (expected: an address, e.g. 127.0.0.1:3000)"
                    : null;
        };
    }
}
