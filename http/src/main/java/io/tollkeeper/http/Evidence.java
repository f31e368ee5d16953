package io.tollkeeper.http;

import java.net.InetSocketAddress;

import io.netty.buffer.ByteBuf;

/// Words for the operator's evidence. Used on failures only.
final class Evidence {

    private static final int FIRST_BYTES = 16;

    private Evidence() {}

    /// A time as people read it: `0.3 ms`, `61.4 s`.
    static String time(long nanos) {
        if (nanos < 1_000_000_000L) {
            long tenths = Math.max(0, nanos) / 100_000;
            return tenths / 10 + "." + tenths % 10 + " ms";
        }
        long tenths = nanos / 100_000_000L;
        return tenths / 10 + "." + tenths % 10 + " s";
    }

    /// `10.0.3.9:8080`, `[::1]:8080`.
    static String address(InetSocketAddress address) {
        String literal = address.getAddress().getHostAddress();
        return (literal.indexOf(':') >= 0 ? "[" + literal + "]" : literal) + ":" + address.getPort();
    }

    /// The bytes from `index` on, at most 16, in hexadecimal and as text.
    static String firstBytes(ByteBuf in, int index) {
        int n = Math.min(FIRST_BYTES, in.writerIndex() - index);
        StringBuilder hex = new StringBuilder("first bytes");
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < n; i++) {
            int b = in.getByte(index + i) & 0xff;
            hex.append(' ').append(Character.forDigit(b >> 4, 16)).append(Character.forDigit(b & 15, 16));
            text.append(b >= ' ' && b < 0x7f ? (char) b : '.');
        }
        return hex.append(" \"").append(text).append('"').toString();
    }

    /// What another protocol's first bytes give away, empty if nothing.
    static String otherProtocol(ByteBuf in, int index) {
        int n = in.writerIndex() - index;
        int first = n > 0 ? in.getByte(index) & 0xff : -1;
        if ((first == 0x15 || first == 0x16) && n > 1 && in.getByte(index + 1) == 3) {
            return "the port speaks TLS: use https://";
        }
        // The first frame of an HTTP/2 server is SETTINGS (type 4) on stream 0.
        if (n >= 9 && first == 0 && in.getByte(index + 3) == 4 && in.getInt(index + 5) == 0) {
            return "the port speaks HTTP/2 only";
        }
        if (n >= 4 && first == 'S' && in.getByte(index + 1) == 'S' && in.getByte(index + 2) == 'H') {
            return "the port speaks SSH";
        }
        return "";
    }
}
