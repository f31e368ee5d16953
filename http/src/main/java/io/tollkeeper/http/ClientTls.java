package io.tollkeeper.http;

import java.nio.file.Path;

import org.jspecify.annotations.Nullable;

/// How we speak TLS to an upstream. Immutable; equal values share connections.
///
/// @param verify       whether certificate chain and name are checked; off only on explicit wish
/// @param trustedRoots trusted certificates, null for the JDK's
/// @param certificate  our own certificate, then its intermediates; null for none
/// @param key          its private key, null for none
/// @param keyPasswords file of pass phrases for that key, one per line, tried in turn; null if it is not encrypted
public record ClientTls(
        boolean verify,
        @Nullable Pem trustedRoots,
        @Nullable Pem certificate,
        @Nullable Pem key,
        @Nullable Path keyPasswords) {

    /// Verified against the JDK's trusted roots, no certificate of our own.
    public static final ClientTls VERIFIED = new ClientTls(true, null, null, null);

    /// Of files, with a key that is not encrypted.
    public ClientTls(boolean verify, @Nullable Path trustedRoots, @Nullable Path certificate, @Nullable Path key) {
        this(verify, Pem.file(trustedRoots), Pem.file(certificate), Pem.file(key), null);
    }

    /// The same with another certificate of our own.
    public ClientTls presenting(@Nullable Pem newCertificate, @Nullable Pem newKey) {
        return new ClientTls(verify, trustedRoots, newCertificate, newKey, null);
    }

    /// The same, but the upstream's certificate must have been issued by one of these.
    public ClientTls trustingOnly(Pem roots) {
        return new ClientTls(true, roots, certificate, key, keyPasswords);
    }
}
