package io.tollkeeper.testkit.store;

import java.util.List;

import io.tollkeeper.core.event.EventStore;
import io.tollkeeper.core.event.Notice;

class MemoryEventStoreTest extends EventStoreContract {

    private final MemoryEventStore store = new MemoryEventStore();

    @Override
    protected EventStore store() {
        return store;
    }

    @Override
    protected void commit(List<Notice> notices) {
        store.committed(notices);
    }
}
