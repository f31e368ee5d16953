package io.tollkeeper.core.verdict;

import io.tollkeeper.core.reason.Reason;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An explanation: what happened, along which path, proved by what, what to do, and what the public saw.
public record Verdict(
        String headline,
        @Nullable Reason reason,
        List<Hop> path,
        List<String> evidence,
        List<String> fix,
        String publicPart) {

    public Verdict {
        path = List.copyOf(path);
        evidence = List.copyOf(evidence);
        fix = List.copyOf(fix);
    }

    /// One party on the road of the request.
    public record Hop(String name, State state) {}

    public enum State {
        PASSED,
        FAILED,
        NOT_REACHED
    }

    /// The explanation as lines for a terminal, in the shape `request … / verdict … / path … / evidence … / fix …`.
    public String text() {
        throw new IllegalStateException("being built");
    }
}
