package io.tollkeeper.http;

import io.netty.buffer.ByteBuf;

/// Writes numbers as ASCII digits without making text of them.
final class Digits {

    private Digits() {}

    static void decimal(long value, ByteBuf out) {
        if (value < 10) {
            out.writeByte((int) ('0' + value));
            return;
        }
        long divisor = 10;
        while (value / divisor >= 10) {
            divisor *= 10;
        }
        for (; divisor > 0; divisor /= 10) {
            out.writeByte((int) ('0' + value / divisor % 10));
        }
    }

    static void hexadecimal(int value, ByteBuf out) {
        int shift = Math.max(0, (31 - Integer.numberOfLeadingZeros(value)) & ~3);
        for (; shift >= 0; shift -= 4) {
            out.writeByte("0123456789abcdef".charAt(value >>> shift & 0xf));
        }
    }
}
