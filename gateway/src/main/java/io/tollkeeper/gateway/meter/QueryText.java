package io.tollkeeper.gateway.meter;

/// Percent-encoding for queries and forms: everything but letters, digits and `- . _ ~`, as UTF-8. Pure functions.
final class QueryText {

    private static final char[] HEX = "0123456789ABCDEF".toCharArray();

    private QueryText() {}

    static String encoded(String text) {
        StringBuilder out = new StringBuilder(text.length() + 8);
        append(text, out);
        return out.toString();
    }

    static void append(String text, StringBuilder out) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                if (isPlain(c)) {
                    out.append(c);
                } else {
                    octet(c, out);
                }
            } else {
                i += wide(text, i, out);
            }
        }
    }

    private static boolean isPlain(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~';
    }

    /// Writes the character that begins at `i`; how many further chars it took.
    private static int wide(String text, int i, StringBuilder out) {
        int point = text.codePointAt(i);
        if (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE) {
            point = 0xfffd; // half a pair: no character
        }
        if (point < 0x800) {
            octet(0xc0 | point >> 6, out);
        } else if (point < 0x10000) {
            octet(0xe0 | point >> 12, out);
            octet(0x80 | point >> 6 & 0x3f, out);
        } else {
            octet(0xf0 | point >> 18, out);
            octet(0x80 | point >> 12 & 0x3f, out);
            octet(0x80 | point >> 6 & 0x3f, out);
        }
        octet(0x80 | point & 0x3f, out);
        return Character.charCount(point) - 1;
    }

    private static void octet(int value, StringBuilder out) {
        out.append('%').append(HEX[value >> 4 & 15]).append(HEX[value & 15]);
    }
}
