package io.tollkeeper.meter;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.authorize.Authorizer;
import io.tollkeeper.core.authorize.LoadKey;
import io.tollkeeper.core.authorize.LoadWaiter;
import io.tollkeeper.core.authorize.Report;
import io.tollkeeper.core.authorize.ReportOutcome;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.Identifier;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.MetricTree;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Counts what providers use of the meter itself, as usage of the master service's application whose user key is the
/// provider key (specification, section 18). [#count] is for event loops: an addition, no lock, no waiting. Every second
/// a thread of its own hands the sums in, like any gateway in the process; at the end once more.
///
/// | call | `transactions/authorize` | `transactions` |
/// |---|---|---|
/// | authorize, whatever comes of it | 1 | |
/// | authrep: counted | 1 | 1; 0 if it had no usage |
/// | authrep: denied, without usage, unknown application | 1 | |
/// | authrep: any other error | | |
/// | report | | transactions but for those that use 0 |
///
/// There are no more sums than provider keys that ever had a product; keys of nobody are dropped at once. While the
/// journal cannot be written, the sums stay.
public final class ProviderTraffic implements AutoCloseable {

    /// Where the traffic is counted.
    public record Master(String productId, String authorizeMetric, String transactionsMetric) {}

    private static final Logger log = LoggerFactory.getLogger(ProviderTraffic.class);

    private static final Duration LOAD = Duration.ofSeconds(10);

    /// Changes between a load and the report are possible but not forever.
    private static final int MOST_LOADS = 8;

    private static final class Sums {
        final AtomicLong calls = new AtomicLong();
        final AtomicLong transactions = new AtomicLong();
    }

    private final Master master;
    private final Catalog catalog;
    private final Applications applications;
    private final Authorizer authorizer;
    private final InstantSource clock;
    private final Map<String, Sums> providers = new ConcurrentHashMap<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    /// Begins to hand in every `pause`.
    public ProviderTraffic(
            Master master,
            Catalog catalog,
            Applications applications,
            Authorizer authorizer,
            InstantSource clock,
            Duration pause) {
        this.master = master;
        this.catalog = catalog;
        this.applications = applications;
        this.authorizer = authorizer;
        this.clock = clock;
        this.thread = Thread.ofVirtual().name("provider-traffic").start(() -> handInUntilClosed(pause));
    }

    /// Adds to what a provider used.
    void count(String providerKey, Catalog.Snapshot now, long calls, long transactions) {
        Sums sums = providers.get(providerKey);
        if (sums == null) {
            if (now.productIds(providerKey).isEmpty()) {
                return;
            }
            sums = providers.computeIfAbsent(providerKey, _ -> new Sums());
        }
        if (calls != 0) {
            sums.calls.addAndGet(calls);
        }
        if (transactions != 0) {
            sums.transactions.addAndGet(transactions);
        }
    }

    private void handInUntilClosed(Duration pause) {
        boolean more = true;
        while (more) {
            try {
                more = !closing.await(pause.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                throw new IllegalStateException("nobody interrupts the hand-in of provider traffic", e);
            }
            try {
                handIn();
            } catch (RuntimeException e) {
                log.error("traffic of providers could not be handed in", e);
            }
        }
    }

    /// Hands in what was counted so far. Blocks while applications are loaded.
    void handIn() {
        Product product = catalog.current().product(Identifier.normal(master.productId));
        providers.forEach((key, sums) -> {
            long calls = take(sums.calls);
            long transactions = take(sums.transactions);
            if (product != null && (calls > 0 || transactions > 0) && !handIn(product, key, calls, transactions)) {
                sums.calls.addAndGet(calls);
                sums.transactions.addAndGet(transactions);
            }
        });
    }

    /// More may have been taken back than was counted since the last time; it stays until there is as much.
    private static long take(AtomicLong sum) {
        long taken = sum.getAndSet(0);
        if (taken < 0) {
            sum.addAndGet(taken);
        }
        return Math.max(0, taken);
    }

    /// False if it has to be tried again.
    private boolean handIn(Product product, String providerKey, long calls, long transactions) {
        var report = new Report(product, Math.floorDiv(clock.millis(), 1_000), false, null, null);
        Report.Transaction traffic = report.add().userKey(providerKey);
        use(traffic, product, master.authorizeMetric, calls);
        use(traffic, product, master.transactionsMetric, transactions);
        for (int attempt = 0; attempt < MOST_LOADS; attempt++) {
            switch (authorizer.report(report)) {
                case ReportOutcome.Counted _, ReportOutcome.NothingToCount _ -> {
                    return true;
                }
                case ReportOutcome.Voided(var faults) -> {
                    log.debug("traffic of a provider is not counted: {}", faults.getFirst().message());
                    return true;
                }
                case ReportOutcome.Unavailable _ -> {
                    return false;
                }
                case ReportOutcome.NotLoaded(var keys) -> {
                    if (!load(keys)) {
                        return false;
                    }
                }
            }
        }
        return false;
    }

    private static void use(Report.Transaction traffic, Product product, String metric, long amount) {
        if (amount > 0 && product.metricNumber(metric) != MetricTree.NONE) {
            traffic.usage().name(metric, Long.toString(amount));
        }
    }

    private boolean load(List<LoadKey> keys) {
        var loaded = new Loads(keys.size());
        for (LoadKey key : keys) {
            if (!applications.load(key, loaded)) {
                return false;
            }
        }
        return loaded.complete();
    }

    private static final class Loads implements LoadWaiter {

        private final CountDownLatch outstanding;
        private final AtomicBoolean failed = new AtomicBoolean();

        Loads(int loads) {
            outstanding = new CountDownLatch(loads);
        }

        @Override
        public Executor executor() {
            return Runnable::run;
        }

        @Override
        public void loaded(@Nullable Reason failure) {
            if (failure != null) {
                failed.set(true);
            }
            outstanding.countDown();
        }

        boolean complete() {
            try {
                return outstanding.await(LOAD.toMillis(), TimeUnit.MILLISECONDS) && !failed.get();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
    }

    /// Hands in the rest. To be closed when nobody calls any more and before the store.
    @Override
    public void close() {
        closing.countDown();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
