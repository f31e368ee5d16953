package io.tollkeeper.http;

import java.io.IOException;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.net.ssl.SSLException;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SniCompletionEvent;
import io.netty.handler.ssl.SniHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.AttributeKey;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The TLS side of a listener: certificates by server name, BoringSSL where it loads, the JDK's TLS otherwise. TLS 1.2
/// and 1.3, no renegotiation. Any thread.
final class ServerTlsContext {

    private static final Logger LOG = LoggerFactory.getLogger(ServerTlsContext.class);
    private static final AttributeKey<String> SERVER_NAME = AttributeKey.valueOf("tollkeeper.serverName");

    /// A client that offers neither gets HTTP/1.1 without being told.
    private static final ApplicationProtocolConfig BOTH = new ApplicationProtocolConfig(
            ApplicationProtocolConfig.Protocol.ALPN,
            ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
            ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
            ApplicationProtocolNames.HTTP_2,
            ApplicationProtocolNames.HTTP_1_1);

    private final ServerTls settings;
    private final boolean http2;
    private final long handshakeMillis;
    private volatile Certificates certificates;
    /// Files that were tried in vain; on the watch's thread.
    private @Nullable FileStamp unusable;

    private ServerTlsContext(ServerTls settings, Duration handshake, boolean http2) {
        this.settings = settings;
        this.http2 = http2;
        this.handshakeMillis = handshake.toMillis();
        this.certificates = Certificates.read(settings, http2);
    }

    /// @throws IllegalArgumentException if a certificate or key cannot be used; the message names it
    static ServerTlsContext of(ServerTls settings, Duration handshake, boolean http2) {
        return new ServerTlsContext(settings, handshake, http2);
    }

    /// Reads the files again if they have changed; what cannot be used is not taken over. Blocks.
    void lookAtFiles(String listener) {
        FileStamp now = FileStamp.of(Certificates.files(settings));
        if (now.equals(certificates.stamp()) || now.equals(unusable)) {
            return;
        }
        try {
            certificates = Certificates.read(settings, http2);
            unusable = null;
            LOG.info("{}: certificates were read again", listener);
        } catch (IllegalArgumentException e) {
            unusable = now;
            LOG.warn("{}: certificates have changed and cannot be used, those of before still are: {}", listener, e.getMessage());
        }
    }

    /// The certificates as they were read. Immutable.
    private record Certificates(
            Map<String, SslContext> exact, Map<String, SslContext> wildcard, SslContext otherwise, FileStamp stamp) {

        static Certificates read(ServerTls settings, boolean http2) {
            // Before they are read: what changes meanwhile is read again.
            FileStamp stamp = FileStamp.of(files(settings));
            Map<String, SslContext> exact = new HashMap<>();
            Map<String, SslContext> wildcard = new HashMap<>();
            SslContext fallback = null;
            for (ServerTls.Certificate certificate : settings.certificates()) {
                SslContext context = context(certificate, settings, http2);
                if (fallback == null) {
                    fallback = context;
                }
                for (String name : certificate.names()) {
                    if (name.startsWith("*.")) {
                        wildcard.putIfAbsent(name.substring(2), context);
                    } else {
                        exact.putIfAbsent(name, context);
                    }
                }
            }
            return new Certificates(exact, wildcard, Objects.requireNonNull(fallback), stamp);
        }

        static List<Path> files(ServerTls settings) {
            List<Path> files = new ArrayList<>();
            for (ServerTls.Certificate certificate : settings.certificates()) {
                files.addAll(FileStamp.files(certificate.chain(), certificate.key()));
            }
            return files;
        }

        SslContext of(@Nullable String name) {
            if (name == null) {
                return otherwise;
            }
            SslContext context = exact.get(name);
            if (context == null) {
                context = wildcard.get(name.substring(name.indexOf('.') + 1));
            }
            return context != null ? context : otherwise;
        }
    }

    private static SslContext context(ServerTls.Certificate certificate, ServerTls settings, boolean http2) {
        try {
            List<X509Certificate> chain = PemReader.certificates(certificate.chain());
            PrivateKey key = PemReader.key(certificate.key(), null);
            PemReader.checkPair(chain.getFirst(), key, certificate.chain(), certificate.key());
            SslContextBuilder builder = SslContextBuilder.forServer(key, chain)
                    .sslProvider(provider())
                    .protocols("TLSv1.3", "TLSv1.2")
                    .applicationProtocolConfig(http2 ? BOTH : ApplicationProtocolConfig.DISABLED);
            if (settings.clientCertificates() == ServerTls.ClientCertificates.REQUESTED) {
                builder.clientAuth(ClientAuth.OPTIONAL).trustManager(InsecureTrustManagerFactory.INSTANCE);
            }
            return builder.build();
        } catch (SSLException | IllegalArgumentException e) {
            throw new IllegalArgumentException("certificate " + certificate.chain().describe() + " with key "
                    + certificate.key().describe() + " cannot be used: " + e.getMessage(), e);
        }
    }

    /// BoringSSL through tcnative, else the JDK; `-Dtollkeeper.tls=jdk` forces the latter.
    static SslProvider provider() {
        return OpenSsl.isAvailable() && !"jdk".equals(System.getProperty("tollkeeper.tls"))
                ? SslProvider.OPENSSL
                : SslProvider.JDK;
    }

    /// Handshake first; the connection is added once it has succeeded.
    void addTo(SocketChannel channel, Http1Connection connection) {
        SniHandler sni = new SniHandler(name -> certificates.of(name), 16 * 1024, handshakeMillis) {
            @Override
            protected io.netty.handler.ssl.SslHandler newSslHandler(
                    SslContext context, io.netty.buffer.ByteBufAllocator allocator) {
                var handler = super.newSslHandler(context, allocator);
                handler.setHandshakeTimeoutMillis(handshakeMillis);
                return handler;
            }
        };
        channel.pipeline().addLast(sni).addLast(new AfterHandshake(connection));
    }

    static @Nullable String serverName(Channel channel) {
        return channel.attr(SERVER_NAME).get();
    }

    /// Waits for the handshake, then makes room for the connection.
    private static final class AfterHandshake extends ChannelInboundHandlerAdapter {
        private final Http1Connection connection;

        AfterHandshake(Http1Connection connection) {
            this.connection = connection;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            ctx.fireChannelActive();
            ctx.read();
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            ctx.read();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof SniCompletionEvent sni && sni.hostname() != null) {
                ctx.channel().attr(SERVER_NAME).set(sni.hostname());
            } else if (event instanceof SslHandshakeCompletionEvent handshake) {
                if (handshake.isSuccess()) {
                    SslHandler secured = ctx.pipeline().get(SslHandler.class);
                    boolean http2 = secured != null && ApplicationProtocolNames.HTTP_2.equals(secured.applicationProtocol());
                    ctx.pipeline().replace(this, null, http2 ? connection.asHttp2(ctx.channel()) : connection);
                } else {
                    LOG.debug("TLS handshake with {} failed: {}", ctx.channel().remoteAddress(), handshake.cause().getMessage());
                    ctx.close();
                }
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            if (!(cause instanceof IOException) && !(cause.getCause() instanceof SSLException)) {
                LOG.debug("connection of {} fails before its handshake is done", ctx.channel().remoteAddress(), cause);
            }
            ctx.close();
        }
    }
}
