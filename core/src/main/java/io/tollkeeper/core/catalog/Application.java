package io.tollkeeper.core.catalog;

import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/// Who calls: an application of one product, under one plan. Immutable. `number` is global, assigned by the store
/// ([#UNNUMBERED] before) and kept when an application is deleted and created again, so that its counters stay.
/// User keys map to applications separately.
public record Application(
        long number,
        String productId,
        String id,
        String state,
        @Nullable String planId,
        @Nullable String planName,
        @Nullable String redirectUrl,
        Set<String> keys,
        List<String> referrerFilters) {

    /// Not yet known to the store.
    public static final long UNNUMBERED = -1;

    public Application {
        keys = Set.copyOf(keys);
        referrerFilters = List.copyOf(referrerFilters);
    }

    /// Only the exact word `active` is.
    public boolean isActive() {
        return state.equals("active");
    }

    /// The same application with the number that the store assigned.
    public Application numbered(long assigned) {
        return new Application(
                assigned, productId, id, state, planId, planName, redirectUrl, keys, referrerFilters);
    }

    /// The same application with these keys.
    public Application withKeys(Set<String> newKeys) {
        return new Application(
                number, productId, id, state, planId, planName, redirectUrl, newKeys, referrerFilters);
    }

    /// The same application with these referrer filters.
    public Application withReferrerFilters(List<String> filters) {
        return new Application(number, productId, id, state, planId, planName, redirectUrl, keys, filters);
    }
}
