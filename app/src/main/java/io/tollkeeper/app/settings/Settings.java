package io.tollkeeper.app.settings;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

import io.tollkeeper.core.event.AlertRule;
import io.tollkeeper.core.proxy.ForwardedHeaders;
import io.tollkeeper.core.proxy.UpstreamPath;
import io.tollkeeper.gateway.exchange.Caching;
import io.tollkeeper.gateway.meter.LocalMeter;
import io.tollkeeper.gateway.meter.RemoteMeterSettings;
import io.tollkeeper.gateway.route.PathRouting;
import io.tollkeeper.http.ForwardProxy;
import io.tollkeeper.http.ServerTls;
import io.tollkeeper.http.recorder.LogFormat;
import org.jspecify.annotations.Nullable;

/// Every setting of the program, with its default. Immutable; read and checked by [SettingsReader] before anything
/// starts. The page `docs/settings.md` is made from these records.
///
/// To add a setting: a component here, a use in `Wiring`, then `mvn -Dquick -pl app -am test -Dtest=SettingsPageTest
/// -Dsettings.write=true -Dsurefire.failIfNoSpecifiedTests=false`.
public record Settings(
        @Setting(value = "data", says = "Folder of the embedded store, the control socket and the log of flight records. Also `--data DIR`.")
        Path data,
        @Setting(value = "auto", says = "Network engine. `auto` takes the first of io_uring, epoll, nio that works here, and the start line says why not a better one.")
        Transport transport,
        @Setting(value = "0", alias = "APICAST_WORKERS", says = "Event loops (threads that serve connections); 0 for one per processor.")
        int eventLoops,
        @Setting(value = "stdout", alias = "APICAST_ACCESS_LOG_FILE", says = "Where the access log goes, one line per call: stdout, stderr, off, or a file.")
        String accessLog,
        @Setting(value = "json", says = "What a line of the access log looks like: a JSON object with all that is known, or the line of 3scale's gateway (apicast).")
        LogFormat accessLogFormat,
        Log log,
        Gateway gateway,
        Meter meter,
        Management management,
        Metrics metrics,
        Tracing tracing,
        Client client,
        Upstream upstream,
        Dns dns,
        Flight flight,
        Drain drain) implements Checked {

    @Override public void check(Complaints complain) {
        complain.atMost("event-loops", eventLoops, 256);
    }

    /// Keys whose values differ, but for those that a reload takes over (they are part of the products).
    public static List<String> differing(Settings one, Settings other) {
        return Keys.differing(one, other).stream().filter(key -> !AT_RELOAD.contains(key)).toList();
    }

    private static final Set<String> AT_RELOAD = Set.of("upstream.path", "upstream.forwarded");

    /// The program's own log.
    public record Log(
            @Setting(value = "info", alias = "APICAST_LOG_LEVEL", says = "From which level on.")
            Level level,
            @Setting(value = "stderr", alias = "APICAST_LOG_FILE", says = "Where to: stderr, or a file.")
            String file) {

        public enum Level { DEBUG, INFO, WARN, ERROR }
    }

    /// Which network engine carries the connections.
    public enum Transport { AUTO, IO_URING, EPOLL, NIO }

    /// The listener for API calls.
    public record Gateway(
            @Setting(value = "0.0.0.0:8080", says = "Where API calls are taken; `off` for no plain listener.")
            @Nullable ListenAddress listen,
            @Setting(value = "open", says = "What happens to calls while the store cannot be written: open lets those pass that would pass otherwise, closed refuses them with 503.")
            LocalMeter.WhenUnwritable onUnwritableMeter,
            @Setting(value = "", alias = "APICAST_CONFIGURATION", says = "Where the products come from, in place of `products` in `tollkeeper.yaml`: a 3scale document as a path, a `file:` URL, or a `data:` URL (application/json or application/yaml, percent-encoded or base64).")
            @Nullable Secret configuration,
            @Setting(value = "", alias = "THREESCALE_CONFIG_FILE", says = "A file with a 3scale document; `gateway.configuration` goes before it.")
            @Nullable Path configurationFile,
            @Setting(value = "auto", alias = "APICAST_CONFIGURATION_LOADER", says = "When a portal is asked: boot for everything before calls are taken, lazy per host when a call needs it, auto for what 3scale does in this environment (production: boot, others: lazy).")
            Loader configurationLoader,
            @Setting(value = "auto", alias = "APICAST_CONFIGURATION_CACHE", says = "How long what a portal said is good: 0s asks for every call (lazy only), forever never again; auto for what 3scale does in this environment (production: 300s, others: 0s).")
            CacheTime configurationCache,
            @Setting(value = "", alias = "APICAST_SERVICES_LIST,APICAST_SERVICES", says = "Ids of the products of a 3scale document or portal that are served, separated by commas; empty for all.")
            @Nullable String services,
            @Setting(value = "", alias = "APICAST_SERVICES_FILTER_BY_URL", says = "Regular expression: products of a 3scale document or portal are served of which a host matches it, besides those that are listed.")
            @Nullable String servicesFilterByUrl,
            Portal portal,
            Jwt jwt,
            @Setting(value = "off", alias = "APICAST_PATH_ROUTING_ONLY,APICAST_PATH_ROUTING,APICAST_PATH_ROUTING_ENABLED", says = "Whether mapping rules take part in choosing a product: on, where products share a host the first with a rule that matches is chosen, else the first of the host; only, a request that no rule matches is for no product (404).")
            PathRouting pathRouting,
            @Setting(value = "false", alias = "APICAST_HTTP_PROXY_PROTOCOL", says = "Whether every connection to `gateway.listen` must begin with a header of the PROXY protocol (v1 or v2), which tells the client's address.")
            boolean proxyProtocol,
            Http2 http2,
            Tls tls) {}

    /// Tokens of OpenID providers.
    public record Jwt(
            @Setting(value = "0s", says = "By how much a token may have expired, or be early, and still pass: for clocks that differ.")
            Duration leeway,
            @Setting(value = "5m", says = "How often the keys of a provider are fetched anew; 0s: only when a token names a key that is not known.")
            Duration refresh) {}

    /// When a portal is asked.
    public enum Loader { AUTO, BOOT, LAZY }

    /// 3scale's portal as the source of products.
    public record Portal(
            @Setting(value = "", alias = "THREESCALE_PORTAL_ENDPOINT", says = "URL of a 3scale portal with an access token, e.g. https://TOKEN@acme-admin.example; a path in it is that of a server which holds the configurations as files.")
            @Nullable Secret endpoint,
            @Setting(value = "production", alias = "THREESCALE_DEPLOYMENT_ENV", says = "Whose configurations a portal is asked for: production, staging (sandbox), or another name.")
            String environment,
            @Setting(value = "", says = "Versions of products to have instead of the latest: id=version, separated by commas. Also `APICAST_SERVICE_<id>_CONFIGURATION_VERSION`.")
            @Nullable String versions,
            @Setting(value = "10s", says = "Time for one answer of the portal.")
            Duration timeout) implements Checked {

        @Override public void check(Complaints complain) {
            if (timeout.isZero()) {
                complain.about("timeout", "off (expected: at least 1ms, e.g. 10s)");
            }
            if (versions != null && !versions.matches("[^=,]+=[^=,]*(,[^=,]+=[^=,]*)*")) {
                complain.about("versions", versions + " (expected: id=version,id=version)");
            }
        }
    }

    /// HTTP/2 of the listeners for API calls.
    public record Http2(
            @Setting(value = "true", says = "Whether clients may speak HTTP/2: over TLS if they ask for it, without TLS if they begin with it.")
            boolean enabled,
            @Setting(value = "128", says = "Requests under way at a time on one connection; one more is refused, and clients try it again.")
            int maxStreams,
            @Setting(value = "200", says = "Requests of one connection that may end before their answer within 30 s, beyond those that end well; more is an attack and ends the connection.")
            int maxResets,
            @Setting(value = "2000", says = "Frames of one connection within 30 s that move nothing (PING, SETTINGS, empty DATA), beyond four per frame that does; more is an attack and ends the connection.")
            int maxUselessFrames) implements Checked {

        @Override public void check(Complaints complain) {
            complain.atLeast("max-streams", maxStreams, 1);
            complain.atMost("max-streams", maxStreams, 10_000);
            complain.atLeast("max-resets", maxResets, 1);
            complain.atLeast("max-useless-frames", maxUselessFrames, 10);
        }
    }

    /// The TLS listener for API calls.
    public record Tls(
            @Setting(value = "", alias = "APICAST_HTTPS_PORT", says = "Where API calls are taken over TLS, e.g. 0.0.0.0:8443; needs a certificate and a key.")
            @Nullable ListenAddress listen,
            @Setting(value = "", alias = "APICAST_HTTPS_CERTIFICATE", says = "PEM file: the certificate, then its intermediates.")
            @Nullable Path certificate,
            @Setting(value = "", alias = "APICAST_HTTPS_CERTIFICATE_KEY", says = "PEM file: the certificate's private key.")
            @Nullable Path key,
            @Setting(value = "false", alias = "APICAST_HTTPS_PROXY_PROTOCOL", says = "Whether every connection to `gateway.tls.listen` must begin with a header of the PROXY protocol, before TLS.")
            boolean proxyProtocol,
            @Setting(value = "ignored", alias = "APICAST_HTTPS_VERIFY_CLIENT", says = "Whether clients are asked for a certificate: ignored, or requested (any is accepted, and none).")
            ServerTls.ClientCertificates clientCertificates,
            @Setting(value = "1", alias = "APICAST_HTTPS_VERIFY_DEPTH", says = "How many issuers of a client's certificate are kept with it.")
            int clientCertificateDepth) implements Checked {

        @Override public void check(Complaints complain) {
            complain.atLeast("client-certificate-depth", clientCertificateDepth, 0);
            if (listen != null && certificate == null) {
                complain.about("certificate", "missing: gateway.tls.listen is set and needs a certificate (PEM file)");
            }
            if (listen != null && key == null) {
                complain.about("key", "missing: gateway.tls.listen is set and needs the certificate's private key (PEM file)");
            }
            complain.unreadable("certificate", certificate);
            complain.unreadable("key", key);
        }
    }

    /// The Service Management API: ours, and the one that a gateway asks over HTTP.
    public record Meter(
            @Setting(value = "127.0.0.1:3000", says = "Where the Service Management API is answered, or off.")
            @Nullable ListenAddress listen,
            @Setting(value = "false", alias = "CONFIG_LEGACY_REFERRER_FILTERS", says = "Whether a referrer filter may match any part of a referrer (true), as 3scale once had it, or has to match all of it.")
            boolean legacyReferrerFilters,
            @Setting(value = "highest-enabled", says = "Which alert is raised when a utilization lies between the bins that a product enabled: that of the highest enabled bin reached, or, as 3scale does, that of the highest of all bins reached and only if it is enabled (top-bin).")
            AlertRule alerts,
            @Setting(value = "", alias = "CONFIG_MASTER_SERVICE_ID", says = "Id of the product in which every call of the meter is counted for the provider who makes it, as usage of the application whose user key is the provider key. Not set: not counted.")
            @Nullable String masterServiceId,
            @Setting(value = "transactions/authorize", says = "Metric of the master service that authorizations count in.")
            String masterMetricAuthorize,
            @Setting(value = "transactions", says = "Metric of the master service that reported and counted transactions count in.")
            String masterMetricTransactions,
            @Setting(value = "", alias = "BACKEND_ENDPOINT_OVERRIDE", says = "URL of the Service Management API that the gateway asks, in place of `backend.endpoint` of its products.")
            @Nullable Secret endpoint,
            @Setting(value = "strict", alias = "APICAST_BACKEND_CACHE_HANDLER", says = "What the gateway does with decisions of a Service Management API that it asks over HTTP: strict remembers what was let in and forgets it when the API refuses or fails, resilient keeps it while the API fails, allow lets in besides whoever is not known while it fails, none asks for every call. A caching policy goes before it.")
            Caching caching,
            @Setting(value = "false", alias = "APICAST_RESPONSE_CODES", says = "Whether the gateway tells 3scale's Service Management API the status of calls (`log[code]`).")
            boolean responseCodes,
            @Setting(value = "authrep", says = "How the gateway counts the first call of a key over 3scale's protocol: authrep decides and counts at once, but cannot tell the call's status; authorize-then-report counts after the call, with its status.")
            RemoteMeterSettings.FirstCall firstCall,
            @Setting(value = "as-3scale", says = "What a client gets while the Service Management API cannot be asked: as-3scale is the answer to a wrong key (403), service-unavailable is 503. Reason and headers tell the two apart either way.")
            RemoteMeterSettings.UnreachableStatus unreachableStatus,
            @Setting(value = "20MiB", alias = "APICAST_POLICY_BATCHER_SHARED_MEMORY_SIZE", says = "Room for usage that products with the 3scale_batcher policy have not handed in yet.")
            ByteSize batchMemory,
            InternalApi internalApi,
            Events events,
            History history) {}

    /// How long closed periods can be asked for.
    public record History(
            @Setting(value = "90d", says = "How long counters per hour are kept; 0s for good. Reports may be a day old, so that two days are the least.")
            Duration hours,
            @Setting(value = "off", says = "How long counters per day are kept; off for good. Weeks, months, years and eternity are kept for good.")
            Duration days) implements Checked {

        private static final Duration LEAST = Duration.ofDays(2);

        @Override public void check(Complaints complain) {
            if (!hours.isZero() && hours.compareTo(LEAST) < 0) {
                complain.about("hours", "shorter than reports may be late (expected: at least 2d, or 0s for good)");
            }
            if (!days.isZero() && days.compareTo(LEAST) < 0) {
                complain.about("days", "shorter than reports may be late (expected: at least 2d, or off for good)");
            }
        }
    }

    /// What a portal is to be told of applications.
    public record Events(
            @Setting(value = "90d", says = "Age at which events that no portal fetched and deleted are deleted; 0s for never.")
            Duration keep,
            Hook hook) {}

    /// How a portal hears that there are events.
    public record Hook(
            @Setting(value = "", alias = "CONFIG_EVENTS_HOOK", says = "Where `secret=…` is posted while there are events; the portal then fetches and deletes them over `/internal/events/`. Empty for nowhere.")
            @Nullable URI url,
            @Setting(value = "", alias = "CONFIG_EVENTS_HOOK_SHARED_SECRET", says = "The secret that the portal expects.")
            @Nullable Secret secret,
            @Setting(value = "60s", says = "The portal is told not more often than that; after failures less often, up to 16 times the interval.")
            Duration interval,
            @Setting(value = "10s", says = "Time for the portal's answer.")
            Duration timeout) implements Checked {

        @Override public void check(Complaints complain) {
            if (url != null && interval.isZero()) {
                complain.about("interval", "off (expected: at least 1ms, e.g. 60s)");
            }
            if (url != null && timeout.isZero()) {
                complain.about("timeout", "off (expected: at least 1ms, e.g. 10s)");
            }
        }
    }

    /// The part of the meter through which a portal writes.
    public record InternalApi(
            @Setting(value = "", alias = "CONFIG_INTERNAL_API_USER", says = "User name for `/internal` (HTTP Basic). Without user and password the Internal API is answered on loopback listeners only.")
            @Nullable String user,
            @Setting(value = "", alias = "CONFIG_INTERNAL_API_PASSWORD", says = "Password for `/internal`.")
            @Nullable Secret password) implements Checked {

        @Override public void check(Complaints complain) {
            if (user != null && password == null) {
                complain.about("password", "missing, while user is set (set both or neither)");
            }
            if (user == null && password != null) {
                complain.about("user", "missing, while password is set (set both or neither)");
            }
        }
    }

    /// Liveness and readiness.
    public record Management(
            @Setting(value = "0.0.0.0:8090", says = "Where the management API is answered (`/status/live`, `/status/ready`, …), or off.")
            @Nullable ListenAddress listen,
            @Setting(value = "status", alias = "APICAST_MANAGEMENT_API", says = "How much of it: disabled, policies (`/policies`), status (that, and `/status/`), debug (all of it: reading and replacing the configuration, with its secrets, by whoever reaches the port).")
            Mode mode) {

        /// How much of the management API is answered.
        public enum Mode { DISABLED, POLICIES, STATUS, DEBUG }
    }

    /// Prometheus metrics.
    public record Metrics(
            @Setting(value = "0.0.0.0:9421", says = "Where `/metrics` is answered, or off.")
            @Nullable ListenAddress listen,
            @Setting(value = "false", alias = "APICAST_EXTENDED_METRICS", says = "Whether times and statuses of upstreams are told per product (labels `service_id` and `service_system_name`), for at most 1000 products.")
            boolean perProduct) {}

    /// OpenTelemetry traces of calls. 3scale's `OPENTELEMETRY` and `OPENTELEMETRY_CONFIG` set these too.
    public record Tracing(
            @Setting(value = "", says = "Where traces are sent, OTLP over HTTP, e.g. `http://collector:4318/v1/traces`. Not set: no traces.")
            @Nullable URI endpoint,
            @Setting(value = "", says = "Value of the `Authorization` header that the collector wants.")
            @Nullable Secret authorization,
            @Setting(value = "tollkeeper", says = "`service.name` of the traces.")
            String serviceName,
            @Setting(value = "1.0", says = "Which part of the calls is traced: 1 all, 0 none.")
            double ratio,
            @Setting(value = "true", says = "Whether a caller that sends `traceparent` decides for its calls, before the ratio.")
            boolean parentBased,
            @Setting(value = "2048", says = "Traced calls that may wait to be sent; what is more is dropped and counted.")
            int queue,
            @Setting(value = "512", says = "Spans sent together.")
            int batch,
            @Setting(value = "5s", says = "How long a span waits for others at most.")
            Duration delay) implements Checked {

        @Override public void check(Complaints complain) {
            complain.atLeast("queue", queue, 1);
            complain.atMost("queue", queue, 1_000_000);
            complain.atLeast("batch", batch, 1);
            complain.atMost("batch", batch, 8_192);
        }
    }

    /// What clients may send and how long they may take.
    public record Client(
            @Setting(value = "60s", says = "Time for a request's head, from its first byte.")
            Duration headTimeout,
            @Setting(value = "60s", says = "Longest pause between two bytes of a request's body.")
            Duration bodyTimeout,
            @Setting(value = "75s", alias = "HTTP_KEEPALIVE_TIMEOUT", says = "How long an idle connection is kept for the next request.")
            Duration keepAlive,
            @Setting(value = "10s", says = "Time for the TLS handshake.")
            Duration handshakeTimeout,
            @Setting(value = "60s", says = "Longest pause in which a client takes no byte of its answer.")
            Duration sendTimeout,
            @Setting(value = "0B", says = "Bytes per second a body must arrive with after its first 30 s; 0B for no minimum.")
            ByteSize minimumBodyRate,
            @Setting(value = "8KiB", alias = "APICAST_LARGE_CLIENT_HEADER_BUFFERS", says = "Longest request line; longer ones are refused with 414.")
            ByteSize maxRequestLine,
            @Setting(value = "8KiB", alias = "APICAST_LARGE_CLIENT_HEADER_BUFFERS", says = "Largest single header.")
            ByteSize maxHeader,
            @Setting(value = "32KiB", alias = "APICAST_LARGE_CLIENT_HEADER_BUFFERS", says = "All headers of a request together.")
            ByteSize maxHeaders,
            @Setting(value = "100", says = "Number of headers of a request.")
            int maxHeaderCount,
            @Setting(value = "0B", says = "Largest request body; larger ones are refused with 413. 0B for no limit.")
            ByteSize maxBody) implements Checked {

        @Override public void check(Complaints complain) {
            complain.atLeast("max-request-line", maxRequestLine, 64);
            complain.atLeast("max-header", maxHeader, 64);
            complain.atLeast("max-headers", maxHeaders, 256);
            complain.atLeast("max-header-count", maxHeaderCount, 1);
            complain.atMost("max-request-line", maxRequestLine, 1 << 20);
            complain.atMost("max-headers", maxHeaders, 1 << 24);
        }
    }

    /// How upstreams are called.
    public record Upstream(
            @Setting(value = "60s", says = "Time for the TCP connection.")
            Duration connectTimeout,
            @Setting(value = "10s", says = "Time for the TLS handshake.")
            Duration handshakeTimeout,
            @Setting(value = "60s", says = "From the last byte of the request to the first byte of the answer.")
            Duration firstByteTimeout,
            @Setting(value = "60s", says = "Longest pause between two bytes of the answer.")
            Duration idleTimeout,
            @Setting(value = "60s", says = "Longest pause in which the upstream takes no byte of the request.")
            Duration sendTimeout,
            @Setting(value = "off", says = "From the call to the end of the answer.")
            Duration totalTimeout,
            @Setting(value = "1h", says = "How long a WebSocket may stand without a byte in either direction.")
            Duration tunnelTimeout,
            @Setting(value = "1024", says = "Connections to one upstream, over all event loops.")
            int maxConnections,
            @Setting(value = "8192", says = "Connections to all upstreams together, over all event loops.")
            int maxConnectionsTotal,
            @Setting(value = "1s", says = "How long a call waits for a connection when the limit is reached.")
            Duration queueTimeout,
            @Setting(value = "55s", says = "How long an idle connection is kept. Less is taken for an upstream that was seen to close sooner.")
            Duration keepAlive,
            @Setting(value = "10m", says = "Age at which a connection is not used again.")
            Duration maxAge,
            @Setting(value = "64KiB", alias = "APICAST_PROXY_BUFFER_SIZE", says = "Largest head of an answer.")
            ByteSize maxHead,
            @Setting(value = "preserve", says = "What the upstream gets as path: the client's bytes, the normalised form, or a refusal (400) where the two differ; normalise-behind-base-path is what 3scale does and what 3scale documents use. Mapping rules always look at the normalised form.")
            UpstreamPath path,
            @Setting(value = "append", says = "What happens to `X-Forwarded-For`, `-Proto`, `-Host` and `Via`: append ours, replace the client's, or pass them. 3scale documents use pass.")
            ForwardedHeaders forwarded,
            @Setting(value = "", alias = "http_proxy,HTTP_PROXY", says = "HTTP proxy through which plain upstreams, meters, portals and token providers are reached, e.g. http://user:password@proxy.internal:3128.")
            @Nullable Secret httpProxy,
            @Setting(value = "", alias = "https_proxy,HTTPS_PROXY", says = "HTTP proxy through which those with https are reached.")
            @Nullable Secret httpsProxy,
            @Setting(value = "", alias = "all_proxy,ALL_PROXY", says = "HTTP proxy where neither of the two is set.")
            @Nullable Secret allProxy,
            @Setting(value = "", alias = "no_proxy,NO_PROXY", says = "Hosts that are reached directly, with all names below them, separated by commas; `*` for all.")
            @Nullable String noProxy,
            UpstreamTls tls) implements Checked {

        @Override public void check(Complaints complain) {
            proxy(complain, "http-proxy", httpProxy);
            proxy(complain, "https-proxy", httpsProxy);
            proxy(complain, "all-proxy", allProxy);
            complain.atLeast("max-connections", maxConnections, 1);
            complain.atLeast("max-connections-total", maxConnectionsTotal, 1);
            complain.atLeast("max-head", maxHead, 1024);
            complain.atMost("max-head", maxHead, 1 << 24);
        }

        private static void proxy(Complaints complain, String name, @Nullable Secret url) {
            if (url != null && ForwardProxy.read(url.value()) instanceof ForwardProxy.Read.Bad(var message)) {
                complain.about(name, message);
            }
        }
    }

    /// How we speak TLS to upstreams, meters, portals and token providers.
    public record UpstreamTls(
            @Setting(value = "auto", alias = "OPENSSL_VERIFY", says = "Whether their certificates are checked; auto checks them, unless the products come from a 3scale document or portal, for 3scale's gateway checks none unless it is told to.")
            Verify verify,
            @Setting(value = "", alias = "SSL_CERT_FILE", says = "PEM file of the authorities that are trusted; not set for those of the JVM.")
            @Nullable Path trustedRoots,
            @Setting(value = "", alias = "APICAST_PROXY_HTTPS_CERTIFICATE", says = "PEM file of our own certificate, for upstreams that want one.")
            @Nullable Path certificate,
            @Setting(value = "", alias = "APICAST_PROXY_HTTPS_CERTIFICATE_KEY", says = "PEM file of its private key.")
            @Nullable Path key,
            @Setting(value = "", alias = "APICAST_PROXY_HTTPS_PASSWORD_FILE", says = "File with pass phrases for that key, one per line, if it is encrypted.")
            @Nullable Path keyPasswords) implements Checked {

        public enum Verify { AUTO, TRUE, FALSE }

        @Override public void check(Complaints complain) {
            if ((certificate == null) != (key == null)) {
                complain.about(certificate == null ? "certificate" : "key", "missing, while the other of the two is set");
            }
            complain.unreadable("trusted-roots", trustedRoots);
            complain.unreadable("key-passwords", keyPasswords);
            complain.unreadable("certificate", certificate);
            complain.unreadable("key", key);
        }
    }

    /// How names become addresses.
    public record Dns(
            @Setting(value = "", alias = "RESOLVER", says = "Name servers asked before those of `dns.resolv-conf`.")
            @Nullable NameServers servers,
            @Setting(value = "/etc/resolv.conf", says = "The file that names further servers and the search list; `/dev/null` for none.")
            Path resolvConf,
            @Setting(value = "2900ms", says = "How long one server may take to answer one question.")
            Duration queryTimeout,
            @Setting(value = "false", says = "Whether IPv6 addresses are asked for as well.")
            boolean ipv6,
            @Setting(value = "1s", says = "Least time an answer is kept.")
            Duration minTtl,
            @Setting(value = "1h", says = "Longest time an answer is kept.")
            Duration maxTtl,
            @Setting(value = "5s", says = "How long \"no such name\" is remembered.")
            Duration negativeTtl,
            @Setting(value = "1h", says = "How long the last good answer is used while nobody answers anew; such calls carry the warning D-STALE-USED.")
            Duration stale) implements Checked {

        @Override public void check(Complaints complain) {
            if (minTtl.compareTo(maxTtl) > 0) {
                complain.about("min-ttl", "longer than dns.max-ttl");
            }
        }
    }

    /// Flight records: what is kept of calls, for `tollkeeper explain`.
    public record Flight(
            @Setting(value = "4096", says = "Records kept in memory per event loop.")
            int records,
            @Setting(value = "50", says = "Successful calls kept per second; failures are kept within quotas per product and application.")
            int successesPerSecond,
            @Setting(value = "64MiB", says = "Records on disk, in the data folder; the oldest go first. 0B for none.")
            ByteSize maxDisk,
            @Setting(value = "7d", says = "Age at which records leave the disk.")
            Duration maxAge) implements Checked {

        @Override public void check(Complaints complain) {
            complain.atLeast("records", records, 16);
        }
    }

    /// How the program ends on SIGTERM.
    public record Drain(
            @Setting(value = "0s", says = "Between \"not ready\" and the closing of the listeners, for load balancers to notice.")
            Duration delay,
            @Setting(value = "30s", says = "How long calls under way may take to finish.")
            Duration timeout) {}
}
