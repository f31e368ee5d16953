package io.tollkeeper.app;

import java.util.List;
import java.util.Objects;

import io.tollkeeper.app.settings.ListenAddress;
import io.tollkeeper.app.settings.Secret;
import io.tollkeeper.app.settings.Settings;
import io.tollkeeper.gateway.meter.RemoteMeterSettings;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.EngineSettings;
import io.tollkeeper.http.ForwardProxies;
import io.tollkeeper.http.ForwardProxy;
import io.tollkeeper.http.Http2Limits;
import io.tollkeeper.http.ListenerSettings;
import io.tollkeeper.http.Pem;
import io.tollkeeper.http.ServerTls;
import io.tollkeeper.http.Transport;
import io.tollkeeper.http.Upstream;
import io.tollkeeper.http.WireLimits;
import org.jspecify.annotations.Nullable;

/// Settings in the terms of module `http`. Pure functions, but for names of listen addresses, which are resolved.
final class HttpParts {

    private HttpParts() {}

    static EngineSettings engine(Settings settings) {
        var dns = settings.dns();
        var upstream = settings.upstream();
        return new EngineSettings(
                switch (settings.transport()) {
                    case AUTO -> null;
                    case IO_URING -> Transport.IO_URING;
                    case EPOLL -> Transport.EPOLL;
                    case NIO -> Transport.NIO;
                },
                settings.eventLoops() == 0 ? Runtime.getRuntime().availableProcessors() : settings.eventLoops(),
                new EngineSettings.Dns(dns.servers() == null ? List.of() : dns.servers().addresses(), dns.ipv6(),
                        dns.queryTimeout(), dns.minTtl(), dns.maxTtl(), dns.negativeTtl(), dns.stale()).withResolvConf(dns.resolvConf()),
                new EngineSettings.Upstreams(upstream.maxConnectionsTotal(), upstream.keepAlive(), upstream.maxAge(), upstream.queueTimeout(), upstream.maxHead().toInt()));
    }

    /// A listener for API calls.
    static ListenerSettings gateway(Settings settings, ListenAddress address) {
        var client = settings.client();
        var limits = new WireLimits(client.maxRequestLine().toInt(), client.maxHeader().toInt(), client.maxHeaders().toInt(),
                client.maxHeaderCount(), client.maxBody().bytes() == 0 ? -1 : client.maxBody().bytes(), client.minimumBodyRate().toInt());
        var http2 = settings.gateway().http2();
        return new ListenerSettings("gateway", address.toSocketAddress(), null, limits, timeouts(settings),
                http2.enabled() ? new Http2Limits(http2.maxStreams(), http2.maxResets(), http2.maxUselessFrames()) : null)
                .withProxyProtocol(settings.gateway().proxyProtocol());
    }

    /// The listener for API calls over TLS. Certificate and key are there: the settings were checked.
    static ListenerSettings gatewayTls(Settings settings, ListenAddress address) {
        var plain = gateway(settings, address);
        var tls = settings.gateway().tls();
        var certificate = new ServerTls.Certificate(List.of(), Objects.requireNonNull(tls.certificate()), Objects.requireNonNull(tls.key()));
        return new ListenerSettings("gateway.tls", plain.address(), new ServerTls(List.of(certificate), tls.clientCertificates(), tls.clientCertificateDepth()), plain.limits(), plain.timeouts(), plain.http2())
                .withProxyProtocol(tls.proxyProtocol());
    }

    /// A listener for operators or for the meter.
    static ListenerSettings plain(String name, ListenAddress address, WireLimits limits, Settings settings) {
        return new ListenerSettings(name, address.toSocketAddress(), null, limits, timeouts(settings));
    }

    static Upstream.Timeouts upstreamTimeouts(Settings settings) {
        var upstream = settings.upstream();
        return new Upstream.Timeouts(upstream.connectTimeout(), upstream.handshakeTimeout(), upstream.firstByteTimeout(),
                upstream.idleTimeout(), upstream.sendTimeout(), upstream.totalTimeout(), upstream.tunnelTimeout());
    }

    /// How upstreams, meters, portals and token providers are spoken to over TLS.
    ///
    /// @param threescales whether 3scale's habits hold where no setting says otherwise
    static ClientTls tls(Settings settings, boolean threescales) {
        var tls = settings.upstream().tls();
        boolean verify = switch (tls.verify()) {
            case TRUE -> true;
            case FALSE -> false;
            case AUTO -> !threescales;
        };
        return new ClientTls(verify, Pem.file(tls.trustedRoots()), Pem.file(tls.certificate()), Pem.file(tls.key()), tls.keyPasswords());
    }

    /// Which of them are reached through a proxy. The URLs are good: the settings were checked.
    static ForwardProxies proxies(Settings settings) {
        var upstream = settings.upstream();
        return ForwardProxies.of(proxy(upstream.httpProxy()), proxy(upstream.httpsProxy()), proxy(upstream.allProxy()),
                upstream.noProxy() == null ? "" : upstream.noProxy());
    }

    private static @Nullable ForwardProxy proxy(@Nullable Secret url) {
        return url != null && ForwardProxy.read(url.value()) instanceof ForwardProxy.Read.Good(var proxy) ? proxy : null;
    }

    /// How a meter over HTTP is asked.
    ///
    /// @param userAgent ours
    static RemoteMeterSettings remoteMeter(Settings settings, ClientTls tls, String userAgent) {
        var meter = settings.meter();
        return RemoteMeterSettings.DEFAULT
                .endpointOverride(meter.endpoint() == null ? null : meter.endpoint().value())
                .caching(meter.caching())
                .responseCodes(meter.responseCodes())
                .firstCall(meter.firstCall())
                .unreachableStatus(meter.unreachableStatus())
                .batchBytes(meter.batchMemory().toInt())
                .tls(tls)
                .proxies(proxies(settings))
                .userAgent(userAgent)
                .spool(settings.data().resolve("spool"));
    }

    private static ListenerSettings.Timeouts timeouts(Settings settings) {
        var client = settings.client();
        return new ListenerSettings.Timeouts(client.headTimeout(), client.bodyTimeout(), client.keepAlive(), client.handshakeTimeout(), client.sendTimeout());
    }
}
