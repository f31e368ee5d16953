package io.tollkeeper.core.proxy;

/// Which form of a request's path an upstream gets. Mapping rules always look at the normalised one.
public enum UpstreamPath {
    /// The client's bytes, behind the base path.
    PRESERVE,
    /// Decoded once, `.` and `..` resolved, slashes merged, escaped again.
    NORMALISE,
    /// The client's bytes, but a path that differs from its normalised form is refused.
    REFUSE_AMBIGUOUS,
    /// What 3scale does: normalised behind a base path, the client's bytes without one.
    NORMALISE_BEHIND_BASE_PATH
}
