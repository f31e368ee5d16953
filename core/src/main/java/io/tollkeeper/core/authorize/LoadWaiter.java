package io.tollkeeper.core.authorize;

import java.util.concurrent.Executor;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// Who goes on when a load is complete. Called once, on its own event loop.
public interface LoadWaiter {

    /// The event loop on which [#loaded] is called.
    Executor executor();

    /// Without a failure: ask the authorizer again. With one (`METER_OVERLOAD`, `STORE_UNREADABLE`): answer 503.
    void loaded(@Nullable Reason failure);
}
