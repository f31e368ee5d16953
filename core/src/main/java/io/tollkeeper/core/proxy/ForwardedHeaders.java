package io.tollkeeper.core.proxy;

/// What happens to `X-Forwarded-For`, `-Proto`, `-Host` and `Via` on the way to an upstream.
public enum ForwardedHeaders {
    /// The client's pass unchanged, ours are not added: what 3scale does.
    PASS,
    /// Ours are added behind the client's.
    APPEND,
    /// The client's are removed, ours take their place.
    REPLACE
}
