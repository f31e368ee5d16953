package io.tollkeeper.core.flight;

import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;

/// A ULID as two longs: 48 bits of milliseconds, 80 bits of chance. Text is made only when asked for.
///
/// ```
/// high  tttttttt tttttttt tttttttt tttttttt tttttttt tttttttt rrrrrrrr rrrrrrrr
/// low   rrrrrrrr rrrrrrrr rrrrrrrr rrrrrrrr rrrrrrrr rrrrrrrr rrrrrrrr rrrrrrrr
/// ```
public record RequestId(long high, long low) {

    /// Characters of the text form.
    public static final int LENGTH = 26;

    private static final byte[] DIGITS = {
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M', 'N',
        'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z'
    };

    /// Writes the 26 characters as ASCII: three bits, then 25 times five.
    public static void write(long high, long low, byte[] target, int offset) {
        target[offset] = DIGITS[(int) (high >>> 61)];
        for (int i = 1, shift = 56; i <= 12; i++, shift -= 5) {
            target[offset + i] = DIGITS[(int) (high >>> shift) & 31];
        }
        target[offset + 13] = DIGITS[(int) (high << 4 | low >>> 60) & 31];
        for (int i = 14, shift = 55; i < LENGTH; i++, shift -= 5) {
            target[offset + i] = DIGITS[(int) (low >>> shift) & 31];
        }
    }

    /// The text form of an id.
    public static String text(long high, long low) {
        byte[] text = new byte[LENGTH];
        write(high, low, text, 0);
        return new String(text, StandardCharsets.ISO_8859_1);
    }

    /// Reads the text form, in any letter case; none if it is not an id.
    public static @Nullable RequestId parse(String text) {
        if (text.length() != LENGTH) {
            return null;
        }
        int first = digit(text.charAt(0));
        if (first < 0 || first > 7) {
            return null;
        }
        long high = first;
        long low = 0;
        for (int i = 1; i < LENGTH; i++) {
            int digit = digit(text.charAt(i));
            if (digit < 0) {
                return null;
            }
            if (i <= 12) {
                high = high << 5 | digit;
            } else if (i == 13) {
                high = high << 1 | digit >>> 4;
                low = digit & 15;
            } else {
                low = low << 5 | digit;
            }
        }
        return new RequestId(high, low);
    }

    private static int digit(char c) {
        char upper = c >= 'a' && c <= 'z' ? (char) (c - 32) : c;
        for (int i = 0; i < DIGITS.length; i++) {
            if (DIGITS[i] == upper) {
                return i;
            }
        }
        return -1;
    }

    /// Milliseconds since 1970 at which the id was made.
    public long millis() {
        return high >>> 16;
    }

    @Override
    public String toString() {
        return text(high, low);
    }
}
