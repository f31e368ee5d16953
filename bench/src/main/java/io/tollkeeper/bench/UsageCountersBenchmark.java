package io.tollkeeper.bench;

import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.UsageCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// Counting one unit of one metric in all seven periods, among the 20 metrics that an application uses.
@State(Scope.Thread)
public class UsageCountersBenchmark {

    private static final int METRICS = 20;
    private static final long NOW = 1_800_000_000;

    private UsageCounters counters = new UsageCounters(UsageCounters.APPLICATION_PERIODS);

    @Setup
    public void use() {
        counters = new UsageCounters(UsageCounters.APPLICATION_PERIODS);
        counters.rollover(NOW);
        for (var metric = 0; metric < METRICS; metric++) {
            counters.add(metric, NOW, 1);
        }
    }

    @Benchmark
    public long add() {
        var now = counters.rollover(NOW);
        counters.add(METRICS / 2, now, 1);
        return now;
    }

    @Benchmark
    public long read() {
        return counters.current(METRICS / 2, Period.DAY.slot());
    }
}
