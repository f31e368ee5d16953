package io.tollkeeper.gateway.policy;

import java.util.EnumSet;
import java.util.Set;

import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.Step;

/// `grpc`: the upstream is spoken to in HTTP/2 over TLS (gateway specification, section 12.15).
final class GrpcPolicy implements Policy {

    @Override
    public Set<Phase> phases() {
        return EnumSet.of(Phase.REWRITE);
    }

    @Override
    public Step rewrite(Exchange exchange) {
        exchange.upstreamOptions().speakHttp2();
        return Step.NEXT;
    }
}
