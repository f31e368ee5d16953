package io.tollkeeper.app.declaration;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Locale;

import io.tollkeeper.app.document.Findings;
import io.tollkeeper.app.settings.Settings;
import io.tollkeeper.http.fetch.FetchUrl;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// Where the gateway's products come from, other than `tollkeeper.yaml` itself (gateway specification, section 2.1): the
/// first of a `data:` URL, a file, a portal that is set. Immutable.
public sealed interface ProductSource {

    /// Nowhere else.
    record None() implements ProductSource {
        @Override public String describe() {
            return "none";
        }
    }

    /// A 3scale document in a file.
    record OfFile(Path file) implements ProductSource {
        @Override public String describe() {
            return file.toAbsolutePath().normalize().toString();
        }
    }

    /// A 3scale document in a variable or setting.
    ///
    /// @param key the setting that holds it
    record OfText(String key, String json) implements ProductSource {
        @Override public String describe() {
            return key + " (data URL)";
        }

        @Override public String toString() {
            return describe(); // the document holds tokens
        }
    }

    /// A portal, which is asked once the network engine runs.
    ///
    /// @param environment whose configurations
    record OfPortal(FetchUrl endpoint, String environment) implements ProductSource {
        @Override public String describe() {
            return "portal " + endpoint + " (" + environment + ")";
        }

        @Override public String toString() {
            return describe(); // the endpoint holds a token
        }
    }

    /// For people: without secrets.
    String describe();

    /// The text of a document as JSON, null if it cannot be read (the findings say why). Blocks.
    static @Nullable String read(OfFile source, Findings findings) {
        var name = source.file().toString();
        try {
            return json(name, Files.readString(source.file()), findings);
        } catch (NoSuchFileException _) {
            findings.add(name, 0, "", "no such file (relative paths count from " + Path.of("").toAbsolutePath() + ")");
        } catch (CharacterCodingException _) {
            findings.add(name, 0, "", "is not UTF-8 text");
        } catch (IOException e) {
            findings.add(name, 0, "", "cannot be read" + (Files.isDirectory(source.file()) ? ": it is a folder"
                    : Files.isReadable(source.file()) ? ": " + e.getMessage() : " by this user"));
        }
        return null;
    }

    /// Finds the source that these settings name; what is wrong with them goes to `findings`.
    static ProductSource of(Settings.Gateway settings, Findings findings) {
        var written = settings.configuration() == null ? "" : settings.configuration().value().strip();
        var scheme = scheme(written);
        if (scheme.equals("data")) {
            return data(written, findings);
        }
        if (scheme.equals("file")) {
            return file(written.substring("file:".length()).replaceFirst("^//(localhost)?(?=/)", ""), findings);
        }
        if (scheme.isEmpty() && !written.isEmpty()) {
            return file(written, findings);
        }
        if (settings.configurationFile() != null) {
            return new OfFile(settings.configurationFile());
        }
        var endpoint = settings.portal().endpoint();
        if (scheme.equals("http") || scheme.equals("https")) {
            return portal("gateway.configuration", written, settings, findings);
        }
        if (!scheme.isEmpty()) {
            findings.add("gateway.configuration", 0, "", "scheme " + scheme + " is not known (expected: data:, file:, a path, or the http(s) URL of a portal)");
        }
        return endpoint == null ? new None() : portal("gateway.portal.endpoint", endpoint.value().strip(), settings, findings);
    }

    private static ProductSource portal(String key, String written, Settings.Gateway settings, Findings findings) {
        var url = FetchUrl.parse(written);
        if (url == null) {
            findings.add(key, 0, "", "is not a URL of a portal (expected: https://TOKEN@portal.example[:port][/path])");
            return new None();
        }
        return new OfPortal(url, settings.portal().environment());
    }

    private static String scheme(String text) {
        int colon = text.indexOf(':');
        var scheme = colon < 2 ? "" : text.substring(0, colon);
        return scheme.chars().allMatch(c -> Character.isLetterOrDigit(c) || c == '+' || c == '-' || c == '.') ? scheme.toLowerCase(Locale.ROOT) : "";
    }

    private static ProductSource file(String path, Findings findings) {
        try {
            return new OfFile(Path.of(path));
        } catch (InvalidPathException _) {
            findings.add("gateway.configuration", 0, "", path + " is not a path");
            return new None();
        }
    }

    /// `data:[media type][;base64],text`
    private static ProductSource data(String url, Findings findings) {
        var key = "gateway.configuration";
        int comma = url.indexOf(',');
        if (comma < 0) {
            findings.add(key, 0, "", "a data URL without a comma (expected: data:application/json,… or data:application/json;base64,…)");
            return new None();
        }
        var header = url.substring("data:".length(), comma).strip().toLowerCase(Locale.ROOT);
        boolean base64 = header.endsWith(";base64");
        var media = (base64 ? header.substring(0, header.length() - ";base64".length()) : header).replaceFirst(";.*", "").strip();
        if (!media.equals("application/json") && !media.equals("application/yaml")) {
            findings.add(key, 0, "", "a data URL of type " + (media.isEmpty() ? "text/plain" : media) + " (expected: application/json or application/yaml)");
            return new None();
        }
        var text = decoded(url.substring(comma + 1), base64);
        var json = text == null ? null : json(key, text, findings);
        if (text == null) {
            findings.add(key, 0, "", "the data URL is not " + (base64 ? "Base64" : "percent-encoded") + " UTF-8");
        }
        return json == null ? new None() : new OfText(key, json);
    }

    private static @Nullable String decoded(String data, boolean base64) {
        try {
            // A plus sign is one: only forms write blanks that way.
            return base64 ? new String(Base64.getDecoder().decode(data.replaceAll("\\s", "").replace('-', '+').replace('_', '/')), StandardCharsets.UTF_8)
                    : URLDecoder.decode(data.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException _) {
            return null; // the caller tells it
        }
    }

    /// YAML becomes JSON; what begins as JSON is left as it is, so that findings name its lines.
    private static @Nullable String json(String source, String text, Findings findings) {
        if (text.stripLeading().startsWith("{")) {
            return text;
        }
        try {
            var tree = YAMLMapper.shared().readTree(text);
            if (tree.isObject()) {
                return JsonMapper.shared().writeValueAsString(tree);
            }
            findings.add(source, 0, "", "is no document (expected: JSON or YAML with services)");
            return null;
        } catch (JacksonException e) {
            var at = e.getLocation();
            findings.add(source, at == null ? 0 : Math.max(0, at.getLineNr()), "", "is neither JSON nor YAML: "
                    + (e.getOriginalMessage() == null ? "cannot be read" : e.getOriginalMessage().lines().findFirst().orElse("cannot be read")));
            return null;
        }
    }
}
