package io.tollkeeper.http.recorder;

/// What a line of the access log looks like.
public enum LogFormat {
    /// An object per line, with all that is known.
    JSON,
    /// The line of 3scale's gateway (gateway specification, section 15.1), for tools that read it.
    APICAST
}
