package io.tollkeeper.http;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedTrustManager;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// Checks an upstream's certificate as the JDK does and, when that refuses it, finds out which of the usual reasons it
/// is: its time, its name, or who signed it. Computes only; any thread.
final class CertificateCheck extends X509ExtendedTrustManager {

    private final X509ExtendedTrustManager jdk;

    CertificateCheck(X509ExtendedTrustManager jdk) {
        this.jdk = jdk;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) throws CertificateException {
        try {
            jdk.checkServerTrusted(chain, authType, engine);
        } catch (CertificateException e) {
            throw explained(chain, authType, engine, e);
        }
    }

    private UntrustedException explained(
            X509Certificate[] chain, String authType, SSLEngine engine, CertificateException refusal) {
        for (X509Certificate certificate : chain) {
            try {
                certificate.checkValidity();
            } catch (CertificateExpiredException | CertificateNotYetValidException e) {
                return new UntrustedException(
                        Reason.UPSTREAM_TLS_EXPIRED,
                        "the certificate of " + name(certificate) + " is valid from " + certificate.getNotBefore().toInstant()
                                + " to " + certificate.getNotAfter().toInstant() + "; the gateway's clock says " + Instant.now()
                                + "; " + summary(chain),
                        refusal);
            }
        }
        try {
            // Without the engine the same check leaves the name out.
            jdk.checkServerTrusted(chain, authType);
        } catch (CertificateException e) {
            return new UntrustedException(
                    Reason.UPSTREAM_TLS_CHAIN,
                    "the certificate was issued by " + chain[chain.length - 1].getIssuerX500Principal().getName()
                            + ", which is not trusted (" + rootMessage(e) + "); " + summary(chain),
                    refusal);
        }
        return new UntrustedException(
                Reason.UPSTREAM_TLS_NAME,
                "the certificate is for " + names(chain[0]) + ", expected was " + expected(engine) + "; " + summary(chain),
                refusal);
    }

    private static String expected(SSLEngine engine) {
        SSLSession session = engine.getHandshakeSession();
        String host = session == null ? engine.getPeerHost() : session.getPeerHost();
        SSLParameters parameters = engine.getSSLParameters();
        boolean named = parameters.getServerNames() != null && !parameters.getServerNames().isEmpty();
        return host + (named ? " (sent as SNI)" : " (no SNI sent)");
    }

    private static String names(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        try {
            var alternatives = certificate.getSubjectAlternativeNames();
            if (alternatives != null) {
                for (List<?> alternative : alternatives) {
                    names.add(String.valueOf(alternative.get(1)));
                }
            }
        } catch (CertificateParsingException e) {
            names.add("names that cannot be read (" + e.getMessage() + ")");
        }
        return names.isEmpty() ? name(certificate) + " (no alternative names)" : String.join(", ", names);
    }

    private static String summary(X509Certificate[] chain) {
        StringBuilder text = new StringBuilder("chain sent: ");
        for (int i = 0; i < chain.length && i < 5; i++) {
            text.append(i == 0 ? "" : " <- ").append(name(chain[i]));
        }
        return text.append(" <- issuer ").append(chain[chain.length - 1].getIssuerX500Principal().getName()).toString();
    }

    private static String name(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().getName();
    }

    private static String rootMessage(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }

    /// The verdict in the causes of a failed handshake, null if it failed otherwise.
    static @Nullable UntrustedException in(Throwable failure) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof UntrustedException verdict) {
                return verdict;
            }
            for (Throwable suppressed : t.getSuppressed()) {
                UntrustedException verdict = in(suppressed);
                if (verdict != null) {
                    return verdict;
                }
            }
        }
        return null;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        jdk.checkServerTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) throws CertificateException {
        jdk.checkServerTrusted(chain, authType, socket);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        jdk.checkClientTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) throws CertificateException {
        jdk.checkClientTrusted(chain, authType, socket);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) throws CertificateException {
        jdk.checkClientTrusted(chain, authType, engine);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return jdk.getAcceptedIssuers();
    }
}
