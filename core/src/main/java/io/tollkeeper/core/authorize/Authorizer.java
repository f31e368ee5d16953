package io.tollkeeper.core.authorize;

import io.tollkeeper.core.usage.UsageJournal;

/// Decides and counts in one atomic step: rollover, check of all limits, all increments and the append to the journal
/// happen inside the application's lock. Called from event loops; never blocks, apart from that lock.
public final class Authorizer {

    public Authorizer(Applications applications, UsageJournal journal) {
        throw new IllegalStateException("being built: " + applications + journal);
    }

    /// Answers a call; an authorized authrep is counted. Exact under any number of threads.
    public Decision decide(Call call) {
        throw new IllegalStateException("being built: " + call);
    }

    /// Counts a report, all or nothing, as one journal row. Limits, keys, referrers and states are not looked at.
    public ReportOutcome report(Report report) {
        throw new IllegalStateException("being built: " + report);
    }
}
