package io.tollkeeper.app.declaration;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.app.document.Document;
import io.tollkeeper.app.document.Findings;
import io.tollkeeper.app.settings.Role;
import io.tollkeeper.app.settings.Settings;
import io.tollkeeper.app.settings.SettingsReader;
import io.tollkeeper.core.proxy.Finding;
import org.jspecify.annotations.Nullable;

/// All that a file, the environment and the command line say: settings and products. Immutable. The check of a file is
/// its loading: `tollkeeper check`, start and reload all come through here.
///
/// @param file     the file with the settings, null when there is none
/// @param source   where the products come from if not from that file
/// @param warnings doubts that do not stand in the way
public record Configuration(@Nullable Path file, Settings settings, ProductSource source, Declared declared, List<Finding> warnings) {
    private static final Set<String> NOT_SETTINGS = Set.of("products");

    /// What became of the reading.
    public sealed interface Loaded {
        record Good(Configuration configuration) implements Loaded {}

        /// Every mistake, sorted by place; doubts among them.
        record Bad(List<Finding> findings) implements Loaded {}
    }

    /// Reads everything for a process that has all parts; blocks for the files.
    public static Loaded load(@Nullable Path file, Map<String, String> environment, List<String> overrides) {
        return load(Role.ALL, file, environment, overrides);
    }

    /// Reads everything; blocks for the files.
    public static Loaded load(Role role, @Nullable Path file, Map<String, String> environment, List<String> overrides) {
        var findings = new Findings();
        var bytes = file == null ? null : read(file, findings);
        if (file != null && bytes == null) {
            return new Loaded.Bad(findings.sorted());
        }
        boolean foreign = bytes != null && GatewayDocumentReader.recognises(bytes);
        var document = file == null || bytes == null || foreign ? null : document(file.toString(), bytes, findings);
        var settings = SettingsReader.read(role, document, NOT_SETTINGS, environment, overrides, findings);
        var filter = ServiceFilter.of(settings.gateway(), findings);
        var declared = file != null && bytes != null && foreign
                ? foreign(file.toString(), bytes, filter, findings)
                : document == null ? Declared.NOTHING
                : ProductsReader.read(document, settings.upstream(), findings);
        ProductSource source = role.hasGateway() ? ProductSource.of(settings.gateway(), findings) : new ProductSource.None();
        if (!(source instanceof ProductSource.None)) {
            if (!declared.products().isEmpty()) {
                findings.add(String.valueOf(file), 0, "products", "is there, and products come from " + source.describe() + " as well (remove one of them)");
            }
            declared = elsewhere(source, filter, findings);
        }
        return findings.hasErrors()
                ? new Loaded.Bad(findings.sorted())
                : new Loaded.Good(new Configuration(file, settings, source, declared, findings.sorted()));
    }

    private static Declared elsewhere(ProductSource source, ServiceFilter filter, Findings findings) {
        var text = switch (source) {
            case ProductSource.None _, ProductSource.OfPortal _ -> null;
            case ProductSource.OfFile file -> ProductSource.read(file, findings);
            case ProductSource.OfText document -> document.json();
        };
        return text == null ? Declared.NOTHING : foreign(source.describe(), GatewayDocumentReader.bytes(text), filter, findings);
    }

    private static Declared foreign(String source, byte[] text, ServiceFilter filter, Findings findings) {
        return foreign(List.of(new DocumentText(source, text)), filter, Declared.NOTHING, findings);
    }

    private static Declared foreign(List<DocumentText> texts, ServiceFilter filter, Declared known, Findings findings) {
        var reader = new GatewayDocumentReader(filter, findings).knowing(known);
        texts.forEach(text -> reader.read(text.source(), text.json()));
        if (!reader.leftOut().isEmpty()) {
            findings.warn(texts.getFirst().source(), 0, "", "left out by gateway.services or gateway.services-filter-by-url: services "
                    + String.join(", ", reader.leftOut().stream().limit(20).toList()) + (reader.leftOut().size() > 20 ? ", …" : ""));
        }
        return reader.declared();
    }

    /// The same settings with the products of these texts of a portal.
    ///
    /// @param doubts of whoever fetched them
    /// @param known  products that are used again where nothing changed
    public Loaded declaring(List<DocumentText> texts, List<Finding> doubts, Declared known) {
        var findings = new Findings();
        findings.addAll(doubts);
        var next = texts.isEmpty() ? new Declared(List.of(), false) : foreign(texts, ServiceFilter.of(settings.gateway(), findings), known, findings);
        return findings.hasErrors() ? new Loaded.Bad(findings.sorted()) : new Loaded.Good(new Configuration(file, settings, source, next, findings.sorted()));
    }

    /// The same, with what it has in common with the one in force kept once.
    public Configuration sharing(Configuration before) {
        return new Configuration(file, settings, source, declared.sharing(before.declared), warnings);
    }

    /// The same settings with other products.
    public Configuration declaring(Declared products, List<Finding> doubts) {
        return new Configuration(file, settings, source, products, doubts);
    }

    /// Whether the products are 3scale's, by whose habits they are served where a setting does not say.
    public boolean isThreescales() {
        return !(source instanceof ProductSource.None) || !declared.complete();
    }

    /// Whether the products are those of a 3scale document that was read as a whole.
    public boolean isDocument() {
        return source instanceof ProductSource.OfFile || source instanceof ProductSource.OfText
                || source instanceof ProductSource.None && !declared.complete();
    }

    /// Whether anything says which products there are.
    public boolean hasProducts() {
        return file != null || !(source instanceof ProductSource.None);
    }

    /// Where the products come from, for people; null when nothing says.
    public @Nullable String origin() {
        return !(source instanceof ProductSource.None) ? source.describe()
                : file == null ? null : file.toAbsolutePath().normalize().toString();
    }

    /// Files whose change is a change of the configuration.
    public List<Path> files() {
        var files = new ArrayList<Path>();
        if (file != null) {
            files.add(file);
        }
        if (source instanceof ProductSource.OfFile(var document)) {
            files.add(document);
        }
        return files;
    }

    /// The same settings with products declared by a text of ours.
    ///
    /// @throws IllegalStateException when our text has a mistake
    public Configuration declaring(String name, String yaml) {
        var findings = new Findings();
        var declared = ProductsReader.read(Document.read(name, yaml, findings), settings.upstream(), findings);
        if (findings.hasErrors()) {
            throw new IllegalStateException(name + ": " + findings.sorted());
        }
        return new Configuration(file, settings, source, declared, warnings);
    }

    private static @Nullable Document document(String source, byte[] bytes, Findings findings) {
        try {
            return Document.read(source, StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString(), findings);
        } catch (CharacterCodingException _) {
            findings.add(source, 0, "", "is not UTF-8 text");
            return null;
        }
    }

    private static byte @Nullable [] read(Path file, Findings findings) {
        try {
            return Files.readAllBytes(file);
        } catch (NoSuchFileException _) {
            findings.add(file.toString(), 0, "", "no such file");
        } catch (IOException e) {
            findings.add(file.toString(), 0, "", "cannot be read" + (Files.isDirectory(file) ? ": it is a folder"
                    : Files.isReadable(file) ? ": " + e.getMessage() : " by this user"));
        }
        return null;
    }
}
