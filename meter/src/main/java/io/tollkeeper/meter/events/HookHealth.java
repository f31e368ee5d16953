package io.tollkeeper.meter.events;

import org.jspecify.annotations.Nullable;

/// How the hook is, at one moment: how often the portal was told, how often that failed, and why the last attempt did,
/// if it did.
public record HookHealth(long delivered, long failed, @Nullable String fault) {

    /// No hook is set, or it had nothing to tell yet.
    public static final HookHealth SILENT = new HookHealth(0, 0, null);
}
