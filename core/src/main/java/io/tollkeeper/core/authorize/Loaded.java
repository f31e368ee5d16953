package io.tollkeeper.core.authorize;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.usage.StoredPast;
import io.tollkeeper.core.usage.StoredUsage;
import org.jspecify.annotations.Nullable;

/// What a loader found for a [LoadKey].
public sealed interface Loaded {

    /// For [LoadKey.ById] and [LoadKey.ByUserKey]: the application, or none, with its last snapshot, or none.
    /// `applicationId` is the id that a user key maps to; it is given even if no such application exists.
    record Definition(
            @Nullable String applicationId, @Nullable Application application, @Nullable StoredUsage usage)
            implements Loaded {}

    /// For [LoadKey.Past].
    record Past(StoredPast past) implements Loaded {}

    /// The stores could not be read; the message is for the log.
    record Failed(String message) implements Loaded {}
}
