package io.tollkeeper.compat.model;

import java.util.Map;
import java.util.TreeMap;

/// The answer that the specification wants.
///
/// @param headers those named `3scale-…`
record Expected(int status, Map<String, String> headers, String body) {

    Expected {
        headers = new TreeMap<>(headers);
    }
}
