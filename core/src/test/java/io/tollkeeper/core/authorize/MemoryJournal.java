package io.tollkeeper.core.authorize;

import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.UsageJournal;

/// A journal in memory whose state tests choose. Thread-safe.
final class MemoryJournal implements UsageJournal {

    private final List<JournalRow> rows = new ArrayList<>();
    private long next = 1;
    private long refuse;

    @Override
    public synchronized long append(JournalRow row) {
        if (refuse < 0) {
            return refuse;
        }
        row.seq(next++);
        rows.add(row);
        return row.seq();
    }

    /// From now on rows are refused with this answer; 0 = accepted.
    synchronized void refuseWith(long answer) {
        refuse = answer;
    }

    synchronized List<JournalRow> rows() {
        return List.copyOf(rows);
    }

    /// The rows that go to disk.
    synchronized List<JournalRow> written() {
        return rows.stream().filter(row -> row.kind() != JournalRow.Kind.MARK).toList();
    }

    synchronized long next() {
        return next;
    }
}
