package io.tollkeeper.core.usage;

/// The store failed; the message says what was tried, the cause says why it failed.
public final class UsageStoreException extends RuntimeException {

    public UsageStoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
