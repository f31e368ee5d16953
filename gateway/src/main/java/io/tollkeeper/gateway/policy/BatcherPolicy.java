package io.tollkeeper.gateway.policy;

import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.gateway.exchange.Batching;
import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.Step;

/// `3scale_batcher`: a remote meter's decisions hold for a while, and usage is handed in together (gateway specification,
/// section 12.1). Of no effect on the meter in this process, which decides and counts every call at once.
final class BatcherPolicy implements Policy {

    private static final long USUAL = 10;
    private static final long YEAR = 31_536_000;

    private final Batching batching;

    private BatcherPolicy(Batching batching) {
        this.batching = batching;
    }

    static Policy create(PolicyFields fields) {
        return new BatcherPolicy(new Batching(
                TimeUnit.SECONDS.toNanos(fields.number("auths_ttl", USUAL, 0, YEAR)),
                TimeUnit.SECONDS.toNanos(fields.number("batch_report_seconds", USUAL, 1, YEAR))));
    }

    @Override
    public Set<Phase> phases() {
        return EnumSet.of(Phase.REWRITE);
    }

    @Override
    public Step rewrite(Exchange exchange) {
        exchange.meterOptions().batching(batching);
        return Step.NEXT;
    }
}
