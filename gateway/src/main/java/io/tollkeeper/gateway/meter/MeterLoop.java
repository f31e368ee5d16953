package io.tollkeeper.gateway.meter;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

import io.tollkeeper.gateway.metrics.LoopMetrics;
import io.tollkeeper.http.Loop;
import io.tollkeeper.http.UpstreamPool;

/// What the calls of remote meters of one event loop share. On its loop, but where said otherwise.
final class MeterLoop {

    /// Calls kept for reuse.
    private static final int KEPT = 256;

    private final RemoteMeter meter;
    private final Loop loop;
    /// Nobody reads these before the loop has a gateway's.
    private LoopMetrics metrics;
    private final ArrayDeque<MeterCall> free = new ArrayDeque<>();
    private final Map<MeterEndpoint, ReportLane> lanes = new HashMap<>();
    private final StringBuilder text = new StringBuilder(256);
    private int[] order = new int[8];

    MeterLoop(RemoteMeter meter, Loop loop) {
        this.meter = meter;
        this.loop = loop;
        this.metrics = new LoopMetrics(loop.index());
    }

    Loop loop() {
        return loop;
    }

    LoopMetrics metrics() {
        return metrics;
    }

    void metrics(LoopMetrics newMetrics) {
        metrics = newMetrics;
    }

    RemoteMeterSettings settings() {
        return meter.settings();
    }

    UpstreamPool pool() {
        return meter.pool();
    }

    /// A call to use.
    MeterCall take() {
        MeterCall call = free.pollFirst();
        return call == null ? new MeterCall(this) : call;
    }

    /// A call that is over.
    void give(MeterCall call) {
        if (free.size() < KEPT) {
            free.addFirst(call);
        }
    }

    /// Where reports to this meter wait.
    ReportLane lane(MeterEndpoint endpoint) {
        return lanes.computeIfAbsent(endpoint, known -> new ReportLane(meter, this, known));
    }

    /// Reports of this loop that are not answered yet.
    int owed() {
        int owed = 0;
        for (ReportLane lane : lanes.values()) {
            owed += lane.owed();
        }
        return owed;
    }

    /// An empty text to write into; one at a time.
    StringBuilder text() {
        text.setLength(0);
        return text;
    }

    /// Room for `size` numbers; one use at a time.
    int[] order(int size) {
        if (order.length < size) {
            order = new int[size * 2];
        }
        return order;
    }
}
