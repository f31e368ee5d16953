package io.tollkeeper.core.event;

/// The store of events failed; the message says what was tried, the cause says why it failed.
public final class EventStoreException extends RuntimeException {

    public EventStoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
