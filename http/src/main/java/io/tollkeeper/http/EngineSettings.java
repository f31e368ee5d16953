package io.tollkeeper.http;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

import org.jspecify.annotations.Nullable;

/// How the engine runs. Immutable.
///
/// @param transport forces one; null takes the best that really works
/// @param loops     number of event loops, normally one per core
/// @param dns       how names are resolved
public record EngineSettings(@Nullable Transport transport, int loops, Dns dns) {

    /// @param servers      asked before those of `/etc/resolv.conf`, in this order
    /// @param ipv6         whether AAAA records are asked for too
    /// @param queryTimeout per query to one server
    /// @param minimumTtl   answers are kept at least this long
    /// @param maximumTtl   and at most this long
    /// @param negativeTtl  how long "no such name" is kept
    /// @param staleFor     how long the last good answer is used past its time while nothing better can be had
    public record Dns(
            List<InetSocketAddress> servers,
            boolean ipv6,
            Duration queryTimeout,
            Duration minimumTtl,
            Duration maximumTtl,
            Duration negativeTtl,
            Duration staleFor) {

        public Dns {
            servers = List.copyOf(servers);
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

    /// The best transport, one loop per core, names as the system resolves them.
    public static final EngineSettings DEFAULT =
            new EngineSettings(null, Runtime.getRuntime().availableProcessors(), Dns.DEFAULT);
}
