package io.tollkeeper.gateway.policy;

import java.util.EnumSet;
import java.util.Set;

import io.tollkeeper.gateway.exchange.Caching;
import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.Step;
import org.jspecify.annotations.Nullable;

/// `caching`: what becomes of a remote meter's decisions (gateway specification, sections 6.2 and 12.4).
final class CachingPolicy implements Policy {

    private final Caching caching;

    private CachingPolicy(Caching caching) {
        this.caching = caching;
    }

    static @Nullable Policy create(PolicyFields fields) {
        if (!fields.has("caching_type")) {
            fields.complain("caching_type", "is missing (expected: strict, resilient, allow or none)");
            return null;
        }
        return new CachingPolicy(fields.word("caching_type", Caching.BY_NAME, Caching.NONE));
    }

    @Override
    public Set<Phase> phases() {
        return EnumSet.of(Phase.REWRITE);
    }

    @Override
    public Step rewrite(Exchange exchange) {
        exchange.meterOptions().caching(caching);
        return Step.NEXT;
    }
}
