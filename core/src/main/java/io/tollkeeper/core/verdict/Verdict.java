package io.tollkeeper.core.verdict;

import java.util.List;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// An explanation: what happened, along which path, proved by what, what to do, and what the public saw. Immutable.
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
        PASSED("✓"),
        FAILED("✗"),
        /// It was asked and had not answered.
        WAITING("…"),
        NOT_REACHED("·");

        private final String sign;

        State(String sign) {
            this.sign = sign;
        }

        public String sign() {
            return sign;
        }
    }

    /// The explanation as lines for a terminal.
    public String text() {
        StringBuilder text = new StringBuilder(512);
        text.append(headline).append('\n');
        text.append("verdict  ");
        if (reason == null) {
            text.append("passed\n");
        } else {
            text.append(reason.code())
                    .append("   ")
                    .append(reason.sentence())
                    .append("   domain: ")
                    .append(reason.domain().text())
                    .append('\n');
        }
        text.append("path     ");
        for (int i = 0; i < path.size(); i++) {
            text.append(i == 0 ? "" : " ── ").append(path.get(i).name()).append(' ').append(path.get(i).state().sign());
        }
        text.append('\n');
        lines(text, "evidence ", evidence);
        lines(text, "fix      ", fix);
        text.append("public   ").append(publicPart).append('\n');
        return text.toString();
    }

    private static void lines(StringBuilder text, String head, List<String> lines) {
        for (int i = 0; i < lines.size(); i++) {
            text.append(i == 0 ? head : "         ").append(printable(lines.get(i))).append('\n');
        }
    }

    /// Texts that were sent by strangers stay on their line and move no terminal.
    private static String printable(String line) {
        StringBuilder text = new StringBuilder(line.length());
        line.codePoints().forEach(c -> text.appendCodePoint(Character.isISOControl(c) ? '·' : c));
        return text.toString();
    }
}
