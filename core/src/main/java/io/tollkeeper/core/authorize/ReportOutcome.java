package io.tollkeeper.core.authorize;

import java.util.List;

import io.tollkeeper.core.reason.Reason;

/// What became of a report. All but [NotLoaded] and [Unavailable] are answered 202.
public sealed interface ReportOutcome {

    /// Everything was counted; the acknowledgement waits for the journal.
    record Counted() implements ReportOutcome {}

    /// Valid, but there was nothing to count: answer at once.
    record NothingToCount() implements ReportOutcome {}

    /// Nothing was counted because transactions are wrong. The first fault is the one that the original would store
    /// as integration error; the others follow.
    record Voided(List<Fault> faults) implements ReportOutcome {

        public Voided {
            faults = List.copyOf(faults);
        }
    }

    /// Applications are not in memory: load them and report again.
    record NotLoaded(List<LoadKey> keys) implements ReportOutcome {

        public NotLoaded {
            keys = List.copyOf(keys);
        }
    }

    /// Nothing can be counted now; nothing was.
    record Unavailable(Reason reason) implements ReportOutcome {}

    /// What is wrong with the transaction at `index` (order of arrival, from 0).
    record Fault(int index, Reason reason, String message) {}
}
