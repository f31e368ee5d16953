package io.tollkeeper.core.authorize;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.event.StoredNotices;
import io.tollkeeper.core.usage.StoredPast;
import io.tollkeeper.core.usage.StoredUsage;
import org.jspecify.annotations.Nullable;

/// What a loader found for a [LoadKey].
public sealed interface Loaded {

    /// For [LoadKey.ById] and [LoadKey.ByUserKey]: the application, or none, with its last snapshot, or none.
    /// `applicationId` is the id that a user key maps to; it is given even if no such application exists. `notices` is
    /// what is remembered of its events, none if it was never seen.
    record Definition(
            @Nullable String applicationId,
            @Nullable Application application,
            @Nullable StoredUsage usage,
            @Nullable StoredNotices notices)
            implements Loaded {

        /// Without anything remembered.
        public Definition(
                @Nullable String applicationId, @Nullable Application application, @Nullable StoredUsage usage) {
            this(applicationId, application, usage, null);
        }
    }

    /// For [LoadKey.Past].
    record Past(StoredPast past) implements Loaded {}

    /// The stores could not be read; the message is for the log.
    record Failed(String message) implements Loaded {}

    /// Memory is full of applications that may not leave it yet: nothing was read.
    record NoRoom() implements Loaded {}
}
