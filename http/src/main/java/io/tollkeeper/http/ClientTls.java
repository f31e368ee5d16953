package io.tollkeeper.http;

import java.nio.file.Path;

import org.jspecify.annotations.Nullable;

/// How we speak TLS to an upstream. Immutable.
///
/// @param verify           whether certificate chain and name are checked; off only on explicit wish
/// @param trustedRoots     PEM file of trusted certificates, null for the JDK's
/// @param certificate      PEM file of our own certificate chain, null for none
/// @param key              PEM file of its private key (PKCS#8), null for none
public record ClientTls(
        boolean verify, @Nullable Path trustedRoots, @Nullable Path certificate, @Nullable Path key) {

    /// Verified against the JDK's trusted roots, no certificate of our own.
    public static final ClientTls VERIFIED = new ClientTls(true, null, null, null);
}
