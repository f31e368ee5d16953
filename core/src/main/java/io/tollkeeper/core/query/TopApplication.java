package io.tollkeeper.core.query;

/// One of the largest consumers. `present` is false if the application was deleted since.
public record TopApplication(long number, String id, boolean present, long value) {}
