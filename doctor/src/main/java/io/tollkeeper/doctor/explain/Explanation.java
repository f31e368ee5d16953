package io.tollkeeper.doctor.explain;

/// What can be said about a request.
public sealed interface Explanation {

    /// What to show.
    String text();

    /// What happened, as lines for a terminal.
    record Found(String text) implements Explanation {}

    /// The question is no request id, or nothing is known of that request; `text` says what was expected.
    record Unknown(String text) implements Explanation {}
}
