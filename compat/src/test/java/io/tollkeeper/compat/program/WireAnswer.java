package io.tollkeeper.compat.program;

import java.time.Instant;
import java.util.Map;

/// What came back over the wire. Immutable.
///
/// @param headers names in lower case; several of one name are joined by a comma
/// @param at      the meter's time when the request was sent
public record WireAnswer(int status, Map<String, String> headers, String body, Instant at) {

    public WireAnswer {
        headers = Map.copyOf(headers);
    }
}
