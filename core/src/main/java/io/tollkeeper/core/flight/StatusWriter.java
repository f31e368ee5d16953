package io.tollkeeper.core.flight;

/// Who wrote the status that the client received.
public enum StatusWriter {
    NOBODY,
    GATEWAY,
    UPSTREAM,
    METER
}
