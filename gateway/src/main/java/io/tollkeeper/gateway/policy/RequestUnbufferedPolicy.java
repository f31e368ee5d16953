package io.tollkeeper.gateway.policy;

import java.util.EnumSet;
import java.util.Set;

import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.Step;

/// `request_unbuffered`: the upstream is called at once and gets the body as it comes (gateway specification, section
/// 12.36). Such a request is not sent a second time.
final class RequestUnbufferedPolicy implements Policy {

    @Override
    public Set<Phase> phases() {
        return EnumSet.of(Phase.REWRITE);
    }

    @Override
    public Step rewrite(Exchange exchange) {
        exchange.upstreamOptions().unbuffer();
        return Step.NEXT;
    }
}
