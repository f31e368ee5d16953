package io.tollkeeper.gateway.policy;

import java.util.EnumSet;
import java.util.Set;

import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.Step;
import io.tollkeeper.http.HeaderName;

/// `3scale_referrer`: tells the meter where the caller says to come from, for applications with referrer filters
/// (gateway specification, section 12.2).
final class ReferrerPolicy implements Policy {

    private static final HeaderName REFERER = HeaderName.of("Referer");

    @Override
    public Set<Phase> phases() {
        return EnumSet.of(Phase.REWRITE);
    }

    @Override
    public Step rewrite(Exchange exchange) {
        String referrer = exchange.request().headers().get(REFERER);
        if (referrer != null) {
            exchange.meterOptions().referrer(referrer);
        }
        return Step.NEXT;
    }
}
