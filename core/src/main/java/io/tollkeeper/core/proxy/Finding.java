package io.tollkeeper.core.proxy;

import org.jspecify.annotations.Nullable;

/// One mistake (or doubt) in a configuration: where, what, and what to write instead. `line` and `column` are 0 if not
/// known.
public record Finding(
        Severity severity,
        String file,
        int line,
        int column,
        String key,
        String message,
        @Nullable String suggestion) {

    public enum Severity {
        /// The configuration is not taken over.
        ERROR,
        /// It works, but probably not as meant.
        WARNING
    }

    public boolean isError() {
        return severity == Severity.ERROR;
    }

    /// `tollkeeper.yaml:12:3  upstream.conect-timeout: unknown key (did you mean connect-timeout?)`
    public String text() {
        StringBuilder text = new StringBuilder(file);
        if (line > 0) {
            text.append(':').append(line);
            if (column > 0) {
                text.append(':').append(column);
            }
        }
        text.append("  ");
        if (severity == Severity.WARNING) {
            text.append("warning: ");
        }
        if (!key.isEmpty()) {
            text.append(key).append(": ");
        }
        text.append(message);
        if (suggestion != null) {
            text.append(" (").append(suggestion).append(')');
        }
        return text.toString();
    }
}
