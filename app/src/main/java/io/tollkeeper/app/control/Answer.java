package io.tollkeeper.app.control;

/// What a running process says to a question: text for a person and the exit code for the command that asked.
public record Answer(int exitCode, String text) {

    public static Answer ok(String text) {
        return new Answer(0, text);
    }

    /// Found nothing, or refused.
    public static Answer refused(String text) {
        return new Answer(1, text);
    }
}
