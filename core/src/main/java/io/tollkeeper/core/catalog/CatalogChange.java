package io.tollkeeper.core.catalog;

import io.tollkeeper.core.usage.Period;

/// Every change that people can make to the catalogue. A change given to [CatalogStore#apply] may carry
/// unnumbered metrics, products and applications; the same change comes back with the numbers the store assigned, and
/// is then applied to memory by [Catalog#apply] and `authorize.Applications`.
public sealed interface CatalogChange {

    String productId();

    /// Created or changed. All fields are as they shall be afterwards (a partial update is merged by the caller).
    record ProductSaved(ProductSettings product) implements CatalogChange {
        @Override
        public String productId() {
            return product.id();
        }
    }

    /// Removes the product itself; metrics, limits, tokens, applications and counters stay under its id.
    record ProductDeleted(String productId) implements CatalogChange {}

    /// Makes a product the default of its provider key.
    record DefaultProductSet(String providerKey, String productId) implements CatalogChange {}

    /// The default of a provider key is gone (its only product was deleted).
    record DefaultProductRemoved(String providerKey, String productId) implements CatalogChange {}

    /// Moves all products of a provider key to another; `productId` is the default product.
    record ProviderKeyChanged(String oldKey, String newKey, String productId) implements CatalogChange {}

    record TokenSaved(ServiceToken token) implements CatalogChange {
        @Override
        public String productId() {
            return token.productId();
        }
    }

    record TokenDeleted(ServiceToken token) implements CatalogChange {
        @Override
        public String productId() {
            return token.productId();
        }
    }

    /// Created or changed (by id).
    record MetricSaved(String productId, Metric metric) implements CatalogChange {}

    record MetricDeleted(String productId, String metricId) implements CatalogChange {}

    record LimitSaved(String productId, UsageLimit limit) implements CatalogChange {}

    record LimitDeleted(String productId, String planId, String metricId, Period period)
            implements CatalogChange {}

    /// Enables an alert bin ([io.tollkeeper.core.event.AlertBins]), in percent.
    record AlertLimitAdded(String productId, int percent) implements CatalogChange {}

    record AlertLimitRemoved(String productId, int percent) implements CatalogChange {}

    /// Created or changed: the application's own attributes. Its keys and filters are those stored, not those of this
    /// record, unless it is new; the store returns it with the complete stored state.
    record ApplicationSaved(Application application) implements CatalogChange {
        @Override
        public String productId() {
            return application.productId();
        }
    }

    /// Removes the application with its keys, filters and user keys; its number and counters stay.
    record ApplicationDeleted(String productId, String applicationId) implements CatalogChange {}

    /// Maps a user key to an application id (which need not exist yet). A key maps to one id; the last one wins.
    record UserKeySaved(String productId, String userKey, String applicationId) implements CatalogChange {}

    record UserKeyDeleted(String productId, String userKey) implements CatalogChange {}

    record ApplicationKeyAdded(String productId, String applicationId, String key) implements CatalogChange {}

    record ApplicationKeyRemoved(String productId, String applicationId, String key) implements CatalogChange {}

    record ReferrerFilterAdded(String productId, String applicationId, String filter) implements CatalogChange {}

    record ReferrerFilterRemoved(String productId, String applicationId, String filter)
            implements CatalogChange {}
}
