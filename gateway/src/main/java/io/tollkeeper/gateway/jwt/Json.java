package io.tollkeeper.gateway.jwt;

import java.util.Map;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/// Reads objects that strangers wrote: nesting, numbers, names and the count of values are bounded, a name given twice is
/// an error (two readers could take different ones). Pure functions.
final class Json {

    private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(32)
                            .maxNumberLength(64)
                            .maxNameLength(1024)
                            .maxTokenCount(20_000)
                            .build())
                    .build())
            .build();

    private Json() {}

    /// The object, or none if these bytes are not one.
    static @Nullable Map<String, Object> object(byte[] bytes) {
        try {
            return MAPPER.readValue(bytes, OBJECT);
        } catch (JacksonException _) {
            return null; // the caller says what was expected
        }
    }

    /// A text that is there, else null.
    static @Nullable String text(Map<?, ?> object, String name) {
        return object.get(name) instanceof String text ? text : null;
    }
}
