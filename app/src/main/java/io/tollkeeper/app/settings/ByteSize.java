package io.tollkeeper.app.settings;

import org.jspecify.annotations.Nullable;

/// A number of bytes with its unit: `64KiB`. Immutable.
public record ByteSize(long bytes) {
    private static final String[] UNITS = {"GiB", "MiB", "KiB", "B"};
    private static final long[] FACTORS = {1L << 30, 1L << 20, 1L << 10, 1};

    /// Null when the text is not a size.
    static @Nullable ByteSize parse(String text) {
        for (int i = 0; i < UNITS.length; i++) {
            if (text.endsWith(UNITS[i])) {
                var number = text.substring(0, text.length() - UNITS[i].length()).strip();
                if (number.isEmpty() || number.length() > 9 || !number.chars().allMatch(c -> c >= '0' && c <= '9')) {
                    return null;
                }
                return new ByteSize(Long.parseLong(number) * FACTORS[i]);
            }
        }
        return null;
    }

    /// As an int for APIs that count in ints; sizes beyond that are clamped.
    public int toInt() {
        return (int) Math.min(bytes, Integer.MAX_VALUE);
    }

    @Override public String toString() {
        for (int i = 0; i < UNITS.length; i++) {
            if (bytes >= FACTORS[i] && bytes % FACTORS[i] == 0) {
                return bytes / FACTORS[i] + UNITS[i];
            }
        }
        return bytes + "B";
    }
}
