package io.tollkeeper.gateway.rules;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/// The arguments that query conditions look at: those of the URL and, hiding the URL's of the same name, those of a form
/// body; of repeated ones the last counts. Decoded; `name` without `=` is present and equals nothing. Made only for
/// rules that have conditions.
public final class Arguments {

    /// More arguments of a URL or a body are not looked at, as in the original.
    static final int MOST = 100;

    private static final String NO_VALUE = "\u0000no value";

    private final Map<String, String> values = new HashMap<>();

    /// Reads query and form; both are what came over the wire (Latin-1), either may be missing.
    public Arguments(@Nullable String query, @Nullable String form) {
        read(query);
        read(form);
    }

    private void read(@Nullable String text) {
        if (text == null) {
            return;
        }
        int count = 0;
        for (int at = 0; at <= text.length() && count < MOST; count++) {
            int end = text.indexOf('&', at);
            if (end < 0) {
                end = text.length();
            }
            int equals = text.indexOf('=', at);
            if (equals < 0 || equals >= end) {
                if (end > at) {
                    values.put(decoded(text.substring(at, end)), NO_VALUE);
                }
            } else {
                values.put(decoded(text.substring(at, equals)), decoded(text.substring(equals + 1, end)));
            }
            at = end + 1;
        }
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    /// Whether the argument is present with exactly this value.
    boolean is(String name, String expected) {
        return expected.equals(values.get(name));
    }

    Map<String, String> values() {
        return values;
    }

    /// Undoes the encoding of forms: `+` is a space, `%41` is `A`; what is no escape stays as it is. Bytes are UTF-8.
    public static String decoded(String text) {
        if (isPlain(text)) {
            return text;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '+') {
                bytes.write(' ');
            } else if (c == '%' && i + 2 < text.length()
                    && Character.digit(text.charAt(i + 1), 16) >= 0 && Character.digit(text.charAt(i + 2), 16) >= 0) {
                bytes.write(Character.digit(text.charAt(i + 1), 16) << 4 | Character.digit(text.charAt(i + 2), 16));
                i += 2;
            } else {
                bytes.write(c);
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%' || c == '+' || c >= 128) {
                return false;
            }
        }
        return true;
    }
}
