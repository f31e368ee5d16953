package io.tollkeeper.gateway.meter;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

import io.tollkeeper.core.proxy.BackendEndpoint;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.gateway.exchange.GatewayLoop;
import io.tollkeeper.http.Loop;
import io.tollkeeper.http.UpstreamPool;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A meter over HTTP: ours, Apisonator or 3scale's own (gateway specification, sections 6 and 7). One per process; asked
/// on event loops, never blocks. What it said is remembered in a cache that all loops share.
///
/// | call | while its client waits | afterwards |
/// |---|---|---|
/// | not known, or refused last time | authrep: decides and counts | |
/// | let in last time | | authrep: decides about the next, counts this one |
public final class RemoteMeter implements Meter, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RemoteMeter.class);
    /// An outage is told at once, then not again for so long.
    private static final long TELL_EVERY = TimeUnit.SECONDS.toNanos(60);
    private static final long LOOK_EVERY = 20;
    private static final long FLUSH_EVERY = TimeUnit.SECONDS.toNanos(1);

    private final UpstreamPool pool;
    private final List<Loop> loops;
    private final RemoteMeterSettings settings;
    private final AuthCache cache;
    private final ReportQueue reportQueue;
    private final BatchedDecisions batchedDecisions = new BatchedDecisions();
    private final Map<String, UsageBatch> batches = new ConcurrentHashMap<>();
    private final AtomicLong batchedBytes = new AtomicLong();
    private final @Nullable MeterLoop[] perLoop;
    private final AtomicLong lastTold = new AtomicLong(System.nanoTime() - TELL_EVERY);

    /// @param loops all loops on which it is asked, by their index
    public RemoteMeter(UpstreamPool pool, List<Loop> loops, RemoteMeterSettings settings) {
        this.pool = pool;
        this.loops = List.copyOf(loops);
        this.settings = settings;
        this.cache = new AuthCache(settings.cacheBytes());
        this.reportQueue = new ReportQueue(settings.queuedReports());
        this.perLoop = new MeterLoop[loops.size()];
    }

    @Override
    public @Nullable String problem(ProxyConfig config) {
        BackendEndpoint configured = configured(config);
        if (configured == null) {
            return "is missing (expected: the URL of the Service Management API that decides about this product's calls)";
        }
        return MeterEndpoint.read(configured, settings.tls()) instanceof MeterEndpoint.Read.Bad bad ? bad.message() : null;
    }

    @Override
    public Account account(ProxyConfig config, List<String> metrics) {
        BackendEndpoint configured = configured(config);
        if (configured != null
                && MeterEndpoint.read(configured, settings.tls()) instanceof MeterEndpoint.Read.Good good) {
            return new RemoteAccount(this, good.endpoint(), config, metrics);
        }
        throw new IllegalArgumentException("product " + config.productId() + " has no usable backend endpoint");
    }

    private @Nullable BackendEndpoint configured(ProxyConfig config) {
        String override = settings.endpointOverride();
        return override == null ? config.backend() : new BackendEndpoint(override, null);
    }

    RemoteMeterSettings settings() {
        return settings;
    }

    UpstreamPool pool() {
        return pool;
    }

    AuthCache cache() {
        return cache;
    }

    ReportQueue reportQueue() {
        return reportQueue;
    }

    BatchedDecisions batchedDecisions() {
        return batchedDecisions;
    }

    /// Where usage of a product waits that is handed in together. The first call's loop sends.
    UsageBatch batch(MeterLoop loop, MeterEndpoint endpoint, String target) {
        String key = endpoint.description() + target;
        UsageBatch known = batches.get(key);
        return known != null
                ? known
                : batches.computeIfAbsent(key, _ -> new UsageBatch(loop, endpoint, target, batchedBytes, settings.batchBytes()));
    }

    /// On that loop.
    MeterLoop of(GatewayLoop gateway) {
        int index = gateway.loop().index();
        MeterLoop known = perLoop[index];
        if (known == null) {
            known = new MeterLoop(this, gateway);
            perLoop[index] = known;
        }
        return known;
    }

    /// A report was lost, or a decision could not be had: told in the log, not too often. Any loop.
    void outage(MeterEndpoint endpoint, MeterAnswer answer) {
        long now = System.nanoTime();
        long last = lastTold.get();
        if (now - last >= TELL_EVERY && lastTold.compareAndSet(last, now)) {
            LOG.warn("{}: {} (told at most once a minute)", answer.failure().code(), answer.describe(endpoint));
        }
    }

    /// Waits until everything that is owed to meters was handed in, at most so long. Blocks; not on a loop.
    ///
    /// @return whether nothing is owed any more
    public boolean drain(Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        long flushed = 0;
        try {
            while (true) {
                if (flushed == 0 || System.nanoTime() - flushed > FLUSH_EVERY) {
                    batches.values().forEach(UsageBatch::flush);
                    flushed = System.nanoTime();
                }
                int owed = owed(end);
                if (owed == 0) {
                    return true;
                }
                if (System.nanoTime() - end >= 0) {
                    LOG.warn("{} reports to service management were not answered in time", owed);
                    return false;
                }
                TimeUnit.MILLISECONDS.sleep(LOOK_EVERY);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private int owed(long end) throws InterruptedException {
        int owed = 0;
        for (UsageBatch batch : batches.values()) {
            owed += batch.isEmpty() ? 0 : 1;
        }
        for (Loop loop : loops) {
            CompletableFuture<Integer> counted = new CompletableFuture<>();
            loop.execute(() -> {
                MeterLoop known = perLoop[loop.index()];
                counted.complete(known == null ? 0 : known.owed());
            });
            try {
                owed += counted.get(Math.max(1, end - System.nanoTime()), TimeUnit.NANOSECONDS);
            } catch (TimeoutException | ExecutionException _) {
                owed++; // a loop that does not answer may owe something
            }
        }
        return owed;
    }

    /// Hands in what is owed, for at most ten seconds. Blocks.
    @Override
    public void close() {
        drain(Duration.ofSeconds(10));
    }
}
