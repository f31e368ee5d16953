package io.tollkeeper.store.sqlite;

/// A file of the store cannot be used. The message is for people: what was found, what was expected, what to do.
public final class StoreFileException extends RuntimeException {

    public StoreFileException(String message, Throwable cause) {
        super(message, cause);
    }

    public StoreFileException(String message) {
        super(message);
    }
}
