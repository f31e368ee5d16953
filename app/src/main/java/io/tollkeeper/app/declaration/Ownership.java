package io.tollkeeper.app.declaration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// What in the store came from a file, so that what a later file leaves out is taken away, and what came through the
/// Internal API is not. Immutable; kept in the data folder, readable by its owner only (it holds tokens).
///
/// @param providerKey of all products that files declare; made by chance once
public record Ownership(String providerKey, Map<String, Owned> products) {
    private static final String FILE = "declared.json";
    private static final JsonMapper JSON = JsonMapper.shared();

    public Ownership {
        products = Map.copyOf(products);
    }

    /// What of one product came from the file.
    public record Owned(Set<String> applications, Set<String> tokens) {
        public Owned {
            applications = Set.copyOf(applications);
            tokens = Set.copyOf(tokens);
        }

        Owned with(Owned other) {
            var both = new TreeSet<>(applications);
            both.addAll(other.applications);
            var bothTokens = new TreeSet<>(tokens);
            bothTokens.addAll(other.tokens);
            return new Owned(both, bothTokens);
        }
    }

    static Ownership nothingYet() {
        var key = new byte[16];
        new SecureRandom().nextBytes(key);
        return new Ownership(HexFormat.of().formatHex(key), Map.of());
    }

    /// What either owns.
    public Ownership with(Ownership other) {
        var all = new TreeMap<>(products);
        other.products.forEach((id, owned) -> all.merge(id, owned, Owned::with));
        return new Ownership(providerKey, all);
    }

    /// Reads it; blocks. A folder without one owns nothing yet.
    public static Ownership read(Path folder) throws IOException {
        var file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return nothingYet();
        }
        try {
            return JSON.readValue(Files.readString(file), Ownership.class);
        } catch (JacksonException e) {
            throw new IOException(file + " cannot be read (" + e.getOriginalMessage()
                    + "); without it nobody knows which products came from tollkeeper.yaml. Remove it to start anew:"
                    + " what the file no longer declares then stays in the store", e);
        }
    }

    /// Replaces the one in the folder, whole or not at all; blocks.
    public void write(Path folder) throws IOException {
        var sorted = new TreeMap<String, Map<String, Set<String>>>();
        products.forEach((id, owned) -> sorted.put(id, new TreeMap<>(Map.of(
                "applications", new TreeSet<>(owned.applications()), "tokens", new TreeSet<>(owned.tokens())))));
        var text = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(Map.of("providerKey", providerKey, "products", sorted));
        var file = folder.resolve(FILE);
        if (Files.exists(file) && Files.readString(file).equals(text)) {
            return;
        }
        @Nullable Path written = Files.createTempFile(folder, FILE, ".new",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(written, text);
        Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
