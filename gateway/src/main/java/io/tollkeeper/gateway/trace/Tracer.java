package io.tollkeeper.gateway.trace;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

import io.tollkeeper.http.fetch.FetchRequest;
import io.tollkeeper.http.fetch.Fetched;
import io.tollkeeper.http.fetch.Fetcher;
import io.tollkeeper.http.metrics.PrometheusText;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends traces to a collector (OTLP over HTTP, protobuf). One per gateway that has one; event loops offer calls that are
/// over, one virtual thread sends them in batches. When the queue is full or the collector is away, traces are dropped and
/// counted: no call ever waits.
public final class Tracer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Tracer.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration LAST_PATIENCE = Duration.ofSeconds(2);
    /// How soon the end of all is noticed.
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long COMPLAIN_EVERY = TimeUnit.MINUTES.toNanos(1);

    private final TraceSettings settings;
    private final Fetcher fetcher;
    private final OtlpSpans spans;
    private final ArrayBlockingQueue<TracedCall> queue;
    private final LongAdder sent = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final SecureRandom seeds = new SecureRandom();
    private final Thread sending;
    private volatile boolean closing;
    private long lastComplaint = System.nanoTime() - COMPLAIN_EVERY;

    /// @param version of this program
    public Tracer(TraceSettings settings, Fetcher fetcher, String version) {
        this.settings = settings;
        this.fetcher = fetcher;
        this.spans = new OtlpSpans(settings.serviceName(), version);
        this.queue = new ArrayBlockingQueue<>(settings.queue());
        this.sending = Thread.ofVirtual().name("traces").start(this::run);
    }

    /// For one event loop.
    public Sampler sampler() {
        return new Sampler(settings.ratio(), settings.parentBased(), seeds.nextLong());
    }

    /// Takes a call to be sent, or drops it. Never waits.
    public void offer(TracedCall call) {
        if (!queue.offer(call)) {
            dropped.add(call.spans());
        }
    }

    private void run() {
        try {
            while (!closing) {
                TracedCall first = queue.poll(LOOK_NANOS, TimeUnit.NANOSECONDS);
                if (first != null) {
                    send(batch(first), closing ? LAST_PATIENCE : PATIENCE);
                }
            }
            TracedCall last = queue.poll();
            if (last != null) {
                send(batch(last), LAST_PATIENCE);
            }
            dropped.add(queue.stream().mapToInt(TracedCall::spans).sum());
        } catch (InterruptedException _) {
            LOG.debug("traces: no more are sent");
        }
    }

    /// What comes within the delay, or until the batch is full, or what is there when all ends.
    private List<TracedCall> batch(TracedCall first) throws InterruptedException {
        List<TracedCall> batch = new ArrayList<>();
        batch.add(first);
        int count = first.spans();
        long end = System.nanoTime() + settings.delay().toNanos();
        while (count < settings.batch()) {
            long left = closing ? 0 : Math.min(LOOK_NANOS, end - System.nanoTime());
            TracedCall next = left <= 0 ? queue.poll() : queue.poll(left, TimeUnit.NANOSECONDS);
            if (next != null) {
                batch.add(next);
                count += next.spans();
            } else if (left <= 0) {
                break;
            }
        }
        return batch;
    }

    private void send(List<TracedCall> batch, Duration patience) {
        int count = batch.stream().mapToInt(TracedCall::spans).sum();
        FetchRequest request = FetchRequest.post(settings.endpoint(), "application/x-protobuf", spans.encode(batch)).within(patience);
        String authorization = settings.authorization();
        String failure = switch (fetcher.fetch(authorization == null ? request : request.header("Authorization", authorization))) {
            case Fetched.Answer answer when answer.status() / 100 == 2 -> "";
            case Fetched.Answer answer -> "it answered status " + answer.status();
            case Fetched.Failed failed -> failed.toString();
        };
        if (failure.isEmpty()) {
            sent.add(count);
        } else {
            dropped.add(count);
            complain(failure);
        }
    }

    private void complain(String failure) {
        long now = System.nanoTime();
        if (now - lastComplaint >= COMPLAIN_EVERY) {
            lastComplaint = now;
            LOG.warn("traces: {} does not take them, they are lost: {}", settings.endpoint(), failure);
        }
    }

    /// Appends what is counted about traces in Prometheus' text format.
    public void metrics(PrometheusText out) {
        out.counter("tollkeeper_trace_spans_sent_total", "Spans that the collector took.", sent.sum());
        out.counter("tollkeeper_trace_spans_dropped_total", "Spans dropped: the queue was full, or the collector did not take them.", dropped.sum());
    }

    /// Sends a last batch. Blocks for a few seconds at most.
    @Override
    public void close() {
        closing = true;
        try {
            if (!sending.join(LAST_PATIENCE.multipliedBy(2))) {
                sending.interrupt();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
