package io.tollkeeper.gateway.meter;

import io.tollkeeper.gateway.exchange.Caching;

/// What a remote meter said last, by credentials and usage: one for the process, because consecutive calls of a client
/// land on different event loops. No expiry, as the original. Any thread.
final class AuthCache {

    private static final Integer GOOD = 200;

    private final BoundedCache<Integer> statuses;

    AuthCache(long bytes) {
        statuses = new BoundedCache<>(bytes);
    }

    /// Whether the last decision was 200.
    boolean isGood(String key) {
        Integer status = statuses.get(key);
        return status != null && status == 200;
    }

    /// Takes in that the meter answered with `status`; 0: not at all.
    void answered(Caching caching, String key, int status) {
        boolean failed = status == 0 || status >= 500;
        switch (caching) {
            case STRICT -> {
                if (status == 200) {
                    statuses.put(key, GOOD);
                } else {
                    statuses.remove(key);
                }
            }
            case RESILIENT -> {
                if (!failed) {
                    statuses.put(key, status);
                }
            }
            case ALLOW -> {
                if (failed) {
                    statuses.putIfAbsent(key, GOOD);
                } else {
                    statuses.put(key, status);
                }
            }
            case NONE -> statuses.remove(key);
            case UNKNOWN -> {}
        }
    }
}
