package io.tollkeeper.http;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
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

/// The TLS side of connections to upstreams, made once per [ClientTls], and again when its files change: TLS 1.2 and 1.3,
/// chain and name verified unless switched off. Any thread.
final class ClientTlsContext {

    private static final ApplicationProtocolConfig HTTP_2 = new ApplicationProtocolConfig(
            ApplicationProtocolConfig.Protocol.ALPN,
            ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
            ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
            ApplicationProtocolNames.HTTP_2);

    private final ClientTls settings;
    private final SslContext context;
    private final FileStamp stamp;
    private volatile long lastUsed = System.nanoTime();

    private ClientTlsContext(ClientTls settings, SslContext context, FileStamp stamp) {
        this.settings = settings;
        this.context = context;
        this.stamp = stamp;
    }

    /// Reads files: blocks.
    ///
    /// @throws IllegalArgumentException if something cannot be used; the message names it
    static ClientTlsContext of(ClientTls settings, Upstream.Protocol protocol, SslProvider provider) {
        // Before they are read: what changes meanwhile is read again.
        FileStamp stamp = stamp(settings);
        SslContextBuilder builder = SslContextBuilder.forClient().sslProvider(provider).protocols("TLSv1.3", "TLSv1.2");
        if (settings.verify()) {
            builder.trustManager(new CertificateCheck(trust(settings.trustedRoots()))).endpointIdentificationAlgorithm("HTTPS");
        } else {
            builder.trustManager(InsecureTrustManagerFactory.INSTANCE).endpointIdentificationAlgorithm(null);
        }
        if (protocol == Upstream.Protocol.HTTP_2) {
            builder.applicationProtocolConfig(HTTP_2);
        }
        Pem certificate = settings.certificate();
        Pem key = settings.key();
        try {
            if (certificate != null && key != null) {
                List<X509Certificate> chain = PemReader.certificates(certificate);
                PrivateKey own = PemReader.key(key, settings.keyPasswords());
                PemReader.checkPair(chain.getFirst(), own, certificate, key);
                builder.keyManager(own, chain);
            }
            return new ClientTlsContext(settings, builder.build(), stamp);
        } catch (SSLException e) {
            throw new IllegalArgumentException("TLS to upstreams cannot be set up: " + e.getMessage(), e);
        }
    }

    private static FileStamp stamp(ClientTls settings) {
        List<Path> files = FileStamp.files(settings.trustedRoots(), settings.certificate(), settings.key());
        Path passwords = settings.keyPasswords();
        if (passwords != null) {
            files.add(passwords);
        }
        return FileStamp.of(files);
    }

    /// What its files are now.
    FileStamp stampNow() {
        return stamp(settings);
    }

    boolean isOf(FileStamp other) {
        return stamp.equals(other);
    }

    long lastUsed() {
        return lastUsed;
    }

    private static X509ExtendedTrustManager trust(@Nullable Pem roots) {
        try {
            KeyStore store = null;
            if (roots != null) {
                store = KeyStore.getInstance(KeyStore.getDefaultType());
                store.load(null, null);
                int count = 0;
                for (X509Certificate root : PemReader.certificates(roots)) {
                    store.setCertificateEntry("root-" + count++, root);
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
            throw new IllegalArgumentException("trusted certificates " + (roots == null ? "of the JDK" : roots.describe())
                    + " cannot be read: " + e.getMessage(), e);
        }
    }

    /// A handler for one connection.
    SslHandler newHandler(ByteBufAllocator allocator, Upstream upstream, Duration handshake) {
        lastUsed = System.nanoTime();
        String serverName = upstream.serverName();
        SslHandler handler =
                context.newHandler(allocator, serverName == null ? upstream.host() : serverName, upstream.port());
        SSLParameters parameters = handler.engine().getSSLParameters();
        parameters.setServerNames(serverName == null ? List.of() : List.of(new SNIHostName(serverName)));
        if (settings.verify()) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        handler.engine().setSSLParameters(parameters);
        handler.setHandshakeTimeoutMillis(handshake.toMillis());
        return handler;
    }
}
