package io.tollkeeper.gateway.policy;

import java.util.List;

import io.tollkeeper.core.flight.StatusWriter;
import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.Road;
import io.tollkeeper.gateway.exchange.Step;
import io.tollkeeper.gateway.policy.Policy.Phase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A product's policies, compiled: per phase an array of those that take part. Immutable; where an exchange stands is two
/// ints of its own, so going on after a wait needs no future. On event loops.
public final class PolicyChain implements Road {

    private static final Logger LOG = LoggerFactory.getLogger(PolicyChain.class);
    private static final Phase[] PHASES = Phase.values();
    private static final int REQUEST_PHASES = Phase.CONTENT.ordinal() + 1;

    private final Policy[][] byPhase = new Policy[PHASES.length][];

    public PolicyChain(List<Policy> policies) {
        for (Phase phase : PHASES) {
            byPhase[phase.ordinal()] = policies.stream()
                    .filter(policy -> policy.phases().contains(phase))
                    .toArray(Policy[]::new);
        }
    }

    /// Runs the request phases of a fresh exchange.
    public void run(Exchange exchange) {
        exchange.at(0, 0);
        proceed(exchange);
    }

    @Override
    public void resumed(Exchange exchange, Step step) {
        if (step == Step.NEXT) {
            proceed(exchange);
        }
    }

    private void proceed(Exchange exchange) {
        while (exchange.phase() < REQUEST_PHASES) {
            Policy[] policies = byPhase[exchange.phase()];
            while (exchange.index() < policies.length) {
                Policy policy = policies[exchange.index()];
                exchange.at(exchange.phase(), exchange.index() + 1);
                if (step(exchange, policy) != Step.NEXT) {
                    return;
                }
            }
            exchange.at(exchange.phase() + 1, 0);
        }
        if (exchange.isOpen()) {
            // nobody had anything to say: the original answers 200 without a body
            exchange.beforeHead(StatusWriter.GATEWAY);
            exchange.response().send();
        }
    }

    private static Step step(Exchange exchange, Policy policy) {
        exchange.enterStep();
        try {
            Step step = switch (PHASES[exchange.phase()]) {
                case REWRITE -> policy.rewrite(exchange);
                case ACCESS -> policy.access(exchange);
                case CONTENT -> policy.content(exchange);
                case RESPONSE_HEAD, LOG -> throw new IllegalStateException("not a request phase");
            };
            return exchange.leaveStep(step);
        } catch (RuntimeException e) {
            exchange.leaveStep(Step.DONE);
            LOG.error("request {}: {} failed", exchange.id(), policy.getClass().getSimpleName(), e);
            return exchange.failInternally(policy.getClass().getSimpleName() + " threw " + e);
        }
    }

    @Override
    public void responseHead(Exchange exchange) {
        for (Policy policy : byPhase[Phase.RESPONSE_HEAD.ordinal()]) {
            policy.responseHead(exchange);
        }
    }

    @Override
    public void log(Exchange exchange) {
        for (Policy policy : byPhase[Phase.LOG.ordinal()]) {
            policy.log(exchange);
        }
    }
}
