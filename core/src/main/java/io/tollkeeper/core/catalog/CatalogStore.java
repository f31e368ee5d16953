package io.tollkeeper.core.catalog;

import java.util.List;

import org.jspecify.annotations.Nullable;

/// Where the catalogue is kept. Every method blocks; called from the catalogue's writer, from loader threads and at
/// start, never from an event loop. Ids and user keys are given in their normal form ([Identifier#normal]). Failures
/// are [CatalogStoreException]s and leave nothing behind.
public interface CatalogStore {

    /// Applies changes in one transaction, all or none. Assigns numbers: a new product, metric (per product) or
    /// application (global) gets the next one; a known id, deleted or not, keeps its own. Returns the changes with
    /// numbers filled in; an [CatalogChange.ApplicationSaved] comes back with the keys and filters stored.
    CatalogCommit apply(List<CatalogChange> changes);

    /// Everything that lives in memory.
    CatalogContent load();

    /// An application by id, or none.
    @Nullable Application application(String productId, String applicationId);

    /// An application by its number, or none (deleted).
    @Nullable Application application(long number);

    /// The application id that a user key maps to, or none. The application itself may not exist.
    @Nullable String applicationIdOfUserKey(String productId, String userKey);

    /// The number that an application id has or had: counters of deleted applications stay readable. −1 if none.
    long applicationNumber(String productId, String applicationId);

    /// The product number to which an application belongs or belonged, by the application's number. −1 if none.
    int productNumber(long applicationNumber);

    /// The number of the metric that has this name or, if none has, of the one that had it last: counters of deleted
    /// metrics stay readable. −1 if none ever had it.
    int metricNumberNamed(String productId, String name);

    /// All user keys of an application.
    List<String> userKeys(String productId, String applicationId);

    /// Applications of a product, deleted ones too, in ascending order of their ids, after `after`, at most `limit`.
    List<KnownApplication> knownApplications(String productId, @Nullable String after, int limit);

    /// The same in ascending order of their numbers, after `after`: the order in which usage is kept, for who wants to
    /// see all of a large product.
    List<KnownApplication> knownApplicationsByNumber(String productId, long after, int limit);

    /// Application ids of a product in ascending order, after `after`, at most `limit`.
    List<String> applicationIds(String productId, @Nullable String after, int limit);
}
