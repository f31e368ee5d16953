package io.tollkeeper.core.authorize;

import io.tollkeeper.core.reason.Reason;

/// What the authorizer says to a call. What it was decided from is in the [Call].
public sealed interface Decision {

    /// Go ahead. If [Call#counted], the acknowledgement waits for the journal.
    record Granted() implements Decision {}

    /// No. `message` is 3scale's text exactly; `evidence` is for operators (which keys, filters, values were compared;
    /// credentials shortened). `limit` is the index of the violated limit in [Call#limits], −1 if no limit is.
    record Denied(Reason reason, String message, String evidence, int limit) implements Decision {}

    /// The application (or a mapping, or closed slots) is not in memory: load it through [Applications#load] and ask
    /// again.
    record NotLoaded(LoadKey key) implements Decision {}

    /// Nothing can be counted now: `STORE_UNWRITABLE` or `OVERLOAD`. Nothing was counted.
    record Unavailable(Reason reason) implements Decision {}
}
