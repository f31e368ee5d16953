package io.tollkeeper.http;

import java.nio.file.Path;
import java.util.List;

/// The certificates of a TLS listener, and what it asks of clients. Immutable.
///
/// @param certificates       chosen by SNI; the first is used if no name fits or the client sends none
/// @param clientCertificates whether clients are asked for theirs
/// @param verifyDepth        how many issuers of a client's certificate are kept behind it
public record ServerTls(List<Certificate> certificates, ClientCertificates clientCertificates, int verifyDepth) {

    /// Whether clients are asked for a certificate.
    public enum ClientCertificates {
        /// They are not.
        IGNORED,
        /// They are; any is accepted, none too. Whoever wants to know more looks at [Request.Tls#clientChain].
        REQUESTED
    }

    public ServerTls {
        certificates = List.copyOf(certificates);
        if (certificates.isEmpty()) {
            throw new IllegalArgumentException("a TLS listener needs at least one certificate");
        }
        if (verifyDepth < 0) {
            throw new IllegalArgumentException("depth of client certificates: " + verifyDepth + " (expected: 0 or more)");
        }
    }

    /// Clients are not asked for certificates.
    public ServerTls(List<Certificate> certificates) {
        this(certificates, ClientCertificates.IGNORED, 1);
    }

    /// @param names names it is for, `*.example.com` for one label of any kind; empty: for any name
    /// @param chain the certificate, then its intermediates
    /// @param key   its private key
    public record Certificate(List<String> names, Pem chain, Pem key) {
        public Certificate {
            names = List.copyOf(names);
        }

        /// Of PEM files.
        public Certificate(List<String> names, Path chain, Path key) {
            this(names, new Pem.File(chain), new Pem.File(key));
        }
    }
}
