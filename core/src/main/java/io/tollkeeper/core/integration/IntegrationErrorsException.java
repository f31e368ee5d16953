package io.tollkeeper.core.integration;

/// Integration errors cannot be read or deleted at the moment; the message says why.
public final class IntegrationErrorsException extends RuntimeException {

    public IntegrationErrorsException(String message, Throwable cause) {
        super(message, cause);
    }

    public IntegrationErrorsException(String message) {
        super(message);
    }
}
