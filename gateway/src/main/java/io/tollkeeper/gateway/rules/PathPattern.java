package io.tollkeeper.gateway.rules;

import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;

/// A mapping rule's pattern, read: literal characters, `{…}` for one or more characters of a segment, and perhaps an
/// end. Matched from the start of the path; without the end (`$`) it is a prefix, not a segment: `/order` matches
/// `/orders/1`. Immutable.
///
/// @param parts    literal bytes in ASCII, [#WILD] for `{…}`
/// @param anchored whether the path must end where the pattern does
record PathPattern(byte[] parts, boolean anchored) {

    /// Stands for `{…}`; no character of a pattern, since those are ASCII.
    static final byte WILD = (byte) 0x80;

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
        byte[] parts = new byte[text.length()];
        int length = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int close = c == '{' ? text.indexOf('}', i) : -1;
            if (close > 0) {
                parts[length++] = WILD;
                i = close;
            } else if (c > '~' || c <= ' ' || "\"#<>\\^`{|}".indexOf(c) >= 0) {
                return null;
            } else if (c != '/' || length == 0 || parts[length - 1] != '/') {
                parts[length++] = (byte) c;
            }
        }
        if (length > 0 && parts[0] != '/') {
            return null;
        }
        return new PathPattern(java.util.Arrays.copyOf(parts, length), anchored);
    }

    /// Whether `{…}` matches this character.
    static boolean isSegment(char c) {
        return c < 128 && SEGMENT[c];
    }

    @Override
    public String toString() {
        return new String(parts, StandardCharsets.ISO_8859_1) + (anchored ? "$" : "");
    }
}
