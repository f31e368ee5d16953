package io.tollkeeper.gateway.exchange;

import org.jspecify.annotations.Nullable;

/// What policies say of how the meter is asked for one request; set in `rewrite`, read in `access`. On the exchange's
/// loop.
public final class MeterOptions {

    private @Nullable String referrer;

    void reset() {
        referrer = null;
    }

    /// Where the caller says to come from, none unless a policy passes it on.
    public @Nullable String referrer() {
        return referrer;
    }

    public void referrer(String newReferrer) {
        referrer = newReferrer;
    }
}
