package io.tollkeeper.core.catalog;

/// The catalogue's store failed; the message says what was tried, the cause says why it failed.
public final class CatalogStoreException extends RuntimeException {

    public CatalogStoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
