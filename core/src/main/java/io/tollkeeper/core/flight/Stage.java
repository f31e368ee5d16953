package io.tollkeeper.core.flight;

/// The stages of a request, in the order in which they are normally reached. A stage's stamp is the moment at which it
/// was completed.
public enum Stage {
    HEAD_READ(0),
    ROUTED(1),
    CREDENTIALS(2),
    RULES(3),
    METER(4),
    UPSTREAM_RESOLVED(5),
    UPSTREAM_CONNECT(6),
    UPSTREAM_HEAD_SENT(7),
    REQUEST_SENT(8),
    FIRST_BYTE(9),
    ANSWER_STARTED(10),
    DONE(11);

    static final int COUNT = 12;

    private final int index;

    Stage(int index) {
        this.index = index;
    }

    /// Place in a record's stamps.
    int index() {
        return index;
    }
}
