package io.tollkeeper.core.usage;

/// Slots of one period whose key is in a range and whose start lies in `[since, until)`.
public record SlotRange(KeyRange keys, Period period, long since, long until) {

    /// One slot.
    public static SlotRange of(Slot slot) {
        return new SlotRange(KeyRange.one(slot.key()), slot.period(), slot.start(), slot.start() + 1);
    }

    public boolean contains(int key, int slotOfPeriod, long start) {
        return slotOfPeriod == period.slot() && start >= since && start < until && keys.contains(key);
    }
}
