package io.tollkeeper.testkit.store;

import java.util.List;
import java.util.TreeMap;

import io.tollkeeper.core.event.Event;
import io.tollkeeper.core.event.EventStore;
import io.tollkeeper.core.event.Notice;
import io.tollkeeper.core.event.StoredEvent;

/// Events that are forgotten when the test ends; passes the contract of real stores. Thread-safe.
public final class MemoryEventStore implements EventStore {

    private final TreeMap<Long, StoredEvent> events = new TreeMap<>();
    private long lastId;
    private long lastAlert;

    /// Takes what a committed journal row caused.
    public synchronized void committed(List<Notice> notices) {
        for (var notice : notices) {
            var alertId = notice.event() instanceof Event.Alert ? ++lastAlert : 0;
            events.put(++lastId, new StoredEvent(lastId, alertId, notice.event()));
        }
    }

    @Override
    public synchronized List<StoredEvent> oldest(int limit) {
        return events.values().stream().limit(limit).toList();
    }

    @Override
    public synchronized boolean isEmpty() {
        return events.isEmpty();
    }

    @Override
    public synchronized long deleteUpTo(long id) {
        var gone = events.headMap(id, true);
        var count = gone.size();
        gone.clear();
        return count;
    }

    @Override
    public synchronized boolean delete(long id) {
        return events.remove(id) != null;
    }
}
