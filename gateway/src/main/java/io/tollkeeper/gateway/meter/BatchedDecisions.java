package io.tollkeeper.gateway.meter;

import org.jspecify.annotations.Nullable;

/// What a remote meter decided about calls of batching products, for as long as each product says: one for the process.
/// Any thread.
final class BatchedDecisions {

    private static final long BYTES = 20 * 1024 * 1024;

    /// A decision.
    ///
    /// @param code 3scale's word for a refusal, null if none was told
    /// @param ends moment of [System#nanoTime] at which it ends; read only if `lasting` is not set
    record Decision(int status, @Nullable String code, boolean lasting, long ends) {}

    private final BoundedCache<Decision> decisions = new BoundedCache<>(BYTES);

    /// The decision that holds now.
    @Nullable Decision find(String key, long now) {
        Decision known = decisions.get(key);
        return known == null || known.lasting || known.ends - now > 0 ? known : null;
    }

    /// @param remembered nanoseconds; 0: for good
    void put(String key, int status, @Nullable String code, long remembered, long now) {
        decisions.put(key, new Decision(status, code, remembered == 0, now + remembered));
    }
}
