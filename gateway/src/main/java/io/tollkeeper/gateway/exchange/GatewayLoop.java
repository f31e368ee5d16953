package io.tollkeeper.gateway.exchange;

import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.gateway.metrics.LoopMetrics;
import io.tollkeeper.gateway.rules.RuleScratch;
import io.tollkeeper.gateway.trace.Sampler;
import io.tollkeeper.gateway.trace.Tracer;
import io.tollkeeper.http.DeadlineWheel;
import io.tollkeeper.http.Loop;
import io.tollkeeper.http.recorder.LoopRecorder;
import org.jspecify.annotations.Nullable;

/// What the exchanges of one event loop share, and the exchanges that wait for their next use: an idle connection holds
/// none. On its loop, but for the cells that other threads read.
public final class GatewayLoop {

    /// Exchanges kept for reuse; a burst beyond it leaves garbage once.
    private static final int KEPT = 1024;

    private static final long LAG_EVERY = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long TICK = TimeUnit.MILLISECONDS.toNanos(100);

    private final Loop loop;
    private final InstantSource clock;
    private final LoopRecorder recorder;
    private final LoopMetrics metrics;
    private final @Nullable Tracer tracer;
    private final @Nullable Sampler sampler;
    private final RuleScratch scratch = new RuleScratch();
    private final ArrayDeque<Exchange> free = new ArrayDeque<>();
    private final Lag lag = new Lag();

    /// @param tracer where traces go, none if there are none
    public GatewayLoop(Loop loop, InstantSource clock, LoopRecorder recorder, @Nullable Tracer tracer) {
        this.loop = loop;
        this.clock = clock;
        this.recorder = recorder;
        this.tracer = tracer;
        this.sampler = tracer == null ? null : tracer.sampler();
        this.metrics = new LoopMetrics(loop.index());
        DebugReport.prepare();
    }

    public Loop loop() {
        return loop;
    }

    public LoopMetrics metrics() {
        return metrics;
    }

    public RuleScratch scratch() {
        return scratch;
    }

    @Nullable Tracer tracer() {
        return tracer;
    }

    @Nullable Sampler sampler() {
        return sampler;
    }

    LoopRecorder recorder() {
        return recorder;
    }

    long millis() {
        return clock.millis();
    }

    /// Measures how late this loop comes to a deadline, again and again. Any thread, once.
    public void watchLag() {
        loop.execute(() -> lag.measure());
    }

    private final class Lag extends DeadlineWheel.Deadline {
        private long due;

        void measure() {
            due = System.nanoTime() + LAG_EVERY;
            loop.deadlines().setAt(this, due);
        }

        @Override
        protected void expired() {
            // the wheel turns in ticks of 100 ms: up to two of them are no lag
            metrics.loopLag(Math.max(0, System.nanoTime() - due - 2 * TICK));
            measure();
        }
    }

    /// An exchange to use.
    public Exchange take() {
        Exchange exchange = free.pollFirst();
        return exchange == null ? new Exchange(this) : exchange;
    }

    /// An exchange that is over on both sides.
    void give(Exchange exchange) {
        if (free.size() < KEPT) {
            free.addFirst(exchange);
        }
    }
}
