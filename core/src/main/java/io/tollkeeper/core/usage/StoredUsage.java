package io.tollkeeper.core.usage;

/// What the store holds of one application (or product): the snapshot's sequence and slots.
public record StoredUsage(long number, long seq, SlotBytes slots) {}
