package io.tollkeeper.core.authorize;

import java.util.List;

import io.tollkeeper.core.usage.Slot;

/// What has to be read from the stores before a call can be decided. Ids and keys are in normal form.
public sealed interface LoadKey {

    /// An application with its usage, by id.
    record ById(String productId, String applicationId) implements LoadKey {}

    /// An application with its usage, by user key.
    record ByUserKey(String productId, String userKey) implements LoadKey {}

    /// The usage of an application, deleted or not, by its number.
    record ByNumber(long application) implements LoadKey {}

    /// Closed slots that a late `#set` replaces.
    record Past(long application, List<Slot> slots) implements LoadKey {

        public Past {
            slots = List.copyOf(slots);
        }
    }
}
