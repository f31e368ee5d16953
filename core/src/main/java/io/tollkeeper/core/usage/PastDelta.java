package io.tollkeeper.core.usage;

/// An amount to add to a closed slot in the store.
public record PastDelta(int key, Period period, long start, long amount) {}
