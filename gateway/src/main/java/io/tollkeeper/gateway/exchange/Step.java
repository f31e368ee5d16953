package io.tollkeeper.gateway.exchange;

/// What a step on the road says: how the exchange goes on.
public enum Step {
    /// The next policy, or the next phase.
    NEXT,
    /// The request is answered (or its answer is under way): no further request phase runs.
    DONE,
    /// Somebody took [Exchange#park] and will resume the exchange.
    WAIT
}
