package io.tollkeeper.core.flight;

/// The stages of a request, in the order in which they are normally reached. A stage's stamp is the moment at which it
/// was completed.
public enum Stage {
    HEAD_READ,
    ROUTED,
    CREDENTIALS,
    RULES,
    METER,
    UPSTREAM_RESOLVED,
    UPSTREAM_CONNECT,
    UPSTREAM_HEAD_SENT,
    REQUEST_SENT,
    FIRST_BYTE,
    ANSWER_STARTED,
    DONE;

    static final int COUNT = values().length;
}
