package io.tollkeeper.app.settings;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import io.tollkeeper.app.document.Findings;
import org.jspecify.annotations.Nullable;

/// Takes the complaints of one settings record and adds to each the place where its value was written.
final class Complaints {
    private final String prefix;
    private final Map<String, Given> given;
    private final Findings findings;

    Complaints(String prefix, Map<String, Given> given, Findings findings) {
        this.prefix = prefix;
        this.given = given;
        this.findings = findings;
    }

    /// @param name the key within the record
    void about(String name, String message) {
        var key = prefix + name;
        var written = given.get(key);
        if (written == null) {
            findings.add("settings", 0, key, message);
        } else {
            findings.add(written.source(), written.line(), key, message);
        }
    }

    void atLeast(String name, int value, int least) {
        if (value < least) {
            about(name, value + " (expected: at least " + least + ")");
        }
    }

    void atMost(String name, int value, int most) {
        if (value > most) {
            about(name, value + " (expected: at most " + most + ")");
        }
    }

    void atLeast(String name, ByteSize value, long least) {
        if (value.bytes() < least) {
            about(name, value + " (expected: at least " + new ByteSize(least) + ")");
        }
    }

    void atMost(String name, ByteSize value, long most) {
        if (value.bytes() > most) {
            about(name, value + " (expected: at most " + new ByteSize(most) + ")");
        }
    }

    void unreadable(String name, @Nullable Path file) {
        if (file != null && !Files.isReadable(file)) {
            about(name, file + (Files.exists(file) ? ": cannot be read by this user" : ": no such file"));
        }
    }
}
