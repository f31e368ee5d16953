package io.tollkeeper.core.usage;

import java.util.Map;

/// Closed slots read from the store in one read transaction together with the snapshot sequence they belong to (0 if
/// the application has no snapshot). A slot that is not there has the value 0.
public record StoredPast(long number, long seq, Map<Slot, Long> values) {

    public StoredPast {
        values = Map.copyOf(values);
    }
}
