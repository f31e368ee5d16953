package io.tollkeeper.gateway.metrics;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// The counters of one event loop: plain arrays that only this loop writes. A scrape reads them from its own thread and
/// may see a request more or less, never a torn or falling value. No allocation, no atomic operation.
public final class LoopMetrics {

    /// Upper bounds of the buckets, in seconds, as the original has them.
    static final double[] BUCKETS = {
        .005, .01, .02, .03, .05, .075, .1, .2, .3, .4, .5, .75, 1, 1.5, 2, 3, 4, 5, 10
    };

    private static final long[] BOUNDS = new long[BUCKETS.length];
    private static final int STATUSES = 600;

    static {
        for (int i = 0; i < BUCKETS.length; i++) {
            BOUNDS[i] = Math.round(BUCKETS[i] * 1e9);
        }
    }

    /// What the meter said.
    public enum MeterDecision {
        GRANTED,
        DENIED,
        UNAVAILABLE
    }

    /// What a remote meter is called for, by 3scale's names.
    public enum BackendCall {
        AUTHREP,
        AUTH,
        REPORT
    }

    /// Classes of a remote meter's answers: `2xx` to `5xx`, then everything else, no answer too.
    static final int BACKEND_CLASSES = 5;

    final long[] statuses = new long[STATUSES];
    final long[] backendCalls = new long[BackendCall.values().length * BACKEND_CLASSES];
    final long[] authCache = new long[2];
    final long[] reasons = new long[Reason.values().length];
    final long[] meterDecisions = new long[MeterDecision.values().length];
    /// Of products without cells of their own, and of calls that belong to none.
    final ProductMetrics.Cells unlabelled = new ProductMetrics.Cells();
    private final int loop;
    long requests;
    long uncounted;
    long reportsInline;
    long reportsLost;
    long codesLost;
    long usageDropped;
    long batchesRepeated;
    long batcherHits;
    long batcherMisses;
    long loads;
    long loadNanos;
    long bytesIn;
    long bytesOut;
    long upstreamConnects;
    long upstreamReuses;
    long retries;
    long loopLagNanos;
    int inFlight;

    /// @param loop which of the event loops this is
    public LoopMetrics(int loop) {
        this.loop = loop;
    }

    /// An exchange began.
    public void begun() {
        requests++;
        inFlight++;
    }

    private ProductMetrics.Cells cells(@Nullable ProductMetrics product) {
        return product == null ? unlabelled : product.of(loop);
    }

    /// An exchange is over. `status` is what the client was sent, 499 if it left, 0 if nothing could be sent; `product`
    /// has its own cells, if any.
    public void ended(@Nullable ProductMetrics product, int status, long nanos, long received, long sent) {
        inFlight--;
        if (status > 0 && status < STATUSES) {
            statuses[status]++;
        }
        cells(product).ended(bucket(nanos), nanos);
        bytesIn += received;
        bytesOut += sent;
    }

    /// A reason was recorded: a refusal, a failure or a warning.
    public void reason(Reason reason) {
        reasons[reason.ordinal()]++;
    }

    public void meter(MeterDecision decision) {
        meterDecisions[decision.ordinal()]++;
    }

    /// A call passed although it could not be counted (`on-unwritable-meter: open`).
    public void uncounted() {
        uncounted++;
    }

    /// A remote meter answered with `status`, 0: not at all.
    public void backendCall(BackendCall call, int status) {
        int hundreds = status / 100;
        int place = hundreds >= 2 && hundreds <= 5 ? hundreds - 2 : BACKEND_CLASSES - 1;
        backendCalls[call.ordinal() * BACKEND_CLASSES + place]++;
    }

    /// A decision was looked for among those that a remote meter had made.
    public void authCache(boolean hit) {
        authCache[hit ? 0 : 1]++;
    }

    /// A call waited for its own report because too many others did.
    public void reportInline() {
        reportsInline++;
    }

    /// A remote meter did not take a report: what it says is not counted.
    public void reportLost() {
        reportsLost++;
    }

    /// Usage was dropped because too much waits to be handed in.
    public void usageDropped() {
        usageDropped++;
    }

    /// A report of a batching product is sent again.
    public void batchRepeated() {
        batchesRepeated++;
    }

    /// A batching product's decision was looked for among those that still hold.
    public void batcherCache(boolean hit) {
        if (hit) {
            batcherHits++;
        } else {
            batcherMisses++;
        }
    }

    /// The status of a call could not be counted.
    public void codeLost() {
        codesLost++;
    }

    /// An application was loaded while its call waited.
    public void loaded(long nanos) {
        loads++;
        loadNanos += nanos;
    }

    /// An upstream call is over. `status` is what the upstream answered, or what a failure became (502, 503, 504).
    public void upstream(@Nullable ProductMetrics product, int status, long nanos, boolean reused, int attempts) {
        cells(product).upstream(status, bucket(nanos), nanos);
        if (reused) {
            upstreamReuses++;
        } else if (attempts > 0) {
            upstreamConnects++;
        }
        if (attempts > 1) {
            retries += attempts - 1;
        }
    }

    /// How late this loop came to a deadline of its own: the time that its other work took.
    public void loopLag(long nanos) {
        loopLagNanos = nanos;
    }

    private static int bucket(long nanos) {
        int i = 0;
        while (i < BOUNDS.length && nanos > BOUNDS[i]) {
            i++;
        }
        return i;
    }
}
