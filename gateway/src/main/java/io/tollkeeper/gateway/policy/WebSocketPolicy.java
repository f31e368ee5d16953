package io.tollkeeper.gateway.policy;

import java.util.EnumSet;
import java.util.Set;

import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.Step;

/// `websocket`: lets a client agree with the upstream on WebSocket; the call is authorised and counted once, at its
/// handshake (gateway specification, section 12.50).
final class WebSocketPolicy implements Policy {

    @Override
    public Set<Phase> phases() {
        return EnumSet.of(Phase.REWRITE);
    }

    @Override
    public Step rewrite(Exchange exchange) {
        exchange.upstreamOptions().allowTunnel();
        return Step.NEXT;
    }
}
