package io.tollkeeper.store.journal;

import java.util.Arrays;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Consumer;

import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.core.usage.JournalBody;
import io.tollkeeper.core.usage.JournalFailure;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.UsageJournal;
import org.jspecify.annotations.Nullable;

/// The smallest memory that a journal can be the log of: one number per application, counted and appended under one
/// lock per application.
final class CountedApplications implements JournalFailure {

    static final long NOW = 1_800_000_000L;

    private final AtomicLongArray values;
    private final Object[] locks;

    CountedApplications(int applications) {
        values = new AtomicLongArray(applications);
        locks = new Object[applications];
        Arrays.setAll(locks, _ -> new Object());
    }

    /// Counts one; what [UsageJournal#append] returned.
    long call(UsageJournal journal, int application, @Nullable String batch, CommitWaiter waiter) {
        return count(journal, application, JournalRow.call(body(application, 1, batch), waiter));
    }

    long inProcess(UsageJournal journal, int application) {
        return count(journal, application, JournalRow.mergeable(body(application, 1, null)));
    }

    private long count(UsageJournal journal, int application, JournalRow row) {
        synchronized (locks[application]) {
            long seq = journal.append(row);
            if (seq >= 0) {
                values.incrementAndGet(application);
            }
            return seq;
        }
    }

    long value(int application) {
        return values.get(application);
    }

    @Override
    public void undo(JournalRow row) {
        add(values, row.body(), -1);
    }

    @Override
    public void quiesce() {
        for (Object lock : locks) {
            synchronized (lock) {
                values.get(0);
            }
        }
    }

    static byte[] body(long application, long amount, @Nullable String batch) {
        JournalBody.Writer writer = new JournalBody.Writer();
        writer.begin(1, NOW, batch);
        writer.group(application, NOW);
        writer.amount(0, amount);
        return writer.end();
    }

    static void add(AtomicLongArray values, byte[] body, int sign) {
        JournalBody.Reader reader = new JournalBody.Reader();
        reader.reset(body);
        while (reader.next()) {
            values.addAndGet((int) reader.application(), sign * reader.amount());
        }
    }

    /// A waiter that is told on the writer's thread.
    static CommitWaiter waiter(Consumer<Boolean> outcome) {
        return new CommitWaiter() {
            @Override
            public Executor executor() {
                return Runnable::run;
            }

            @Override
            public void committed(boolean durable) {
                outcome.accept(durable);
            }
        };
    }
}
