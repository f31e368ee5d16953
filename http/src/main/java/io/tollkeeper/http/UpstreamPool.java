package io.tollkeeper.http;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Connections to upstreams: pools per event loop with a limit over all loops.
///
/// A call takes the connection of its own loop that was used last, or opens one there. Loops share nothing but the
/// number of open connections and what was learned about an upstream ([Destination]).
public final class UpstreamPool implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(UpstreamPool.class);

    /// How often idle connections are looked at for addresses that left their name.
    private static final long SWEEP_NANOS = TimeUnit.SECONDS.toNanos(1);
    /// Upstreams that nobody calls any more are forgotten after this time.
    private static final long FORGET_NANOS = TimeUnit.MINUTES.toNanos(10);
    /// Fields of an answer's head.
    private static final int MOST_FIELDS = 1000;
    /// Upstreams are made per configuration: a loop remembers so many before it forgets those of older ones.
    private static final int REMEMBERED = 4096;

    private final EngineSettings.Upstreams settings;
    private final Transport transport;
    private final Resolver resolver;
    private final WireLimits headLimits;
    private final ConnectionBudget budget;
    private final int loopCount;
    private final OfLoop[] perLoop;
    private final Map<Destination.Key, Destination> destinations = new ConcurrentHashMap<>();
    private final Map<TlsKey, ClientTlsContext> tlsContexts = new ConcurrentHashMap<>();
    /// Files that were tried in vain; on the watch's thread.
    private final Map<TlsKey, FileStamp> unusable = new HashMap<>();
    private final AtomicInteger turn = new AtomicInteger();

    UpstreamPool(
            EngineSettings.Upstreams settings,
            Transport.Chosen transport,
            Resolver resolver,
            List<Loop> loops,
            FileWatch files) {
        this.settings = settings;
        this.transport = transport.transport();
        this.resolver = resolver;
        this.headLimits = new WireLimits(settings.headSize(), settings.headSize(), settings.headSize(), MOST_FIELDS, -1, 0);
        this.budget = new ConnectionBudget(settings.connections());
        this.loopCount = loops.size();
        this.perLoop = new OfLoop[loops.size()];
        for (Loop loop : loops) {
            perLoop[loop.index()] = new OfLoop(loop, transport);
        }
        files.add(this::lookAtFiles);
    }

    /// Calls an upstream. On `loop` only; `handler` hears everything on that loop, possibly before this returns.
    ///
    /// The request's body is asked for (piped) once a connection stands.
    public UpstreamCall call(Loop loop, Upstream upstream, UpstreamRequest request, UpstreamHandler handler) {
        OutgoingCall call = request.call;
        call.start(perLoop[loop.index()].poolOf(upstream), upstream, handler);
        return call;
    }

    /// Connections to an upstream that are open now, over all loops. Any thread.
    public int openConnections(Upstream upstream) {
        Destination destination = destinations.get(Destination.Key.of(upstream));
        return destination == null ? 0 : destination.open();
    }

    /// Reads the files of these settings, so that mistakes show before the first call. Blocks; not on a loop.
    ///
    /// @throws IllegalArgumentException if a file cannot be used; the message names it
    public void prepare(ClientTls tls) {
        prepare(tls, Upstream.Protocol.HTTP_1_1);
    }

    /// The same for upstreams that are spoken to in that protocol.
    public void prepare(ClientTls tls, Upstream.Protocol protocol) {
        contextOf(tls, protocol);
    }

    ClientTlsContext contextOf(ClientTls tls, Upstream.Protocol protocol) {
        return tlsContexts.computeIfAbsent(new TlsKey(tls, protocol), UpstreamPool::newContext);
    }

    private static ClientTlsContext newContext(TlsKey key) {
        return ClientTlsContext.of(key.tls(), key.protocol(), ServerTlsContext.provider());
    }

    /// Reads files of TLS settings again that have changed, and forgets settings that nobody uses any more. New
    /// connections are made with what is new; the others end within their age. Blocks.
    private void lookAtFiles() {
        long now = System.nanoTime();
        tlsContexts.values().removeIf(unused -> now - unused.lastUsed() > FORGET_NANOS);
        tlsContexts.forEach((key, known) -> {
            FileStamp files = known.stampNow();
            if (known.isOf(files) || files.equals(unusable.get(key))) {
                return;
            }
            try {
                tlsContexts.replace(key, known, newContext(key));
                unusable.remove(key);
                LOG.info("tls: files for upstreams were read again: {}", key.tls());
            } catch (IllegalArgumentException e) {
                unusable.put(key, files);
                LOG.warn("tls: files for upstreams have changed and cannot be used, those of before still are: {}", e.getMessage());
            }
        });
        unusable.keySet().retainAll(tlsContexts.keySet());
    }

    /// The context of these settings if it was made already.
    @Nullable ClientTlsContext preparedTls(ClientTls tls, Upstream.Protocol protocol) {
        return tlsContexts.get(new TlsKey(tls, protocol));
    }

    private record TlsKey(ClientTls tls, Upstream.Protocol protocol) {}

    /// Idle connections are closed, calls under way go on until the loops end.
    @Override
    public void close() {
        for (OfLoop loop : perLoop) {
            loop.loop.execute(loop::close);
        }
    }

    ConnectionBudget budget() {
        return budget;
    }

    /// Has every loop close the idle connection that it can best do without. Any thread.
    void closeSomeIdle() {
        for (OfLoop loop : perLoop) {
            loop.loop.execute(loop::closeOldestIdle);
        }
    }

    EngineSettings.Upstreams settings() {
        return settings;
    }

    /// What is accepted of an answer's head.
    WireLimits headLimits() {
        return headLimits;
    }

    Transport transport() {
        return transport;
    }

    Resolver resolver() {
        return resolver;
    }

    /// A number for round robin over addresses, process-wide.
    int nextTurn() {
        return turn.getAndIncrement() & Integer.MAX_VALUE;
    }

    /// What a client channel of that loop is made with.
    Bootstrap bootstrap(Loop loop) {
        return perLoop[loop.index()].bootstrap.clone();
    }

    /// The pools of one loop.
    private final class OfLoop {
        private final Loop loop;
        private final Bootstrap bootstrap;
        private final IdentityHashMap<Upstream, ConnectionPool> byIdentity = new IdentityHashMap<>();
        private final Map<Destination.Key, ConnectionPool> pools = new HashMap<>();
        private @Nullable Upstream last;
        private @Nullable ConnectionPool lastPool;
        private boolean closed;
        private final DeadlineWheel.Deadline sweep = new DeadlineWheel.Deadline() {
            @Override
            protected void expired() {
                sweep();
            }
        };

        OfLoop(Loop loop, Transport.Chosen transport) {
            this.loop = loop;
            this.bootstrap = new Bootstrap()
                    .group(loop.eventLoop())
                    .channel(transport.client())
                    .disableResolver()
                    .option(ChannelOption.AUTO_READ, false)
                    // A failed write is not the verdict: an early answer may wait to be read (architecture.md 8.4).
                    .option(ChannelOption.AUTO_CLOSE, false)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .option(ChannelOption.WRITE_BUFFER_WATER_MARK, Engine.WRITE_MARKS);
        }

        ConnectionPool poolOf(Upstream upstream) {
            ConnectionPool pool = lastPool;
            if (pool != null && last == upstream) {
                return pool;
            }
            pool = byIdentity.get(upstream);
            if (pool == null) {
                pool = poolOfEqual(upstream);
            }
            last = upstream;
            lastPool = pool;
            return pool;
        }

        private ConnectionPool poolOfEqual(Upstream upstream) {
            if (byIdentity.size() >= REMEMBERED) {
                byIdentity.clear();
            }
            Destination.Key key = Destination.Key.of(upstream);
            ConnectionPool pool = pools.get(key);
            if (pool == null) {
                pool = join(key, upstream.describe());
                pools.put(key, pool);
                if (!sweep.isSet() && !closed) {
                    loop.deadlines().set(sweep, SWEEP_NANOS);
                }
            }
            byIdentity.put(upstream, pool);
            return pool;
        }

        /// Joining and leaving are one step each for all loops, so that a destination never exists twice.
        private ConnectionPool join(Destination.Key key, String name) {
            ConnectionPool[] made = new ConnectionPool[1];
            destinations.compute(key, (k, known) -> {
                Destination destination = known == null ? new Destination(k, name, budget, loopCount) : known;
                made[0] = new ConnectionPool(UpstreamPool.this, loop, destination);
                destination.join(made[0]);
                return destination;
            });
            return made[0];
        }

        private void leave(ConnectionPool pool) {
            byIdentity.values().removeIf(known -> known == pool);
            if (lastPool == pool) {
                last = null;
                lastPool = null;
            }
            destinations.computeIfPresent(pool.destination().key(), (k, known) -> known.leave(pool) ? null : known);
        }

        private void closeOldestIdle() {
            for (ConnectionPool pool : pools.values()) {
                if (pool.closeOldestIdle()) {
                    return;
                }
            }
        }

        private void sweep() {
            long now = System.nanoTime();
            pools.values().removeIf(pool -> {
                pool.sweep(now);
                if (!pool.isForgotten(now, FORGET_NANOS)) {
                    return false;
                }
                leave(pool);
                return true;
            });
            if (!closed) {
                loop.deadlines().set(sweep, SWEEP_NANOS);
            }
        }

        void close() {
            closed = true;
            pools.values().forEach(ConnectionPool::close);
        }
    }
}
