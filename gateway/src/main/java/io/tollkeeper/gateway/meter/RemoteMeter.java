package io.tollkeeper.gateway.meter;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
import io.tollkeeper.http.metrics.PrometheusText;
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
/// | let in last time, by a meter of ours | | noted on disk, handed in within about a second; the meter is asked again once a second |
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
    private final List<MeterLoop> perLoop;
    private final Set<MeterEndpoint> ours = ConcurrentHashMap.newKeySet();
    private final BoundedCache<Freshness> freshness;
    private volatile @Nullable Spool spool;
    private boolean spoolFailed;
    private final AtomicLong lastTold = new AtomicLong(System.nanoTime() - TELL_EVERY);

    /// @param loops all loops on which it is asked, by their index
    public RemoteMeter(UpstreamPool pool, List<Loop> loops, RemoteMeterSettings settings) {
        this.pool = pool;
        this.loops = List.copyOf(loops);
        this.settings = settings;
        this.cache = new AuthCache(settings.cacheBytes());
        this.reportQueue = new ReportQueue(settings.queuedReports());
        this.perLoop = loops.stream().map(loop -> new MeterLoop(this, loop)).toList();
        this.freshness = new BoundedCache<>(settings.cacheBytes());
        Path folder = settings.spool();
        if (folder != null && Files.isDirectory(folder)) {
            openSpool(folder);
        }
    }

    /// Opened with the first product that asks a remote meter, or if an earlier process may have left something. Blocks.
    private synchronized void openSpool(Path folder) {
        if (spool != null || spoolFailed) {
            return;
        }
        try {
            spool = new Spool(this, folder, settings.spoolBytes(), loops);
        } catch (IOException e) {
            spoolFailed = true;
            LOG.error("counts cannot be kept in {} ({}): meters of ours are asked for every call, as others are", folder, e.toString());
        }
    }

    @Override
    public @Nullable String problem(ProxyConfig config) {
        BackendEndpoint configured = configured(config);
        if (configured == null) {
            return "is missing (expected: the URL of the Service Management API that decides about this product's calls)";
        }
        return MeterEndpoint.read(configured, settings.tls(), settings.proxies()) instanceof MeterEndpoint.Read.Bad bad ? bad.message() : null;
    }

    @Override
    public Account account(ProxyConfig config, List<String> metrics) {
        BackendEndpoint configured = configured(config);
        if (configured != null
                && MeterEndpoint.read(configured, settings.tls(), settings.proxies()) instanceof MeterEndpoint.Read.Good good) {
            Path folder = settings.spool();
            if (folder != null) {
                openSpool(folder);
            }
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
        MeterLoop loop = perLoop.get(gateway.loop().index());
        if (loop.metrics() != gateway.metrics()) {
            loop.metrics(gateway.metrics());
        }
        return loop;
    }

    MeterLoop of(Loop loop) {
        return perLoop.get(loop.index());
    }

    /// Where counts for meters of ours wait; null if there is no such place.
    @Nullable Spool spool() {
        return spool;
    }

    /// Whether an answer said that this meter is one of ours.
    boolean isOurs(MeterEndpoint endpoint) {
        return ours.contains(endpoint);
    }

    void isOurs(MeterEndpoint endpoint, boolean so) {
        if (so) {
            ours.add(endpoint);
        } else {
            ours.remove(endpoint);
        }
    }

    BoundedCache<Freshness> freshness() {
        return freshness;
    }

    @Override
    public void metrics(PrometheusText out) {
        out.gauge("tollkeeper_meter_reports_waiting", "Reports to remote meters that wait to be sent.", reportQueue.waiting());
        out.gauge("tollkeeper_batch_bytes", "Bytes of usage that batching products have not handed in.", batchedBytes.get());
        Spool open = spool;
        if (open != null) {
            out.gauge("tollkeeper_spool_files", "Files of counts that wait for a meter of ours.", open.waiting());
        }
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
                counted.complete(of(loop).owed());
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
        Spool open = spool;
        if (open != null) {
            open.close();
        }
    }
}
