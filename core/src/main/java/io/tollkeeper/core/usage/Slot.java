package io.tollkeeper.core.usage;

/// Names one slot of a counter.
public record Slot(int key, Period period, long start) {}
