package io.tollkeeper.app.settings;

/// A value that must not appear in logs, pages and messages. Immutable.
public record Secret(String value) {
    @Override public String toString() {
        return "***";
    }
}
