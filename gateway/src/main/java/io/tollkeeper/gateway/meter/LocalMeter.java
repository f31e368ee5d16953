package io.tollkeeper.gateway.meter;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.authorize.Authorizer;
import io.tollkeeper.core.authorize.Call;
import io.tollkeeper.core.authorize.Decision;
import io.tollkeeper.core.authorize.LoadKey;
import io.tollkeeper.core.authorize.LoadWaiter;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.PlanLimits;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.Stage;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.GatewayLoop;
import io.tollkeeper.gateway.exchange.Parking;
import io.tollkeeper.gateway.exchange.Step;
import io.tollkeeper.gateway.metrics.LoopMetrics.MeterDecision;
import org.jspecify.annotations.Nullable;

/// The meter in this process: one call of the [Authorizer] decides and counts. On event loops; never blocks. An
/// application that is not in memory is loaded while its exchange waits.
public final class LocalMeter implements Meter {

    /// What becomes of calls while usage cannot be written.
    public enum WhenUnwritable {
        /// They pass if they would pass otherwise; nobody counts them.
        OPEN,
        /// They are refused with 503.
        CLOSED
    }

    private static final long LONGEST_LOAD = TimeUnit.SECONDS.toNanos(15);
    /// An id, the application behind a user key, closed slots: more rounds than these mean a defect.
    private static final int MOST_LOADS = 8;

    private final Catalog catalog;
    private final Authorizer authorizer;
    private final Applications applications;
    private final WhenUnwritable whenUnwritable;

    public LocalMeter(Catalog catalog, Authorizer authorizer, Applications applications, WhenUnwritable whenUnwritable) {
        this.catalog = catalog;
        this.authorizer = authorizer;
        this.applications = applications;
        this.whenUnwritable = whenUnwritable;
    }

    @Override
    public Account account(ProxyConfig config, List<String> metrics) {
        return new LocalAccount(config.productId(), List.copyOf(metrics));
    }

    /// Numbers of the rules' metrics in one version of a product.
    private static final class Numbers {

        static final int UNKNOWN = -1;

        final Product product;
        private final int[] bySlot;

        Numbers(Product product, List<String> metrics) {
            this.product = product;
            this.bySlot = new int[metrics.size()];
            for (int i = 0; i < bySlot.length; i++) {
                Metric metric = product.metricNamed(metrics.get(i));
                bySlot[i] = metric == null ? UNKNOWN : metric.number();
            }
        }

        int of(int slot) {
            return bySlot[slot];
        }
    }

    private final class LocalAccount implements Account {
        private final String productId;
        private final List<String> metrics;
        /// Made anew when the catalogue has another version of the product. Loops may do that twice: no harm.
        private volatile @Nullable Numbers numbers;

        LocalAccount(String productId, List<String> metrics) {
            this.productId = productId;
            this.metrics = metrics;
        }

        @Override
        public Step authorize(Exchange exchange) {
            long start = System.nanoTime();
            Product product = catalog.current().product(productId);
            if (product == null) {
                return exchange.refuse(Reason.PRODUCT_BROKEN, "the meter does not know product " + productId);
            }
            Step step = prepare(exchange, product, Call.Kind.AUTHREP);
            if (step != Step.NEXT) {
                return step;
            }
            step = decided(exchange, decide(exchange), 0, false);
            long end = System.nanoTime();
            exchange.meterNanos(end - start);
            exchange.record().stamp(Stage.METER, end);
            return step;
        }

        private Step prepare(Exchange exchange, Product product, Call.Kind kind) {
            Numbers known = numbers;
            if (known == null || known.product != product) {
                known = new Numbers(product, metrics);
                numbers = known;
            }
            Call call = exchange.meterCall().begin(product, kind, exchange.record().receivedMillis() / 1000);
            call.userKey(exchange.credentials().userKey());
            call.appId(exchange.credentials().appId());
            call.appKey(exchange.credentials().appKey());
            call.referrer(exchange.meterOptions().referrer());
            for (int i = 0; i < exchange.usage().size(); i++) {
                int slot = exchange.usage().slot(i);
                int number = known.of(slot);
                if (number == Numbers.UNKNOWN) {
                    return exchange.refuse(Reason.METRIC_INVALID,
                            "a mapping rule counts metric " + metrics.get(slot) + ", which product " + productId + " does not have");
                }
                call.usage().add(number, exchange.usage().amount(i));
            }
            return Step.NEXT;
        }

        private Step decided(Exchange exchange, Decision decision, int loads, boolean checkOnly) {
            FlightRecord record = exchange.record();
            Call call = exchange.meterCall();
            Application application = call.application();
            if (application != null) {
                record.applicationNumber(application.number());
                record.applicationId(application.id());
            }
            GatewayLoop loop = exchange.facilities();
            return switch (decision) {
                case Decision.Granted _ -> {
                    record.decision(FlightRecord.Outcome.GRANTED);
                    loop.metrics().meter(MeterDecision.GRANTED);
                    yield Step.NEXT;
                }
                case Decision.Denied denied -> {
                    record.decision(FlightRecord.Outcome.DENIED);
                    loop.metrics().meter(MeterDecision.DENIED);
                    if (denied.limit() >= 0) {
                        noteLimit(record, call, denied.limit());
                    }
                    yield exchange.refuse(denied.reason(), denied.evidence());
                }
                case Decision.NotLoaded missing -> load(exchange, missing.key(), loads, checkOnly);
                case Decision.Unavailable unavailable -> unavailable(exchange, unavailable.reason(), loads, checkOnly);
            };
        }

        private static void noteLimit(FlightRecord record, Call call, int limit) {
            PlanLimits limits = call.limits();
            Period period = Period.of(limits.period(limit));
            Metric metric = call.product().metricNumbered(limits.metric(limit));
            record.limitMetric(metric == null ? "?" : metric.name());
            record.limitPeriod(period);
            record.limitMax(limits.max(limit));
            record.limitValue(call.before(limit));
            record.limitEnds(period.end(call.now()));
            int used = call.usage().indexOf(limits.metric(limit));
            record.limitAsked(used < 0 ? 0 : call.usage().amount(used));
        }

        /// Nothing can be counted now. Open: whoever would be let in is let in, uncounted.
        private Step unavailable(Exchange exchange, Reason reason, int loads, boolean checkOnly) {
            exchange.facilities().metrics().meter(MeterDecision.UNAVAILABLE);
            exchange.record().decision(FlightRecord.Outcome.UNAVAILABLE);
            if (whenUnwritable == WhenUnwritable.CLOSED || checkOnly) {
                return exchange.refuse(reason, "usage cannot be counted, and gateway.on-unwritable-meter is closed");
            }
            exchange.contribute(reason);
            exchange.facilities().metrics().uncounted();
            Step step = prepare(exchange, exchange.meterCall().product(), Call.Kind.AUTHORIZE);
            return step == Step.NEXT ? decided(exchange, decide(exchange), loads, true) : step;
        }

        @Override
        public void over(Exchange exchange) {
            Call call = exchange.meterCall();
            Application application = call.application();
            if (!call.counted() || application == null) {
                return;
            }
            int sent = exchange.record().statusSent();
            int code = sent == 0 ? Reason.ABORTED.status() : sent;
            switch (authorizer.responded(call, code)) {
                case COUNTED -> {}
                case LOST -> exchange.facilities().metrics().codeLost();
                case NOT_LOADED -> {
                    Late late = new Late(authorizer, exchange.facilities(), call.product(), application.number(), call.countedAt(), code);
                    if (!applications.load(new LoadKey.ByNumber(application.number()), late)) {
                        exchange.facilities().metrics().codeLost();
                    }
                }
            }
        }

        private Decision decide(Exchange exchange) {
            return authorizer.decide(exchange.meterCall());
        }

        private Step load(Exchange exchange, LoadKey key, int loads, boolean checkOnly) {
            if (loads == MOST_LOADS) {
                return exchange.failInternally("loaded " + loads + " times and still not in memory: " + key.getClass().getSimpleName());
            }
            Parking place = exchange.park(LONGEST_LOAD, Reason.METER_TIMEOUT);
            Loading loading = new Loading(this, exchange, place, loads + 1, checkOnly, System.nanoTime());
            if (applications.load(key, loading)) {
                return Step.WAIT;
            }
            place.resume(exchange.refuse(Reason.METER_OVERLOAD, "the queue of applications to be loaded is full"));
            return Step.WAIT;
        }
    }

    /// Counts a status whose application had left memory while the call lasted.
    private record Late(Authorizer authorizer, GatewayLoop loop, Product product, long application, long stamp, int code)
            implements LoadWaiter {

        @Override
        public Executor executor() {
            return loop.loop();
        }

        @Override
        public void loaded(@Nullable Reason failure) {
            if (failure != null || authorizer.responded(product, application, stamp, code) != Authorizer.Responded.COUNTED) {
                loop.metrics().codeLost();
            }
        }
    }

    /// Goes on when the stores have answered.
    private record Loading(
            LocalAccount account, Exchange exchange, Parking place, int loads, boolean checkOnly, long start)
            implements LoadWaiter {

        @Override
        public Executor executor() {
            return exchange.loop();
        }

        @Override
        public void loaded(@Nullable Reason failure) {
            place.resumeWith(() -> goOn(failure));
        }

        private Step goOn(@Nullable Reason failure) {
            long now = System.nanoTime();
            exchange.facilities().metrics().loaded(now - start);
            exchange.meterNanos(now - start);
            exchange.record().stamp(Stage.METER, now);
            return failure != null
                    ? exchange.refuse(failure, "the application could not be loaded")
                    : account.decided(exchange, account.decide(exchange), loads, checkOnly);
        }
    }
}
