package io.tollkeeper.gateway.exchange;

/// The policies that an exchange passes; the exchange knows it to go on after a wait and to let policies see the answer.
/// On the exchange's loop.
public interface Road {

    /// Goes on after a wait.
    void resumed(Exchange exchange, Step step);

    /// An answer's head is about to be sent, whoever wrote it: policies may edit it.
    void responseHead(Exchange exchange);

    /// The exchange is over.
    void log(Exchange exchange);
}
