package io.tollkeeper.app.declaration;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.app.document.Document;
import io.tollkeeper.app.document.Findings;
import io.tollkeeper.app.settings.Settings;
import io.tollkeeper.app.settings.SettingsReader;
import io.tollkeeper.core.proxy.Finding;
import org.jspecify.annotations.Nullable;

/// All that a file, the environment and the command line say: settings and products. Immutable. The check of a file is
/// its loading: `tollkeeper check`, start and reload all come through here.
///
/// @param file     null when there is none
/// @param warnings doubts that do not stand in the way
public record Configuration(@Nullable Path file, Settings settings, Declared declared, List<Finding> warnings) {
    private static final Set<String> NOT_SETTINGS = Set.of("products");

    /// What became of the reading.
    public sealed interface Loaded {
        record Good(Configuration configuration) implements Loaded {}

        /// Every mistake, sorted by place; doubts among them.
        record Bad(List<Finding> findings) implements Loaded {}
    }

    /// Reads everything; blocks for the file.
    public static Loaded load(@Nullable Path file, Map<String, String> environment, List<String> overrides) {
        var findings = new Findings();
        var text = file == null ? null : read(file, findings);
        if (file != null && text == null) {
            return new Loaded.Bad(findings.sorted());
        }
        var document = file == null || text == null ? null : Document.read(file.toString(), text, findings);
        boolean foreign = document != null && text != null && GatewayDocumentReader.recognises(document, text);
        var settings = SettingsReader.read(foreign ? null : document, NOT_SETTINGS, environment, overrides, findings);
        var declared = document == null ? Declared.NOTHING
                : foreign ? GatewayDocumentReader.read(document, findings)
                : ProductsReader.read(document, settings.upstream(), findings);
        return findings.hasErrors()
                ? new Loaded.Bad(findings.sorted())
                : new Loaded.Good(new Configuration(file, settings, declared, findings.sorted()));
    }

    /// The same settings with products declared by a text of ours.
    ///
    /// @throws IllegalStateException when our text has a mistake
    public Configuration declaring(String source, String yaml) {
        var findings = new Findings();
        var declared = ProductsReader.read(Document.read(source, yaml, findings), settings.upstream(), findings);
        if (findings.hasErrors()) {
            throw new IllegalStateException(source + ": " + findings.sorted());
        }
        return new Configuration(file, settings, declared, warnings);
    }

    private static @Nullable String read(Path file, Findings findings) {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException _) {
            findings.add(file.toString(), 0, "", "no such file");
        } catch (MalformedInputException _) {
            findings.add(file.toString(), 0, "", "is not UTF-8 text");
        } catch (IOException e) {
            findings.add(file.toString(), 0, "", "cannot be read" + (Files.isDirectory(file) ? ": it is a folder"
                    : Files.isReadable(file) ? ": " + e.getMessage() : " by this user"));
        }
        return null;
    }
}
