package io.tollkeeper.core.usage;

/// What the journal's writer calls when a commit failed; `authorize.Applications` is it.
///
/// Order: refuse new calls (UNWRITABLE), [#undo] every CALL row of the failed group and of the queue, [#quiesce], drain
/// and undo once more, answer all their waiters `false`.
public interface JournalFailure {

    /// Takes back what a row counted, by addition of the negative. Called from the writer's thread.
    void undo(JournalRow row);

    /// Passes once through the lock of every resident application: afterwards nobody is between the check of the
    /// journal's state and the end of an append that saw it writable.
    void quiesce();
}
