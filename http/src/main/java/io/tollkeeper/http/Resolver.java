package io.tollkeeper.http;

import java.io.File;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

import io.netty.resolver.HostsFileEntriesProvider;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsNameResolverChannelStrategy;
import io.netty.util.NetUtil;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Names to addresses, honouring times to live (architecture.md 8.7). Callable from any loop; queries run on one.
///
/// An answer is refreshed in the background at 80 % of its time. When that fails, the last good answer serves on, with a
/// warning, while a new one is tried for. Reading a valid answer is one look into a map.
public final class Resolver implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Resolver.class);

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    /// After a failure a name is not asked for again before this time, whatever the load.
    private static final long BETWEEN_FAILURES = SECOND;
    /// An address that left is remembered as long as a connection to it can live.
    private static final long REMEMBER_LEFT = TimeUnit.HOURS.toNanos(1);
    private static final File HOSTS = new File("/etc/hosts");
    private static final int MOST_NAMES = 10_000;

    private final EngineSettings.Dns settings;
    private final Loop home;
    private final ResolvConf conf;
    private final List<InetSocketAddress> servers;
    private final DnsNameResolver wire;
    private final File hostsFile;
    private volatile Map<String, List<InetAddress>> hosts;
    /// Of the hosts file; on the watch's thread after the start.
    private FileStamp hostsStamp;
    private final Map<String, Name> names = new ConcurrentHashMap<>();
    private volatile boolean closed;

    Resolver(EngineSettings.Dns settings, Transport.Chosen transport, Loop home) {
        this(settings, transport, home, ResolvConf.read(settings.resolvConf()), HOSTS);
    }

    Resolver(EngineSettings.Dns settings, Transport.Chosen transport, Loop home, ResolvConf conf, File hostsFile) {
        this.settings = settings;
        this.home = home;
        this.conf = conf;
        List<InetSocketAddress> all = new ArrayList<>(settings.servers());
        all.addAll(conf.servers());
        this.servers = List.copyOf(all);
        this.wire = new DnsNameResolverBuilder(home.eventLoop())
                .datagramChannelType(transport.datagram())
                // Over TCP when an answer is truncated.
                .socketChannelType(transport.client())
                // A new port for every question: harder to forge answers for.
                .datagramChannelStrategy(DnsNameResolverChannelStrategy.ChannelPerResolution)
                .queryTimeoutMillis(settings.queryTimeout().toMillis())
                .build();
        this.hostsFile = hostsFile;
        this.hostsStamp = FileStamp.of(List.of(hostsFile.toPath()));
        this.hosts = readHosts();
    }

    private Map<String, List<InetAddress>> readHosts() {
        Map<String, List<InetAddress>> hosts = new HashMap<>();
        HostsFileEntriesProvider file = HostsFileEntriesProvider.parser().parseSilently(hostsFile, StandardCharsets.UTF_8);
        file.ipv4Entries().forEach((name, addresses) -> hosts.put(name.toLowerCase(Locale.ROOT), List.copyOf(addresses)));
        if (settings.ipv6()) {
            file.ipv6Entries().forEach((name, addresses) -> hosts.putIfAbsent(name.toLowerCase(Locale.ROOT), List.copyOf(addresses)));
        }
        hosts.putIfAbsent("localhost", List.of(NetUtil.LOCALHOST4));
        return Map.copyOf(hosts);
    }

    /// Reads the hosts file again if it has changed. Blocks.
    void lookAtHosts() {
        FileStamp now = FileStamp.of(List.of(hostsFile.toPath()));
        if (!now.equals(hostsStamp)) {
            hostsStamp = now;
            hosts = readHosts();
            LOG.info("dns: {} was read again", hostsFile);
        }
    }

    /// Finds addresses. On `loop`; `then` is called there, possibly before this returns.
    void resolve(Loop loop, String host, Consumer<Resolution> then) {
        InetAddress literal = NetUtil.createInetAddressFromIpAddressString(host);
        if (literal != null) {
            then.accept(new Resolution.Found(List.of(literal), false));
            return;
        }
        String lower = host.toLowerCase(Locale.ROOT);
        List<InetAddress> fixed = hosts.get(lower);
        if (fixed != null) {
            then.accept(new Resolution.Found(fixed, false));
            return;
        }
        Name name = name(lower);
        long now = System.nanoTime();
        Resolution known = name.known(now);
        if (known != null) {
            if (name.isDue(now)) {
                refresh(name);
            }
            then.accept(known);
            return;
        }
        home.execute(() -> name.lookUp(resolution -> loop.execute(() -> then.accept(resolution))));
    }

    /// Asks for a name again if its answer nears its end. Any thread; for names that connections are kept to.
    void keepFresh(String host) {
        Name name = names.get(host.toLowerCase(Locale.ROOT));
        if (name != null && name.isDue(System.nanoTime())) {
            refresh(name);
        }
    }

    /// Addresses that were absent from every answer for so long that connections to them are given up. Any thread.
    Set<InetAddress> left(String host) {
        Name name = names.get(host.toLowerCase(Locale.ROOT));
        return name == null ? Set.of() : name.left;
    }

    /// A name that was asked for, and what is known of it.
    ///
    /// @param addresses   of the last good answer
    /// @param secondsLeft until it is asked for again; less than none for an answer past its time
    /// @param failure     why there is no newer answer, null if there is
    public record Known(String name, List<String> addresses, long secondsLeft, @Nullable String failure) {
        public Known {
            addresses = List.copyOf(addresses);
        }
    }

    /// What is known of all names, sorted. Any thread.
    public List<Known> known() {
        long now = System.nanoTime();
        List<Known> all = new ArrayList<>();
        for (Name name : names.values()) {
            Answer good = name.answer;
            Failure bad = name.failure;
            all.add(new Known(
                    name.host,
                    good == null ? List.of() : good.addresses().stream().map(InetAddress::getHostAddress).toList(),
                    good == null ? 0 : TimeUnit.NANOSECONDS.toSeconds(good.got() + good.ttl() - now),
                    bad == null ? null : bad.failed().reason().code() + ": " + bad.failed().evidence()));
        }
        all.sort(java.util.Comparator.comparing(Known::name));
        return all;
    }

    private Name name(String host) {
        Name name = names.get(host);
        if (name == null) {
            if (names.size() >= MOST_NAMES) {
                // Names come from configuration; so many of them come from somewhere else.
                long now = System.nanoTime();
                names.values().removeIf(old -> old.known(now) == null);
            }
            name = names.computeIfAbsent(host, Name::new);
        }
        return name;
    }

    private void refresh(Name name) {
        if (!closed && name.refreshing.compareAndSet(false, true)) {
            home.execute(() -> name.lookUp(ignored -> {}));
        }
    }

    @Override
    public void close() {
        closed = true;
        wire.close();
    }

    /// A good answer. Immutable.
    private record Answer(List<InetAddress> addresses, long got, long ttl) {

        boolean isFresh(long now) {
            return now - got < ttl;
        }

        boolean isDue(long now) {
            return now - got >= ttl / 10 * 8;
        }
    }

    /// A failed lookup. Immutable.
    private record Failure(Resolution.Failed failed, long at, long keep) {

        boolean isFresh(long now) {
            return now - at < keep;
        }

        boolean isAnswer() {
            return failed.reason() == Reason.DNS_NXDOMAIN || failed.reason() == Reason.DNS_EMPTY;
        }
    }

    /// What is known of a name. Written on the resolver's loop, read from all.
    private final class Name {
        private final String host;
        private final AtomicBoolean refreshing = new AtomicBoolean();
        private volatile @Nullable Answer answer;
        private volatile @Nullable Failure failure;
        private volatile Set<InetAddress> left = Set.of();
        /// When each address was part of an answer last; on the resolver's loop only.
        private final Map<InetAddress, Long> seen = new HashMap<>();
        private final List<Consumer<Resolution>> waiting = new ArrayList<>();

        Name(String host) {
            this.host = host;
        }

        /// What can be said without asking; null if nothing can.
        @Nullable Resolution known(long now) {
            Answer good = answer;
            if (good != null && good.isFresh(now)) {
                return new Resolution.Found(good.addresses(), false);
            }
            Failure bad = failure;
            return bad != null && bad.isFresh(now) ? instead(bad, now) : null;
        }

        /// The last good answer while it serves, else the failure. "No such name" and "no address" are answers too: they
        /// are believed (RFC 8767 section 4).
        private Resolution instead(Failure bad, long now) {
            Answer good = answer;
            if (good == null) {
                return bad.failed();
            }
            boolean believed = bad.isAnswer();
            if (!believed && now - good.got() - good.ttl() < settings.staleFor().toNanos()) {
                return new Resolution.Found(good.addresses(), true);
            }
            return new Resolution.Failed(bad.failed().reason(), bad.failed().evidence() + "; last good answer "
                    + addresses(good.addresses()) + " is " + Evidence.time(now - good.got()) + " old"
                    + (believed ? "" : ", too old to use"));
        }

        boolean isDue(long now) {
            Answer good = answer;
            Failure bad = failure;
            return good != null && good.isDue(now) && (bad == null || now - bad.at() >= BETWEEN_FAILURES);
        }

        /// Asks, unless somebody does already. On the resolver's loop.
        void lookUp(Consumer<Resolution> then) {
            Resolution known = refreshing.get() ? null : known(System.nanoTime());
            if (known != null) {
                then.accept(known);
                return;
            }
            waiting.add(then);
            if (waiting.size() > 1) {
                return;
            }
            if (closed) {
                failed(Reason.DRAINING, "the gateway shuts down");
                return;
            }
            new DnsLookup(wire, host, conf.candidates(host), servers, settings.ipv6(), new DnsLookup.Outcome() {
                        @Override
                        public void found(List<InetAddress> addresses, long ttlSeconds) {
                            Name.this.found(addresses, ttlSeconds);
                        }

                        @Override
                        public void failed(Reason reason, String evidence) {
                            Name.this.failed(reason, evidence);
                        }
                    })
                    .start();
        }

        private void found(List<InetAddress> addresses, long ttlSeconds) {
            long now = System.nanoTime();
            long ttl = Math.clamp(
                    TimeUnit.SECONDS.toNanos(ttlSeconds), settings.minimumTtl().toNanos(), settings.maximumTtl().toNanos());
            Answer previous = answer;
            if (previous != null && !Set.copyOf(previous.addresses()).equals(Set.copyOf(addresses))) {
                LOG.info("dns: {} is now {} (was {})", host, addresses(addresses), addresses(previous.addresses()));
            }
            answer = new Answer(List.copyOf(addresses), now, ttl);
            failure = null;
            noteLeft(addresses, now, ttl);
            tell(new Resolution.Found(addresses, false));
        }

        private void noteLeft(List<InetAddress> addresses, long now, long ttl) {
            for (InetAddress address : addresses) {
                seen.put(address, now);
            }
            long patience = Math.max(3 * ttl, settings.drainAfter().toNanos());
            seen.values().removeIf(last -> now - last > patience + REMEMBER_LEFT);
            Set<InetAddress> gone = new java.util.HashSet<>();
            seen.forEach((address, last) -> {
                if (now - last >= patience) {
                    gone.add(address);
                }
            });
            left = Set.copyOf(gone);
        }

        private void failed(Reason reason, String evidence) {
            long now = System.nanoTime();
            long keep = reason == Reason.DNS_NXDOMAIN || reason == Reason.DNS_EMPTY
                    ? settings.negativeTtl().toNanos()
                    : BETWEEN_FAILURES;
            Failure bad = new Failure(new Resolution.Failed(reason, evidence), now, keep);
            failure = bad;
            Answer good = answer;
            Resolution instead = good != null && good.isFresh(now) ? new Resolution.Found(good.addresses(), false) : instead(bad, now);
            if (good != null) {
                LOG.warn("dns: refresh of {} failed: {} ({}); {}", host, reason.code(), evidence,
                        instead instanceof Resolution.Found(var used, var stale)
                                ? (stale ? Reason.DNS_STALE_USED.code() + ": " : "") + "the last good answer " + addresses(used)
                                        + ", " + Evidence.time(now - good.got()) + " old, is used"
                                : "the last good answer is not used");
            }
            tell(instead);
        }

        private void tell(Resolution resolution) {
            refreshing.set(false);
            List<Consumer<Resolution>> all = List.copyOf(waiting);
            waiting.clear();
            all.forEach(one -> one.accept(resolution));
        }

        private static String addresses(List<InetAddress> addresses) {
            return String.join(", ", addresses.stream().map(InetAddress::getHostAddress).toList());
        }
    }
}
