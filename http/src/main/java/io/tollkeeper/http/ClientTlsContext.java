package io.tollkeeper.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import org.jspecify.annotations.Nullable;

/// The TLS side of connections to upstreams, made once per [ClientTls]: TLS 1.2 and 1.3, chain and name verified unless
/// switched off. Immutable.
final class ClientTlsContext {

    private static final ApplicationProtocolConfig HTTP_2 = new ApplicationProtocolConfig(
            ApplicationProtocolConfig.Protocol.ALPN,
            ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
            ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
            ApplicationProtocolNames.HTTP_2);

    private final SslContext context;
    private final boolean verify;

    private ClientTlsContext(SslContext context, boolean verify) {
        this.context = context;
        this.verify = verify;
    }

    /// Reads files: blocks.
    ///
    /// @throws IllegalArgumentException if a file cannot be used; the message names it
    static ClientTlsContext of(ClientTls settings, Upstream.Protocol protocol, SslProvider provider) {
        SslContextBuilder builder = SslContextBuilder.forClient().sslProvider(provider).protocols("TLSv1.3", "TLSv1.2");
        if (settings.verify()) {
            builder.trustManager(new CertificateCheck(trust(settings.trustedRoots()))).endpointIdentificationAlgorithm("HTTPS");
        } else {
            builder.trustManager(InsecureTrustManagerFactory.INSTANCE).endpointIdentificationAlgorithm(null);
        }
        if (protocol == Upstream.Protocol.HTTP_2) {
            builder.applicationProtocolConfig(HTTP_2);
        }
        Path certificate = settings.certificate();
        Path key = settings.key();
        try {
            if (certificate != null && key != null) {
                builder.keyManager(certificate.toFile(), key.toFile());
            }
            return new ClientTlsContext(builder.build(), settings.verify());
        } catch (SSLException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "certificate " + certificate + " with key " + key + " cannot be used for upstreams: " + e.getMessage(), e);
        }
    }

    private static X509ExtendedTrustManager trust(@Nullable Path roots) {
        try {
            KeyStore store = null;
            if (roots != null) {
                store = KeyStore.getInstance(KeyStore.getDefaultType());
                store.load(null, null);
                int count = 0;
                try (InputStream in = Files.newInputStream(roots)) {
                    for (Certificate root : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                        store.setCertificateEntry("root-" + count++, root);
                    }
                }
                if (count == 0) {
                    throw new IllegalArgumentException("trusted certificates " + roots + ": no certificate in this file (expected: PEM)");
                }
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509ExtendedTrustManager extended) {
                    return extended;
                }
            }
            throw new IllegalStateException("the JDK has no trust manager for X.509");
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    "trusted certificates " + (roots == null ? "of the JDK" : roots) + " cannot be read: " + e.getMessage(), e);
        }
    }

    /// A handler for one connection.
    SslHandler newHandler(ByteBufAllocator allocator, Upstream upstream, Duration handshake) {
        String serverName = upstream.serverName();
        SslHandler handler =
                context.newHandler(allocator, serverName == null ? upstream.host() : serverName, upstream.port());
        SSLParameters parameters = handler.engine().getSSLParameters();
        parameters.setServerNames(serverName == null ? List.of() : List.of(new SNIHostName(serverName)));
        if (verify) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        handler.engine().setSSLParameters(parameters);
        handler.setHandshakeTimeoutMillis(handshake.toMillis());
        return handler;
    }
}
