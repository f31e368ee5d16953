package io.tollkeeper.meter.answer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Bytes of an XML document while it is written. Reused by its owner; used on one thread at a time.
///
/// Texts are escaped as the original does (`&`, `<`, `>`; in attributes also `"`), and characters that XML cannot hold
/// (most control characters, lone surrogates, U+FFFE, U+FFFF) become U+FFFD, so that every answer is well-formed
/// whatever a caller sent.
public final class Xml {

    private static final byte[] AMPERSAND = ascii("&amp;");
    private static final byte[] LESS = ascii("&lt;");
    private static final byte[] GREATER = ascii("&gt;");
    private static final byte[] QUOTE = ascii("&quot;");
    private static final int KEPT = 64 * 1024;

    private byte[] bytes = new byte[1024];
    private int size;

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /// Starts a new document.
    public Xml clear() {
        size = 0;
        if (bytes.length > KEPT) {
            bytes = new byte[1024];
        }
        return this;
    }

    /// The document, as an array of its own.
    public byte[] toBytes() {
        return Arrays.copyOf(bytes, size);
    }

    /// Bytes that need no escaping.
    Xml raw(byte[] markup) {
        reserve(markup.length);
        System.arraycopy(markup, 0, bytes, size, markup.length);
        size += markup.length;
        return this;
    }

    /// Character data.
    Xml text(String text) {
        return escaped(text, false);
    }

    /// The value of an attribute in double quotes.
    Xml attribute(String text) {
        return escaped(text, true);
    }

    Xml number(long value) {
        reserve(20);
        if (value < 0) {
            return raw(ascii(Long.toString(value)));
        }
        int digits = 1;
        for (long rest = value; rest >= 10; rest /= 10) {
            digits++;
        }
        long rest = value;
        for (int i = size + digits - 1; i >= size; i--) {
            bytes[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        size += digits;
        return this;
    }

    /// A moment as `YYYY-MM-DD HH:MM:SS +0000`.
    Xml moment(long epochSecond) {
        reserve(25);
        long day = Math.floorDiv(epochSecond, 86_400);
        int second = Math.floorMod(epochSecond, 86_400);
        // Proleptic Gregorian date of a day number, counting years from March.
        long z = day + 719_468;
        long era = Math.floorDiv(z, 146_097);
        long dayOfEra = z - era * 146_097;
        long yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        long dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        long shifted = (5 * dayOfYear + 2) / 153;
        int month = (int) (shifted < 10 ? shifted + 3 : shifted - 9);
        int year = (int) (yearOfEra + era * 400 + (month <= 2 ? 1 : 0));
        two(year / 100);
        two(year % 100);
        bytes[size++] = '-';
        two(month);
        bytes[size++] = '-';
        two((int) (dayOfYear - (153 * shifted + 2) / 5 + 1));
        bytes[size++] = ' ';
        two(second / 3_600);
        bytes[size++] = ':';
        two(second / 60 % 60);
        bytes[size++] = ':';
        two(second % 60);
        bytes[size++] = ' ';
        bytes[size++] = '+';
        two(0);
        two(0);
        return this;
    }

    private void two(int value) {
        bytes[size++] = (byte) ('0' + value / 10);
        bytes[size++] = (byte) ('0' + value % 10);
    }

    private Xml escaped(String text, boolean attribute) {
        int length = text.length();
        reserve(length * 6);
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                ascii(c, attribute);
            } else if (c < 0x800) {
                bytes[size++] = (byte) (0xC0 | c >> 6);
                bytes[size++] = (byte) (0x80 | c & 0x3F);
            } else if (Character.isHighSurrogate(c) && i + 1 < length && Character.isLowSurrogate(text.charAt(i + 1))) {
                int code = Character.toCodePoint(c, text.charAt(++i));
                bytes[size++] = (byte) (0xF0 | code >> 18);
                bytes[size++] = (byte) (0x80 | code >> 12 & 0x3F);
                bytes[size++] = (byte) (0x80 | code >> 6 & 0x3F);
                bytes[size++] = (byte) (0x80 | code & 0x3F);
            } else {
                three(Character.isSurrogate(c) || c >= 0xFFFE ? '\uFFFD' : c);
            }
        }
        return this;
    }

    private void ascii(char c, boolean attribute) {
        switch (c) {
            case '&' -> raw(AMPERSAND);
            case '<' -> raw(LESS);
            case '>' -> raw(GREATER);
            case '"' -> {
                if (attribute) {
                    raw(QUOTE);
                } else {
                    bytes[size++] = '"';
                }
            }
            default -> {
                if (c >= ' ' || c == '\t' || c == '\n' || c == '\r') {
                    bytes[size++] = (byte) c;
                } else {
                    three('\uFFFD');
                }
            }
        }
    }

    private void three(char c) {
        bytes[size++] = (byte) (0xE0 | c >> 12);
        bytes[size++] = (byte) (0x80 | c >> 6 & 0x3F);
        bytes[size++] = (byte) (0x80 | c & 0x3F);
    }

    private void reserve(int length) {
        if (bytes.length - size < length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + length));
        }
    }
}
