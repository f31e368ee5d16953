package io.tollkeeper.bench;

import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;

import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.authorize.Authorizer;
import io.tollkeeper.core.authorize.Call;
import io.tollkeeper.core.authorize.Decision;
import io.tollkeeper.core.authorize.LoadKey;
import io.tollkeeper.core.authorize.LoadWaiter;
import io.tollkeeper.core.authorize.Loaded;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.catalog.ProductSettings;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.Period;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// One decision for a resident application with one limit: what the gateway asks in process (metrics by number) and what
/// the meter asks (metrics by name). The journal behind it holds
/// each row until the next one comes.
@State(Scope.Thread)
public class AuthorizerBenchmark {

    private static final long NOW = 1_800_000_000;
    private static final String KEY = "4f1c0a57d3e84a0f";

    private final Product product = new Product(
            new ProductSettings(1, "orders", "provider", "1", true, false),
            List.of(new Metric(1, "1", "hits", null), new Metric(2, "2", "list-orders", "1")),
            List.of(new UsageLimit("basic", "1", Period.DAY, Long.MAX_VALUE)));
    private final Call call = new Call();
    private long sequence;
    private @Nullable JournalRow queued;
    private final Authorizer authorizer;
    private final Applications applications;

    public AuthorizerBenchmark() {
        var application = new Application(
                7, "orders", "alice", "active", "basic", "Basic", null, Set.of(), List.of());
        applications = new Applications((key, done) -> {
            done.loaded(new Loaded.Definition("alice", application, null));
            return true;
        });
        authorizer = new Authorizer(applications, row -> {
            row.seq(++sequence);
            queued = row;
            return sequence;
        });
    }

    /// The first call finds nothing in memory; the benchmark is about all later ones.
    @Setup(Level.Trial)
    public void load() {
        applications.load(new LoadKey.ByUserKey("orders", KEY), new OnThisThread());
        if (!(authrepByNumber() instanceof Decision.Granted)) {
            throw new IllegalStateException("the application was loaded but is refused: " + authrepByNumber());
        }
    }

    @Benchmark
    public Decision authrepByNumber() {
        call.begin(product, Call.Kind.AUTHREP, NOW).userKey(KEY);
        call.usage().add(2, 1);
        return authorizer.decide(call);
    }

    @Benchmark
    public Decision authrepByName() {
        call.begin(product, Call.Kind.AUTHREP, NOW).userKey(KEY);
        call.usage().name("list-orders", "1");
        return authorizer.decide(call);
    }

    @Benchmark
    public Decision authorize() {
        call.begin(product, Call.Kind.AUTHORIZE, NOW).userKey(KEY);
        return authorizer.decide(call);
    }

    /// The row of the last call: kept, so that its allocation counts.
    public @Nullable JournalRow queued() {
        return queued;
    }

    private static final class OnThisThread implements LoadWaiter {

        @Override
        public Executor executor() {
            return Runnable::run;
        }

        @Override
        public void loaded(@Nullable Reason failure) {
            if (failure != null) {
                throw new IllegalStateException(failure.sentence());
            }
        }
    }
}
