package io.tollkeeper.gateway.policy;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.Step;
import io.tollkeeper.http.Upstream;

/// `upstream_connection`: how long connecting, sending and reading may take (gateway specification, section 12.47).
final class UpstreamConnectionPolicy implements Policy {

    private final Upstream.Timeouts timeouts;

    private UpstreamConnectionPolicy(Upstream.Timeouts timeouts) {
        this.timeouts = timeouts;
    }

    static Policy read(PolicyFields fields, ProductParts parts) {
        Upstream.Timeouts usual = parts.upstreams().timeouts();
        Duration connect = time(fields, "connect_timeout", usual.connect());
        Duration send = time(fields, "send_timeout", usual.send());
        // Between two reads, the first of which waits for the answer to begin.
        boolean read = fields.has("read_timeout");
        Duration firstByte = read ? time(fields, "read_timeout", usual.firstByte()) : usual.firstByte();
        return new UpstreamConnectionPolicy(new Upstream.Timeouts(
                connect, usual.handshake(), firstByte, read ? firstByte : usual.idle(), send, usual.total(), usual.tunnel()));
    }

    private static Duration time(PolicyFields fields, String name, Duration usual) {
        return Duration.ofNanos(fields.secondsAsNanos(name, usual.toNanos()));
    }

    @Override
    public Set<Phase> phases() {
        return EnumSet.of(Phase.REWRITE);
    }

    @Override
    public Step rewrite(Exchange exchange) {
        exchange.upstreamOptions().timeouts(timeouts);
        return Step.NEXT;
    }
}
