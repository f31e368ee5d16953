package io.tollkeeper.core.usage;

import org.jspecify.annotations.Nullable;

/// Blanks as the original counts them: NUL, tab, line breaks, space; not those of other scripts. Pure functions.
public final class Blank {

    private Blank() {}

    private static boolean is(char c) {
        return c == ' ' || c == 0 || c >= '\t' && c <= '\r';
    }

    /// Whether a text has nothing but blanks.
    public static boolean is(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (!is(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /// The text as it is, or none if it is blank.
    public static @Nullable String toNull(@Nullable String text) {
        return text == null || is(text) ? null : text;
    }

    /// The text without the blanks around it.
    public static String trim(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && is(text.charAt(from))) {
            from++;
        }
        while (to > from && is(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }
}
