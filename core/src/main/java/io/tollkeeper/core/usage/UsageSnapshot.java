package io.tollkeeper.core.usage;

import java.util.List;

/// Copy of the counters of one application (or product: then `number` is the product's), to be written in one
/// transaction: `slots` replaces the stored row, `past` is added. `seq` is the highest journal sequence it includes.
/// The copy itself took a sequence number of its own in the journal's queue (a mark), so that no merged row lies across
/// it.
public record UsageSnapshot(long number, long seq, SlotBytes slots, List<PastDelta> past) {}
