package io.tollkeeper.core.flight;

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

    /// Writes the 26 characters as ASCII.
    public static void write(long high, long low, byte[] target, int offset) {
        // 130 bits for 128: the first character carries three bits.
        long top = high >>> 14; // the upper 50 bits: 10 characters of time
        for (int i = 9; i >= 0; i--) {
            target[offset + i] = DIGITS[(int) (top & 31)];
            top >>>= 5;
        }
        throw new IllegalStateException("being built: " + low);
    }

    /// The text form of an id.
    @SuppressWarnings("deprecation") // the constructor from single bytes: no decoder, one copy
    public static String text(long high, long low) {
        byte[] text = new byte[LENGTH];
        write(high, low, text, 0);
        return new String(text, 0);
    }

    /// Reads the text form, in any letter case; none if it is not an id.
    public static @Nullable RequestId parse(String text) {
        throw new IllegalStateException("being built: " + text);
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
