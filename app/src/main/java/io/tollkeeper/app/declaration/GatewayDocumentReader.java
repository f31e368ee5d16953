package io.tollkeeper.app.declaration;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tollkeeper.app.document.Findings;
import io.tollkeeper.app.document.JsonObject;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.ProxyConfig;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/// Reads 3scale's gateway documents (gateway specification, sections 2.2 and 2.4 to 2.6): a file, a data URL, what a
/// portal answers, what the management API is sent. Several texts, such as the pages of a portal's list, make one
/// configuration. Pure computation; belongs to one thread.
///
/// | text | services |
/// |---|---|
/// | `{"services": […], "oidc": […]}` | each element |
/// | `{"proxy_configs": [{"proxy_config": {"content": …}}]}` | each `content` |
/// | `{"proxy_config": {"content": …}}` | the `content` |
///
/// A long document is read service by service, so that it is never in memory as a tree. A text that is no JSON is a
/// mistake of the whole. What is wrong with a service concerns that service only and becomes its product's
/// [ProxyConfig#problems]; doubts go to the findings.
public final class GatewayDocumentReader {
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final ServiceFilter filter;
    private final Findings findings;
    private final Map<String, DeclaredProduct> products = new LinkedHashMap<>();
    private final Map<String, String> places = new HashMap<>();
    private final Map<String, ProxyConfig> earlier = new HashMap<>();
    private final List<String> leftOut = new ArrayList<>();
    private final ServiceReader.Shared shared = new ServiceReader.Shared();

    /// @param findings hears of mistakes of whole texts and of doubts
    public GatewayDocumentReader(ServiceFilter filter, Findings findings) {
        this.filter = filter;
        this.findings = findings;
    }

    /// Products of an earlier reading: those that are equal are used again, so that a reload costs no second copy.
    public GatewayDocumentReader knowing(Declared before) {
        before.products().forEach(product -> earlier.put(product.id(), product.proxy()));
        return this;
    }

    /// Whether the text is one of these documents: an object with `services` or one of a portal's names at its top, or an
    /// empty object.
    static boolean recognises(byte[] text) {
        try (JsonParser parser = parser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return false;
            }
            boolean empty = true;
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                empty = false;
                switch (parser.currentName()) {
                    case "services", "proxy_configs", "proxy_config" -> {
                        return true;
                    }
                    default -> {
                        parser.nextToken();
                        parser.skipChildren();
                    }
                }
            }
            return empty;
        } catch (JacksonException _) {
            return false; // whoever reads it as what it is otherwise tells what is wrong with it
        }
    }

    /// Reads one text.
    ///
    /// @param source what findings name: a file, the name of a variable, a URL without its password
    /// @param text   in UTF-8; kept for [DeclaredProduct#original]
    public GatewayDocumentReader read(String source, byte[] text) {
        var oidc = new ArrayList<JsonObject>();
        var services = new ArrayList<Read>();
        try (JsonParser parser = parser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                findings.add(source, 1, "", "is not an object (expected: {\"services\": […]})");
                return this;
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                var name = parser.currentName();
                parser.nextToken();
                switch (name) {
                    case "services" -> list(parser, source, name, path -> services.add(service(parser, source, path, text)));
                    case "proxy_configs" -> list(parser, source, name, path -> wrapped(parser, source, path, text, services));
                    case "proxy_config" -> content(parser, source, name, text, services);
                    case "oidc" -> list(parser, source, name, path -> oidc.add(JsonObject.read(parser, source, path, findings)));
                    default -> parser.skipChildren();
                }
            }
            if (parser.nextToken() != null) {
                findings.add(source, parser.currentTokenLocation().getLineNr(), "", "text after the end of the document");
            }
        } catch (JacksonException e) {
            var at = e.getLocation();
            findings.add(source, at == null ? 0 : Math.max(0, at.getLineNr()), at == null ? 0 : Math.max(0, at.getColumnNr()), "",
                    "not valid JSON: " + firstLine(e.getOriginalMessage()));
            return this;
        }
        var named = new HashMap<String, JsonObject>();
        oidc.forEach(element -> {
            var id = element.text("service_id");
            if (id != null) {
                named.putIfAbsent(id, element);
            }
        });
        for (int i = 0; i < services.size(); i++) {
            var provider = named.get(services.get(i).service.id());
            boolean byPosition = provider == null && i < oidc.size() && !oidc.get(i).has("service_id");
            add(source, services.get(i), byPosition ? oidc.get(i) : provider);
        }
        return this;
    }

    /// What all texts together declare.
    public Declared declared() {
        return new Declared(List.copyOf(products.values()), false);
    }

    /// Ids of services that the filter kept out.
    public List<String> leftOut() {
        return List.copyOf(leftOut);
    }

    private static JsonParser parser(byte[] text) {
        return JSON.createParser(ObjectReadContext.empty(), text);
    }

    private static String firstLine(@Nullable String message) {
        return message == null ? "cannot be read" : message.lines().findFirst().orElse("cannot be read");
    }

    // ---- the way to a service

    @FunctionalInterface
    private interface Element {
        void at(String path);
    }

    /// Goes through the objects of a list; a null in it is left out, anything else is a mistake.
    private void list(JsonParser parser, String source, String name, Element element) {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            wrong(parser, source, name, "a list");
            return;
        }
        for (int number = 1; parser.nextToken() != JsonToken.END_ARRAY; number++) {
            var path = name + "[" + number + "]";
            if (parser.currentToken() == JsonToken.START_OBJECT) {
                element.at(path);
            } else {
                wrong(parser, source, path, "an object");
            }
        }
    }

    private void wrapped(JsonParser parser, String source, String path, byte[] text, List<Read> into) {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            var name = parser.currentName();
            parser.nextToken();
            if (name.equals("proxy_config")) {
                content(parser, source, path + "." + name, text, into);
            } else {
                parser.skipChildren();
            }
        }
    }

    private void content(JsonParser parser, String source, String path, byte[] text, List<Read> into) {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            wrong(parser, source, path, "an object");
            return;
        }
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            var name = parser.currentName();
            parser.nextToken();
            if (name.equals("content") && parser.currentToken() == JsonToken.START_OBJECT) {
                into.add(service(parser, source, path + "." + name, text));
            } else {
                parser.skipChildren();
            }
        }
    }

    /// Null is absent; anything else in the wrong place is a mistake of the whole document.
    private void wrong(JsonParser parser, String source, String path, String expected) {
        if (parser.currentToken() != JsonToken.VALUE_NULL) {
            var at = parser.currentTokenLocation();
            findings.add(source, at.getLineNr(), at.getColumnNr(), path, "is not " + expected + " (expected: " + expected + ")");
            parser.skipChildren();
        }
    }

    // ---- a service

    /// A service that was read, and what is wrong with it.
    private record Read(ServiceReader.Service service, Findings findings, int line, ServiceText original) {}

    private Read service(JsonParser parser, String source, String path, byte[] text) {
        var own = new Findings();
        int start = (int) parser.currentTokenLocation().getByteOffset();
        var object = JsonObject.read(parser, source, path, own);
        int end = (int) parser.currentLocation().getByteOffset();
        return new Read(ServiceReader.read(object, shared), own, object.place().line(), new ServiceText(text, start, end));
    }

    /// @param provider the element of `oidc` that names this service, else the one of its position, if that names none
    private void add(String source, Read read, @Nullable JsonObject provider) {
        var id = read.service.id();
        if (!filter.keeps(id, read.service.hosts())) {
            leftOut.add(id);
            return;
        }
        var first = places.putIfAbsent(id, source + ", line " + read.line);
        if (first != null) {
            findings.warn(source, read.line, "", id + " is the id of the service of " + first + ": this one is left out");
            return;
        }
        read.service.provider(provider, read.findings);
        var sorted = read.findings.sorted();
        findings.addAll(sorted.stream().filter(finding -> !finding.isError()).toList());
        var proxy = read.service.config(sorted.stream().filter(Finding::isError).toList());
        var known = earlier.get(id);
        products.put(id, DeclaredProduct.ofDocument(
                known != null && known.equals(proxy) ? known : proxy, read.service.backendVersion(), read.original));
    }

    /// The text of a document for its reader.
    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
