package io.tollkeeper.core.authorize;

/// How much of a referrer a filter has to cover.
public enum ReferrerMatch {
    /// All of it.
    WHOLE,
    /// Some part of a line of it: what customers from before 3scale's anchored filters rely on.
    PART
}
