package io.tollkeeper.gateway.policy;

import java.util.Set;

import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.Step;

/// A step of a product's chain. Implements the phases that it names in [#phases]; the others are never called. One
/// instance serves all exchanges of all loops, so it keeps nothing of a request outside of the [Exchange]. On event
/// loops; never blocks: what must wait takes [Exchange#park] and returns [Step#WAIT].
///
/// For each phase the whole chain is walked before the next phase begins. Whoever answers in `rewrite`, `access` or
/// `content` ends these; `responseHead` and `log` run for all policies whoever answered.
public interface Policy {

    /// The phases, in their order.
    enum Phase {
        REWRITE,
        ACCESS,
        CONTENT,
        RESPONSE_HEAD,
        LOG
    }

    Set<Phase> phases();

    /// The head was read: find out, change what the following see.
    default Step rewrite(Exchange exchange) {
        return Step.NEXT;
    }

    /// Let in or turn away.
    default Step access(Exchange exchange) {
        return Step.NEXT;
    }

    /// Answer.
    default Step content(Exchange exchange) {
        return Step.NEXT;
    }

    /// The head of an answer, ours or an upstream's, is about to be sent.
    default void responseHead(Exchange exchange) {}

    /// The exchange is over.
    default void log(Exchange exchange) {}
}
