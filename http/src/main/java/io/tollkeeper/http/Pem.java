package io.tollkeeper.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import org.jspecify.annotations.Nullable;

/// Certificates or a key in PEM form: a file, which is read again when it changes, or the text itself. Immutable.
public sealed interface Pem {

    /// @param path read when it is needed, and again when it has changed
    record File(Path path) implements Pem {
        @Override
        public String text() throws IOException {
            return Files.readString(path, StandardCharsets.ISO_8859_1);
        }

        @Override
        public String describe() {
            return path.toString();
        }
    }

    /// Part of a configuration.
    record Embedded(String text) implements Pem {
        @Override
        public String describe() {
            return "(embedded)";
        }

        /// Without the text, which may be a key.
        @Override
        public String toString() {
            return "Embedded[" + text.length() + " characters]";
        }
    }

    static @Nullable Pem file(@Nullable Path path) {
        return path == null ? null : new File(path);
    }

    String text() throws IOException;

    /// What messages call it.
    String describe();
}
