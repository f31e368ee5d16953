package io.tollkeeper.gateway.exchange;

import org.jspecify.annotations.Nullable;

/// What policies say of how the meter is asked for one request, set in `rewrite` and read in `access`; and what the meter
/// keeps for the end of the request. On the exchange's loop.
public final class MeterOptions {

    private @Nullable String referrer;
    private @Nullable Caching caching;
    private @Nullable Batching batching;
    private @Nullable String owedKey;
    private Owed owed = Owed.NOTHING;
    private boolean outageIsAuthFailed;
    private @Nullable String limitMax;
    private @Nullable String limitRemaining;
    private @Nullable String limitReset;

    void reset() {
        referrer = null;
        caching = null;
        batching = null;
        owedKey = null;
        owed = Owed.NOTHING;
        outageIsAuthFailed = false;
        limitMax = null;
        limitRemaining = null;
        limitReset = null;
    }

    // ---- said by policies

    /// Where the caller says to come from, none unless a policy passes it on.
    public @Nullable String referrer() {
        return referrer;
    }

    public void referrer(String newReferrer) {
        referrer = newReferrer;
    }

    /// What becomes of a remote meter's decisions, none unless a policy says so.
    public @Nullable Caching caching() {
        return caching;
    }

    public void caching(Caching newCaching) {
        caching = newCaching;
    }

    /// Whether and how usage is handed in together, none unless a policy says so.
    public @Nullable Batching batching() {
        return batching;
    }

    public void batching(Batching newBatching) {
        batching = newBatching;
    }

    // ---- kept by the meter

    /// What a call that was let in owes to its meter when it is over.
    public enum Owed {
        NOTHING,
        /// To be authorized again, and counted.
        AUTHREP,
        /// To be counted.
        REPORT,
        /// To be told how it ended; it is counted.
        STATUS
    }

    public void owes(String key, Owed what) {
        owedKey = key;
        owed = what;
    }

    /// What is to be reported, null if nothing is.
    public @Nullable String owedKey() {
        return owedKey;
    }

    public Owed owed() {
        return owed;
    }

    /// Whether the client is told of a meter's outage as of wrong credentials.
    public void outageIsAuthFailed(boolean so) {
        outageIsAuthFailed = so;
    }

    boolean outageIsAuthFailed() {
        return outageIsAuthFailed;
    }

    /// What a remote meter said of the limit that a call would break, as it said it.
    public void limits(@Nullable String max, @Nullable String remaining, @Nullable String reset) {
        limitMax = max;
        limitRemaining = remaining;
        limitReset = reset;
    }

    @Nullable String limitMax() {
        return limitMax;
    }

    @Nullable String limitRemaining() {
        return limitRemaining;
    }

    @Nullable String limitReset() {
        return limitReset;
    }
}
