package io.tollkeeper.gateway.rules;

import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;

/// The form of a request's path that mapping rules look at: percent-decoded once, `.` and `..` resolved, slashes merged,
/// and what may not stand in a path escaped again. So `/a//b%2Fc`, `/a/x/../b/c` and `/a/b/c` are the same path. Pure
/// functions; a path that is normal already (nearly all are) costs one scan and no garbage.
public final class NormalPath {

    private static final byte[] HEX = "0123456789ABCDEF".getBytes(StandardCharsets.US_ASCII);
    private static final String ESCAPED = " \"#%<>?\\^`{|}";
    private static final boolean[] PLAIN = new boolean[128];

    static {
        for (char c = ' '; c < 0x7f; c++) {
            PLAIN[c] = ESCAPED.indexOf(c) < 0;
        }
    }

    private NormalPath() {}

    /// The normal form of `path`, which starts with `/`; none if it has none, see [#fault].
    public static @Nullable String of(String path) {
        char before = 0;
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c >= 128 || !PLAIN[c] || before == '/' && (c == '/' || c == '.')) {
                return normalised(path);
            }
            before = c;
        }
        return path;
    }

    /// Why [#of] has no answer: a sentence for the record.
    public static String fault(String path) {
        for (int i = path.indexOf('%'); i >= 0; i = path.indexOf('%', i + 1)) {
            int value = i + 2 < path.length() ? byteAt(path, i) : -1;
            if (value <= 0) {
                String escape = path.substring(i, Math.min(path.length(), i + 3));
                return value == 0
                        ? "path: %00 at offset " + i + " is refused everywhere"
                        : "path: " + escape + " at offset " + i + " is no escape (expected: % and two hexadecimal digits)";
            }
        }
        return "path: its .. segments lead above the root";
    }

    private static @Nullable String normalised(String path) {
        byte[] decoded = new byte[path.length()];
        int length = decode(path, decoded);
        if (length < 0) {
            return null;
        }
        length = resolve(decoded, length);
        return length < 0 ? null : escape(decoded, length);
    }

    private static int decode(String path, byte[] into) {
        int length = 0;
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '%') {
                int value = i + 2 < path.length() ? byteAt(path, i) : -1;
                if (value <= 0) {
                    return -1;
                }
                into[length++] = (byte) value;
                i += 2;
            } else {
                into[length++] = (byte) c;
            }
        }
        return length;
    }

    /// Resolves segments in place: what is written never overtakes what is read.
    private static int resolve(byte[] b, int length) {
        int out = 0;
        int at = 0;
        while (at < length) {
            // b[at] is a slash: skip all of them, then take one segment
            while (at < length && b[at] == '/') {
                at++;
            }
            int start = at;
            while (at < length && b[at] != '/') {
                at++;
            }
            int size = at - start;
            if (size == 1 && b[start] == '.' || size == 0) {
                if (at == length) {
                    b[out++] = '/';
                }
            } else if (size == 2 && b[start] == '.' && b[start + 1] == '.') {
                if (out == 0) {
                    return -1;
                }
                do {
                    out--;
                } while (b[out] != '/');
                if (at == length) {
                    b[out++] = '/';
                }
            } else {
                b[out++] = '/';
                System.arraycopy(b, start, b, out, size);
                out += size;
            }
        }
        return out;
    }

    @SuppressWarnings("deprecation") // the constructor from single bytes: ASCII only, no decoder
    private static String escape(byte[] b, int length) {
        int special = 0;
        for (int i = 0; i < length; i++) {
            special += isPlain(b[i]) ? 0 : 1;
        }
        byte[] text = new byte[length + 2 * special];
        int out = 0;
        for (int i = 0; i < length; i++) {
            if (isPlain(b[i])) {
                text[out++] = b[i];
            } else {
                text[out++] = '%';
                text[out++] = HEX[b[i] >> 4 & 15];
                text[out++] = HEX[b[i] & 15];
            }
        }
        return new String(text, 0);
    }

    private static boolean isPlain(byte b) {
        return b >= 0 && PLAIN[b];
    }

    /// The byte that the escape at `i` stands for, −1 if it is none.
    private static int byteAt(String path, int i) {
        int high = Character.digit(path.charAt(i + 1), 16);
        int low = Character.digit(path.charAt(i + 2), 16);
        return high < 0 || low < 0 ? -1 : high << 4 | low;
    }
}
