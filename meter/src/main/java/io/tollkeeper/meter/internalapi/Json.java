package io.tollkeeper.meter.internalapi;

import java.nio.charset.StandardCharsets;

import io.tollkeeper.meter.internalapi.InternalAnswer.Refusal;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Reads bodies of the Internal API, lenient as the original about kinds of scalars, strict about everything else:
/// what does not fit is a [Refusal] with status 400. Pure functions.
final class Json {

    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private Json() {}

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    /// The body as an object; an empty body is an empty one.
    static ObjectNode body(byte[] body) {
        if (body.length == 0) {
            return object();
        }
        try {
            if (MAPPER.readTree(body) instanceof ObjectNode object) {
                return object;
            }
        } catch (JacksonException e) {
            throw new Refusal(InternalAnswer.badRequest("the body is not JSON: " + e.getOriginalMessage()));
        }
        throw new Refusal(InternalAnswer.badRequest("the body is not a JSON object"));
    }

    /// The object under a name that must be there.
    static ObjectNode wrapper(byte[] body, String name) {
        JsonNode node = given(body(body), name);
        if (node == null) {
            throw new Refusal(InternalAnswer.missing(name));
        }
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new Refusal(InternalAnswer.badRequest("'" + name + "' is not an object"));
    }

    /// A text of an answer of our own; the whole answer if it has none of that name.
    static String textOf(byte[] answer, String name) {
        String text = text(body(answer), name);
        return text == null ? new String(answer, StandardCharsets.UTF_8) : text;
    }

    /// A value that is there and not null.
    static @Nullable JsonNode given(ObjectNode object, String name) {
        JsonNode node = object.get(name);
        return node == null || node.isNull() ? null : node;
    }

    /// A scalar as text: strings, numbers and booleans are all taken.
    static @Nullable String text(ObjectNode object, String name) {
        JsonNode node = given(object, name);
        if (node == null) {
            return null;
        }
        if (node.isContainer()) {
            throw new Refusal(InternalAnswer.badRequest("'" + name + "' is not a text or a number"));
        }
        String text = node.asString();
        if (text.indexOf('\0') >= 0) {
            throw new Refusal(InternalAnswer.badRequest("'" + name + "' contains a NUL character"));
        }
        return text;
    }

    /// A flag: `true`, `1` and their texts are on.
    static @Nullable Boolean flag(ObjectNode object, String name) {
        String text = text(object, name);
        return text == null ? null : text.equals("true") || text.equals("1");
    }
}
