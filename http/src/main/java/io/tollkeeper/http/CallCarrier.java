package io.tollkeeper.http;

import io.tollkeeper.core.reason.Reason;

/// What a call is exchanged on: a connection of HTTP/1, or a stream of HTTP/2. On its loop.
interface CallCarrier {

    /// There is no complete answer: everybody hears of it.
    void fail(Reason reason, String evidence);

    /// The caller left.
    void abandon(OutgoingCall leaving);
}
