package io.tollkeeper.core.catalog;

/// An application id that has counters, or may have: `present` is false if the application was deleted or never saved.
public record KnownApplication(long number, String id, boolean present) {}
