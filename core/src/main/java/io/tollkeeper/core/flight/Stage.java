package io.tollkeeper.core.flight;

/// The stages of a request, in the order in which they are normally reached. A stage's stamp is the moment at which it
/// was completed.
public enum Stage {
    HEAD_READ(0),
    ROUTED(1),
    CREDENTIALS(2),
    RULES(3),
    METER(4),
    /// What the meter counted is on disk.
    COMMITTED(5),
    UPSTREAM_RESOLVED(6),
    UPSTREAM_CONNECT(7),
    UPSTREAM_HEAD_SENT(8),
    REQUEST_SENT(9),
    FIRST_BYTE(10),
    ANSWER_STARTED(11),
    DONE(12);

    static final int COUNT = 13;

    private final int index;

    Stage(int index) {
        this.index = index;
    }

    /// Place in a record's stamps.
    int index() {
        return index;
    }
}
