package io.tollkeeper.http;

import io.netty.channel.ChannelHandler;

/// A connection to an upstream as its pool sees it, whatever it speaks. On its loop.
interface PooledConnection extends ChannelHandler {

    /// The connection stands (TLS included).
    void opened(long now);

    /// Sends the call's request and reads its answer.
    void exchange(OutgoingCall call, long now);

    /// Whether a request may be sent on it.
    boolean isUsable(long now);

    /// Whether it can take yet another call when it was given one.
    boolean takesMoreThanOne();

    /// Whether no call is under way on it.
    boolean isIdle();

    /// It waits in the pool, at most for `limit` without a call.
    void rest(long now, long limit);

    /// Closes it without telling anybody.
    void close();

    /// Closes it when the last call under way is over.
    void retire();
}
