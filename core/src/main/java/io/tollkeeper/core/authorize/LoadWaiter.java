package io.tollkeeper.core.authorize;

import java.util.concurrent.Executor;

/// Who goes on when a load is complete. Called once, on its own event loop.
public interface LoadWaiter {

    /// The event loop on which [#loaded] is called.
    Executor executor();

    /// `ready`: ask the authorizer again. Otherwise the stores could not be read: answer 503, `M-OVERLOAD` or
    /// `STORE-UNWRITABLE` as `reason` says.
    void loaded(boolean ready, io.tollkeeper.core.reason.Reason reason);
}
