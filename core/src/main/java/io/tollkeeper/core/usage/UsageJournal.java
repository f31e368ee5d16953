package io.tollkeeper.core.usage;

/// The log of everything counted: one queue, first in first out, behind it one writer that commits in groups.
///
/// [#append] is called from event loops inside an application's lock and never blocks. What it accepted is either
/// committed in this order, or (commit failed) taken back through [JournalFailure] and answered `committed(false)`.
public interface UsageJournal {

    /// The queue is full: `OVERLOAD`.
    long FULL = -1;

    /// Rows cannot be written at the moment: `STORE-UNWRITABLE`. A [JournalRow.Kind#MERGEABLE] row may still be taken.
    long UNWRITABLE = -2;

    /// Queues a row: its sequence (also set in the row), or [#FULL] or [#UNWRITABLE]. Sequences ascend in the order of
    /// the queue; marks take one too. A mark is refused only with [#FULL].
    long append(JournalRow row);
}
