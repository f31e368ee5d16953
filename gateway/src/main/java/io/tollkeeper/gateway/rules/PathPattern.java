package io.tollkeeper.gateway.rules;

import org.jspecify.annotations.Nullable;

/// A mapping rule's pattern, read: literal characters, `{…}` for one or more characters of a segment, and perhaps an
/// end. Matched from the start of the path; without the end (`$`) it is a prefix, not a segment: `/order` matches
/// `/orders/1`. Immutable.
///
/// @param parts    literal characters in ASCII, [#WILD] for `{…}`
/// @param anchored whether the path must end where the pattern does
record PathPattern(String parts, boolean anchored) {

    /// Stands for `{…}`; no character of a pattern, since those are ASCII.
    static final char WILD = '\u0080';

    private static final boolean[] SEGMENT = new boolean[128];

    static {
        String others = "_-.~%!$&'()*+,;=@:";
        for (char c = 0; c < 128; c++) {
            SEGMENT[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || others.indexOf(c) >= 0;
        }
    }

    /// Reads a pattern; none if it can match no path at all, because it has a character that never stands in one.
    static @Nullable PathPattern of(String pattern) {
        int mark = pattern.indexOf('?');
        String text = mark < 0 ? pattern : pattern.substring(0, mark);
        boolean anchored = text.endsWith("$");
        if (anchored) {
            text = text.substring(0, text.length() - 1);
        }
        StringBuilder parts = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int close = c == '{' ? text.indexOf('}', i) : -1;
            if (close > 0) {
                parts.append(WILD);
                i = close;
            } else if (c > '~' || c <= ' ' || "\"#<>\\^`{|}".indexOf(c) >= 0) {
                return null;
            } else if (c != '/' || parts.isEmpty() || parts.charAt(parts.length() - 1) != '/') {
                parts.append(c);
            }
        }
        return parts.isEmpty() || parts.charAt(0) == '/' ? new PathPattern(parts.toString(), anchored) : null;
    }

    /// Whether `{…}` matches this character.
    static boolean isSegment(char c) {
        return c < 128 && SEGMENT[c];
    }
}
