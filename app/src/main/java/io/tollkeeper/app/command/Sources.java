package io.tollkeeper.app.command;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/// Where the settings of this call come from. Immutable.
///
/// @param config      the file asked for, null for the usual one
/// @param environment all variables
/// @param overrides   `key=value`, strongest
public record Sources(@Nullable Path config, Map<String, String> environment, List<String> overrides) {
    private static final Path USUAL = Path.of("tollkeeper.yaml");

    /// The file to read; null when none was asked for and the usual one is not there.
    public @Nullable Path file() {
        if (config != null) {
            return config;
        }
        var named = environment.get("TOLLKEEPER_CONFIG");
        if (named != null && !named.isEmpty()) {
            return Path.of(named);
        }
        return Files.exists(USUAL) ? USUAL : null;
    }
}
