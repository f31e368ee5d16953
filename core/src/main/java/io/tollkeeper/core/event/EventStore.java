package io.tollkeeper.core.event;

import java.util.List;

/// Events that were not fetched and deleted yet. They come in with the journal rows that caused them. Every method
/// blocks; called from threads of the Internal API and of the hook. Failures are
/// [EventStoreException]s.
public interface EventStore {

    /// The oldest events, oldest first, at most `limit`.
    List<StoredEvent> oldest(int limit);

    /// Whether there is any event.
    boolean isEmpty();

    /// Deletes all events up to an id and returns how many there were.
    long deleteUpTo(long id);

    /// Deletes one event; false if there is none of this id.
    boolean delete(long id);
}
