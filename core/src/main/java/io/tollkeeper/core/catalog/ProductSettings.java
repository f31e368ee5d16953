package io.tollkeeper.core.catalog;

import org.jspecify.annotations.Nullable;

/// What is stored of a product itself (wire: service). `number` is small, never reused and assigned by the store
/// ([#UNNUMBERED] before). `backendVersion` is the text as given, see [AuthenticationMode#ofBackendVersion].
public record ProductSettings(
        int number,
        String id,
        String providerKey,
        @Nullable String backendVersion,
        boolean active,
        boolean referrerFiltersRequired) {

    /// Not yet known to the store.
    public static final int UNNUMBERED = -1;

    /// The same settings with the number that the store assigned.
    public ProductSettings numbered(int assigned) {
        return new ProductSettings(assigned, id, providerKey, backendVersion, active, referrerFiltersRequired);
    }

    /// The same settings under another provider key.
    public ProductSettings withProviderKey(String key) {
        return new ProductSettings(number, id, key, backendVersion, active, referrerFiltersRequired);
    }
}
