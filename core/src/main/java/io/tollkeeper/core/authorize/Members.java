package io.tollkeeper.core.authorize;

import java.util.concurrent.ConcurrentHashMap;

/// The applications of one product that are in memory, and the ids and keys known not to exist. Read by event loops
/// without a lock, changed under the lock of [Applications]' changes. All ids and keys are in normal form.
final class Members {

    final ConcurrentHashMap<String, ResidentApplication> byId = new ConcurrentHashMap<>();
    final ConcurrentHashMap<String, ResidentApplication> byUserKey = new ConcurrentHashMap<>();

    final ConcurrentHashMap<String, Boolean> absentIds = new ConcurrentHashMap<>();

    /// User key → the id of an application that does not exist, or empty if the key maps to nothing.
    final ConcurrentHashMap<String, String> absentKeys = new ConcurrentHashMap<>();
}
