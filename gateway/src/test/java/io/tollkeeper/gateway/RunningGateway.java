package io.tollkeeper.gateway;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.UnaryOperator;

import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.FlightStore;
import io.tollkeeper.core.flight.RequestId;
import io.tollkeeper.core.proxy.BackendEndpoint;
import io.tollkeeper.core.proxy.CredentialsLocation;
import io.tollkeeper.core.proxy.ErrorAnswer;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.ForwardedHeaders;
import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.core.proxy.OpenIdSettings;
import io.tollkeeper.core.proxy.PolicySpec;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.proxy.UpstreamPath;
import io.tollkeeper.gateway.jwt.JwtSettings;
import io.tollkeeper.gateway.meter.LocalMeter.WhenUnwritable;
import io.tollkeeper.gateway.meter.Meter;
import io.tollkeeper.gateway.meter.RemoteMeter;
import io.tollkeeper.gateway.meter.RemoteMeterSettings;
import io.tollkeeper.gateway.route.PathRouting;
import io.tollkeeper.gateway.trace.TraceSettings;
import io.tollkeeper.gateway.trace.Tracer;
import io.tollkeeper.gateway.upstream.UpstreamSettings;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.EngineSettings;
import io.tollkeeper.http.Http2Limits;
import io.tollkeeper.http.ListenerSettings;
import io.tollkeeper.http.ServerTls;
import io.tollkeeper.http.Upstream;
import io.tollkeeper.http.WireLimits;
import io.tollkeeper.http.fetch.Fetcher;
import io.tollkeeper.http.metrics.PrometheusText;
import io.tollkeeper.http.recorder.LogFormat;
import io.tollkeeper.http.recorder.Recorder;
import io.tollkeeper.http.recorder.RecorderSettings;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/// A gateway on loopback over a [MemoryMeter], with an access log in memory.
final class RunningGateway implements AutoCloseable {

    private final Engine engine;
    private final Recorder recorder;
    private final Gateway gateway;
    private final @Nullable Tracer tracer;
    private final Meter meter;
    private final MemoryLog log = new MemoryLog();
    private final int port;

    private RunningGateway(Builder builder) throws IOException {
        engine = Engine.start(new EngineSettings(null, 2, builder.dns, builder.connections));
        recorder = new Recorder(engine.loops(), new RecorderSettings(4096, 10_000, 1024, builder.logFormat), log, builder.store);
        meter = builder.remote == null
                ? builder.meter.start(builder.whenUnwritable)
                : new RemoteMeter(engine.upstreams(), engine.loops(), builder.remote);
        Fetcher fetcher = new Fetcher(engine, ClientTls.VERIFIED, "Tollkeeper/test");
        tracer = builder.traces == null ? null : new Tracer(builder.traces, fetcher, "test");
        gateway = new Gateway(engine, builder.upstreams, builder.routing, builder.labelProducts, builder.jwt, fetcher,
                meter, builder.clock, recorder, tracer);
        List<Finding> findings = gateway.apply(builder.products);
        assertThat(findings).filteredOn(Finding::isError).isEmpty();
        port = gateway.listen(ListenerSettings.plain("gateway", loopback())).getPort();
    }

    private static InetSocketAddress loopback() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    /// Over a meter that is called.
    static Builder remote(RemoteMeterSettings settings) {
        Builder builder = new Builder(new MemoryMeter());
        builder.remote = settings;
        return builder;
    }

    static Builder over(MemoryMeter meter) {
        return new Builder(meter);
    }

    static final class Builder {
        private final MemoryMeter meter;
        private List<ProxyConfig> products = List.of();
        private UpstreamSettings upstreams = UpstreamSettings.DEFAULT;
        private EngineSettings.Dns dns = EngineSettings.Dns.DEFAULT;
        private InstantSource clock = InstantSource.system();
        private LogFormat logFormat = LogFormat.JSON;
        private boolean labelProducts;
        private @Nullable TraceSettings traces;
        private JwtSettings jwt = JwtSettings.DEFAULT;
        private PathRouting routing = PathRouting.OFF;
        private WhenUnwritable whenUnwritable = WhenUnwritable.OPEN;
        private EngineSettings.Upstreams connections = EngineSettings.Upstreams.DEFAULT;
        private @Nullable FlightStore store;
        private @Nullable RemoteMeterSettings remote;

        private Builder(MemoryMeter meter) {
            this.meter = meter;
        }

        Builder products(ProxyConfig... configs) {
            products = List.of(configs);
            return this;
        }

        Builder upstreams(UpstreamSettings settings) {
            upstreams = settings;
            return this;
        }

        Builder dns(EngineSettings.Dns settings) {
            dns = settings;
            return this;
        }

        Builder clock(InstantSource source) {
            clock = source;
            return this;
        }

        Builder logFormat(LogFormat format) {
            logFormat = format;
            return this;
        }

        Builder traces(TraceSettings settings) {
            traces = settings;
            return this;
        }

        Builder labelProducts() {
            labelProducts = true;
            return this;
        }

        Builder jwt(JwtSettings settings) {
            jwt = settings;
            return this;
        }

        Builder routing(PathRouting how) {
            routing = how;
            return this;
        }

        Builder connections(EngineSettings.Upstreams settings) {
            connections = settings;
            return this;
        }

        Builder whenUnwritable(WhenUnwritable what) {
            whenUnwritable = what;
            return this;
        }

        Builder store(FlightStore flights) {
            store = flights;
            return this;
        }

        RunningGateway start() throws IOException {
            return new RunningGateway(this);
        }
    }

    Meter meter() {
        return meter;
    }

    Gateway gateway() {
        return gateway;
    }

    int port() {
        return port;
    }

    /// Opens a listener over TLS that offers HTTP/2.
    int listenWithTls(ServerTls tls) throws IOException {
        return gateway.listen(new ListenerSettings("gateway.tls", loopback(), tls, WireLimits.DEFAULT,
                        ListenerSettings.Timeouts.DEFAULT, Http2Limits.DEFAULT))
                .getPort();
    }

    /// Opens a listener without TLS that takes HTTP/1 and, with prior knowledge, HTTP/2.
    int listenWithHttp2() throws IOException {
        return gateway.listen(ListenerSettings.plain("gateway.h2c", loopback()).withHttp2(Http2Limits.DEFAULT)).getPort();
    }

    /// Opens a listener of any kind.
    int listen(ListenerSettings settings) throws IOException {
        return gateway.listen(settings).getPort();
    }

    /// Connections of clients, of all listeners.
    int openConnections() {
        return metrics().lines()
                .filter(line -> line.startsWith("nginx_http_connections{state=\"active\"}"))
                .mapToInt(line -> Integer.parseInt(line.substring(line.indexOf('}') + 2)))
                .sum();
    }

    RawClient client() throws IOException {
        return RawClient.connect(port);
    }

    /// One request on a connection of its own.
    RawAnswer ask(String request) throws IOException {
        try (RawClient client = client()) {
            return client.send(request).answerTo(request.startsWith("HEAD ") ? "HEAD" : "GET");
        }
    }

    RawAnswer get(String target, String... headers) throws IOException {
        return ask("GET " + target + " HTTP/1.1\r\nHost: api.test\r\n" + lines(headers) + "\r\n");
    }

    static String lines(String... headers) {
        StringBuilder text = new StringBuilder();
        for (String header : headers) {
            text.append(header).append("\r\n");
        }
        return text.toString();
    }

    /// The flight record of an answer.
    FlightRecord record(RawAnswer answer) {
        return record(String.valueOf(answer.header("x-request-id")));
    }

    FlightRecord record(String requestId) {
        RequestId id = RequestId.parse(requestId);
        assertThat(id).as("request id %s", requestId).isNotNull();
        return Eventually.value("record " + requestId, () -> recorder.find(id), found -> found != null);
    }

    String log() {
        return log.text();
    }

    /// The access log line of a request, once it is written.
    String logLine(String requestId) {
        return Eventually.value(
                        "log line of " + requestId,
                        () -> log.text().lines().filter(line -> line.contains(requestId)).findFirst(),
                        found -> found.isPresent())
                .orElseThrow();
    }

    String metrics() {
        PrometheusText out = new PrometheusText();
        gateway.metrics(out);
        return out.toString();
    }

    @Override
    public void close() {
        gateway.close();
        if (tracer != null) {
            tracer.close();
        }
        recorder.close();
        engine.close();
    }

    /// A product on api.test that takes user keys from the query and counts hits for everything.
    static ProxyConfig product(String upstream) {
        return product(upstream, config -> config);
    }

    static ProxyConfig product(String upstream, UnaryOperator<Shape> change) {
        return change.apply(new Shape(upstream)).config();
    }

    /// A product in the making.
    static final class Shape {
        private String id = "api";
        private List<String> hosts = List.of("api.test");
        private @Nullable String upstream;
        private @Nullable AuthenticationMode mode = AuthenticationMode.USER_KEY;
        private CredentialsLocation location = CredentialsLocation.QUERY;
        private String userKey = "user_key";
        private String appId = "app_id";
        private String appKey = "app_key";
        private ErrorAnswer authMissing = ErrorAnswer.AUTH_MISSING;
        private @Nullable String secretToken;
        private @Nullable OpenIdSettings openId;
        private @Nullable String hostnameRewrite;
        private @Nullable BackendEndpoint backend;
        private List<PolicySpec> policies = List.of(PolicySpec.APICAST);
        private ForwardedHeaders forwarded = ForwardedHeaders.PASS;
        private UpstreamPath path = UpstreamPath.NORMALISE_BEHIND_BASE_PATH;
        private List<MappingRule> rules = List.of(new MappingRule("ANY", "/", List.of(), "hits", 1, false));

        private Shape(@Nullable String upstream) {
            this.upstream = upstream;
        }

        Shape id(String value) {
            id = value;
            return this;
        }

        Shape hosts(String... values) {
            hosts = List.of(values);
            return this;
        }

        Shape noUpstream() {
            upstream = null;
            return this;
        }

        Shape mode(@Nullable AuthenticationMode value) {
            mode = value;
            return this;
        }

        Shape location(CredentialsLocation value) {
            location = value;
            return this;
        }

        Shape names(String user, String application, String key) {
            userKey = user;
            appId = application;
            appKey = key;
            return this;
        }

        Shape authMissing(ErrorAnswer value) {
            authMissing = value;
            return this;
        }

        Shape secretToken(String value) {
            secretToken = value;
            return this;
        }

        /// Takes tokens in the headers.
        Shape openId(OpenIdSettings value) {
            openId = value;
            mode = AuthenticationMode.OAUTH;
            location = CredentialsLocation.HEADERS;
            return this;
        }

        Shape hostnameRewrite(String value) {
            hostnameRewrite = value;
            return this;
        }

        Shape forwarded(ForwardedHeaders value) {
            forwarded = value;
            return this;
        }

        Shape path(UpstreamPath value) {
            path = value;
            return this;
        }

        Shape backend(String url, @Nullable String host) {
            backend = new BackendEndpoint(url, host);
            return this;
        }

        Shape policies(PolicySpec... values) {
            policies = List.of(values);
            return this;
        }

        Shape rules(MappingRule... values) {
            rules = List.of(values);
            return this;
        }

        private ProxyConfig config() {
            return ProxyConfig.of(id)
                    .systemName("name of " + id)
                    .mode(mode)
                    .hosts(hosts)
                    .apiBackend(upstream)
                    .credentialsLocation(location)
                    .authUserKey(userKey)
                    .authAppId(appId)
                    .authAppKey(appKey)
                    .authMissing(authMissing)
                    .authFailed(ErrorAnswer.AUTH_FAILED)
                    .limitsExceeded(ErrorAnswer.LIMITS_EXCEEDED)
                    .noMatch(ErrorAnswer.NO_MATCH)
                    .secretToken(secretToken)
                    .hostnameRewrite(hostnameRewrite)
                    .forwarded(forwarded)
                    .upstreamPath(path)
                    .backendAuthenticationType("service_token")
                    .backendAuthenticationValue("svc-token")
                    .backend(backend)
                    .policies(policies)
                    .openId(openId)
                    .rules(rules)
                    .build();
        }
    }

    static UpstreamSettings timeouts(Duration each) {
        return new UpstreamSettings(
                new Upstream.Timeouts(each, each, each, each, each, Duration.ZERO),
                64,
                UpstreamSettings.DEFAULT.tls());
    }

    /// Keeps what is written.
    private static final class MemoryLog implements WritableByteChannel {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        @Override
        public synchronized int write(ByteBuffer source) {
            byte[] piece = new byte[source.remaining()];
            source.get(piece);
            bytes.writeBytes(piece);
            return piece.length;
        }

        synchronized String text() {
            return bytes.toString(StandardCharsets.US_ASCII);
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
