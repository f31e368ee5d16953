package io.tollkeeper.http;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import org.jspecify.annotations.Nullable;

/// How the engine runs. Immutable.
///
/// @param transport forces one; null takes the best that really works
/// @param loops     number of event loops, normally one per core
/// @param dns       how names are resolved
/// @param upstreams how connections to upstreams are kept
public record EngineSettings(@Nullable Transport transport, int loops, Dns dns, Upstreams upstreams) {

    /// With [Upstreams#DEFAULT].
    public EngineSettings(@Nullable Transport transport, int loops, Dns dns) {
        this(transport, loops, dns, Upstreams.DEFAULT);
    }

    /// @param servers      asked before those of `resolvConf`, in this order
    /// @param ipv6         whether AAAA records are asked for too
    /// @param queryTimeout per query to one server
    /// @param minimumTtl   answers are kept at least this long
    /// @param maximumTtl   and at most this long
    /// @param negativeTtl  how long "no such name" is kept
    /// @param staleFor     how long the last good answer is used past its time while nothing better can be had
    /// @param drainAfter   connections to an address that is absent from all answers for this long (and three times
    ///                     their time to live) are given up
    /// @param resolvConf   the file that names further servers and the search list, normally `/etc/resolv.conf`
    public record Dns(
            List<InetSocketAddress> servers,
            boolean ipv6,
            Duration queryTimeout,
            Duration minimumTtl,
            Duration maximumTtl,
            Duration negativeTtl,
            Duration staleFor,
            Duration drainAfter,
            Path resolvConf) {

        private static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");

        public Dns {
            servers = List.copyOf(servers);
        }

        /// With `/etc/resolv.conf`.
        public Dns(
                List<InetSocketAddress> servers,
                boolean ipv6,
                Duration queryTimeout,
                Duration minimumTtl,
                Duration maximumTtl,
                Duration negativeTtl,
                Duration staleFor,
                Duration drainAfter) {
            this(servers, ipv6, queryTimeout, minimumTtl, maximumTtl, negativeTtl, staleFor, drainAfter, RESOLV_CONF);
        }

        /// With 60 s until connections to addresses that left are given up.
        public Dns(
                List<InetSocketAddress> servers,
                boolean ipv6,
                Duration queryTimeout,
                Duration minimumTtl,
                Duration maximumTtl,
                Duration negativeTtl,
                Duration staleFor) {
            this(servers, ipv6, queryTimeout, minimumTtl, maximumTtl, negativeTtl, staleFor, Duration.ofSeconds(60));
        }

        /// With another file in place of `/etc/resolv.conf`.
        public Dns withResolvConf(Path file) {
            return new Dns(servers, ipv6, queryTimeout, minimumTtl, maximumTtl, negativeTtl, staleFor, drainAfter, file);
        }

        public static final Dns DEFAULT = new Dns(
                List.of(),
                false,
                Duration.ofMillis(2900),
                Duration.ofSeconds(1),
                Duration.ofHours(1),
                Duration.ofSeconds(5),
                Duration.ofHours(1));
    }

    /// How connections to upstreams are kept.
    ///
    /// @param connections how many may be open to all upstreams together
    /// @param idle     how long a connection waits for its next request; less if an upstream was seen to close earlier
    /// @param age      how old a connection gets
    /// @param slotWait how long a call waits when all allowed connections are busy
    /// @param headSize longest head of an answer, in bytes, and its longest line
    public record Upstreams(int connections, Duration idle, Duration age, Duration slotWait, int headSize) {

        /// 8 192 connections, 55 s idle, 10 min old, 1 s of waiting, heads of 64 KiB.
        public static final Upstreams DEFAULT =
                new Upstreams(8192, Duration.ofSeconds(55), Duration.ofMinutes(10), Duration.ofSeconds(1), 64 * 1024);
    }

    /// The best transport, one loop per core, names as the system resolves them.
    public static final EngineSettings DEFAULT =
            new EngineSettings(null, Runtime.getRuntime().availableProcessors(), Dns.DEFAULT);
}
