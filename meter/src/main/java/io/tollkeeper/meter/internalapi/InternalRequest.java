package io.tollkeeper.meter.internalapi;

import org.jspecify.annotations.Nullable;

/// One request below `/internal`, taken off its event loop. The body is handed over, not copied.
///
/// @param path as the client wrote it, not decoded
@SuppressWarnings("ArrayRecordComponent") // carried from one place to the next, never compared
public record InternalRequest(String method, String path, @Nullable String query, byte[] body) {}
