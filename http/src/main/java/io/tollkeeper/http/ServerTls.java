package io.tollkeeper.http;

import java.nio.file.Path;
import java.util.List;

/// The certificates of a TLS listener. Immutable.
///
/// @param certificates chosen by SNI; the first is used if no name fits or the client sends none
public record ServerTls(List<Certificate> certificates) {

    public ServerTls {
        certificates = List.copyOf(certificates);
        if (certificates.isEmpty()) {
            throw new IllegalArgumentException("a TLS listener needs at least one certificate");
        }
    }

    /// @param names names it is for, `*.example.com` for one label of any kind; empty: for any name
    /// @param chain PEM file: the certificate, then its intermediates
    /// @param key   PEM file: its private key (PKCS#8)
    public record Certificate(List<String> names, Path chain, Path key) {
        public Certificate {
            names = List.copyOf(names);
        }
    }
}
