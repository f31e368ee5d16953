package io.tollkeeper.meter.params;

/// Well-formedness of UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. Pure function.
final class Utf8 {

    private Utf8() {}

    static boolean isValid(byte[] bytes, int from, int to) {
        int i = from;
        while (i < to) {
            int lead = bytes[i++];
            if (lead >= 0) {
                continue;
            }
            int tail;
            int lowest = 0x80;
            int highest = 0xBF;
            lead &= 0xFF;
            if (lead >= 0xC2 && lead <= 0xDF) {
                tail = 1;
            } else if (lead >= 0xE0 && lead <= 0xEF) {
                tail = 2;
                lowest = lead == 0xE0 ? 0xA0 : 0x80;
                highest = lead == 0xED ? 0x9F : 0xBF;
            } else if (lead >= 0xF0 && lead <= 0xF4) {
                tail = 3;
                lowest = lead == 0xF0 ? 0x90 : 0x80;
                highest = lead == 0xF4 ? 0x8F : 0xBF;
            } else {
                return false;
            }
            if (to - i < tail) {
                return false;
            }
            int second = bytes[i] & 0xFF;
            if (second < lowest || second > highest) {
                return false;
            }
            for (int k = 1; k < tail; k++) {
                if ((bytes[i + k] & 0xC0) != 0x80) {
                    return false;
                }
            }
            i += tail;
        }
        return true;
    }
}
