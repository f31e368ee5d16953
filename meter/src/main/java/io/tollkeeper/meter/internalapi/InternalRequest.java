package io.tollkeeper.meter.internalapi;

import org.jspecify.annotations.Nullable;

/// One request below `/internal`, taken off its event loop. The body is handed over, not copied.
///
/// @param path as the client wrote it, not decoded
/// @param contentType the header as it was sent, or none
@SuppressWarnings("ArrayRecordComponent") // carried from one place to the next, never compared
public record InternalRequest(
        String method, String path, @Nullable String query, @Nullable String contentType, byte[] body) {}
