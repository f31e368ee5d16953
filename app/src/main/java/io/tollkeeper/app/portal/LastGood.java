package io.tollkeeper.app.portal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import io.tollkeeper.app.declaration.DocumentText;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonEncoding;
import tools.jackson.databind.json.JsonMapper;

/// What a portal said last that was good, in the data folder, for its owner's eyes only (it holds tokens). Blocks; a disk
/// that does not take it is told in the log and keeps nobody from serving.
final class LastGood {
    private static final Logger log = LoggerFactory.getLogger(LastGood.class);
    private static final String FILE = "portal.json";
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Path folder;
    private final String portal;
    private boolean failing;

    /// @param folder the data folder
    LastGood(Path folder, PortalSettings settings) {
        this.folder = folder;
        this.portal = settings.toString();
    }

    /// One answer.
    ///
    /// @param host for which it was asked, empty for all
    record Kept(String host, Instant at, List<DocumentText> texts) {
        Kept {
            texts = List.copyOf(texts);
        }
    }

    /// What is there of this portal and this environment; nothing if it cannot be read.
    synchronized List<Kept> read() {
        var file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return List.of();
        }
        try {
            var tree = JSON.readTree(Files.readAllBytes(file));
            if (!tree.path("portal").asString("").equals(portal)) {
                log.info("{} holds the configuration of another portal or environment: not used", file);
                return List.of();
            }
            var kept = new ArrayList<Kept>();
            for (var entry : tree.path("answers")) {
                var texts = new ArrayList<DocumentText>();
                entry.path("texts").forEach(text -> texts.add(new DocumentText(text.path("source").asString(""), JSON.writeValueAsBytes(text.path("json")))));
                kept.add(new Kept(entry.path("host").asString(""), Instant.ofEpochMilli(entry.path("at").asLong(0)), texts));
            }
            return kept;
        } catch (IOException | JacksonException e) {
            log.warn("{} cannot be read ({}): without it nothing is served while the portal is away", file, e.getMessage());
            return List.of();
        }
    }

    /// Replaces what is there, whole or not at all.
    synchronized void write(Collection<Kept> kept) {
        Path written = null;
        try {
            written = Files.createTempFile(folder, FILE, ".new", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            try (var out = Files.newOutputStream(written); var json = JSON.createGenerator(out, JsonEncoding.UTF8)) {
                json.writeStartObject();
                json.writeStringProperty("portal", portal);
                json.writeName("answers");
                json.writeStartArray();
                for (var one : kept) {
                    json.writeStartObject();
                    json.writeStringProperty("host", one.host());
                    json.writeNumberProperty("at", one.at().toEpochMilli());
                    json.writeName("texts");
                    json.writeStartArray();
                    for (var text : one.texts()) {
                        json.writeStartObject();
                        json.writeStringProperty("source", text.source());
                        json.writeName("json");
                        json.writeRawValue(new String(text.json(), StandardCharsets.UTF_8));
                        json.writeEndObject();
                    }
                    json.writeEndArray();
                    json.writeEndObject();
                }
                json.writeEndArray();
                json.writeEndObject();
            }
            Files.move(written, folder.resolve(FILE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            failing = false;
        } catch (IOException | JacksonException e) {
            if (!failing) {
                log.warn("the portal's configuration cannot be kept in {} ({}): a start without the portal would find an older one, or none", folder, e.getMessage());
            }
            failing = true;
            discard(written);
        }
    }

    private static void discard(@org.jspecify.annotations.Nullable Path written) {
        try {
            if (written != null) {
                Files.deleteIfExists(written);
            }
        } catch (IOException e) {
            log.debug("{} stays behind: {}", written, e.getMessage());
        }
    }
}
