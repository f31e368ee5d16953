package io.tollkeeper.core.event;

/// An event with the ids that the store gave it: ascending in the order in which events were counted, never given twice.
/// `alertId` counts alerts only, 0 for any other event.
public record StoredEvent(long id, long alertId, Event event) {}
