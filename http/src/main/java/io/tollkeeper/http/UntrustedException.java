package io.tollkeeper.http;

import java.security.cert.CertificateException;

import io.tollkeeper.core.reason.Reason;

/// Carries a verdict on an upstream's certificate through the TLS engine, which knows exceptions only.
final class UntrustedException extends CertificateException {

    private static final long serialVersionUID = 1;

    private final Reason reason;

    UntrustedException(Reason reason, String evidence, Throwable cause) {
        super(evidence, cause);
        this.reason = reason;
    }

    Reason reason() {
        return reason;
    }
}
