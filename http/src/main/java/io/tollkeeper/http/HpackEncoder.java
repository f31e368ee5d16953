package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// Writes header blocks: names and values of the fixed table where they fit, everything else as plain text. It keeps no
/// table of its own and packs nothing: a few bytes more per answer, no state to be attacked, and no work. Stateless.
final class HpackEncoder {

    private static final int[] FIXED_INDEX = new int[64];
    // places in the fixed table (RFC 7541, appendix A)
    private static final int AUTHORITY = 1;
    private static final int GET = 2;
    private static final int POST = 3;
    private static final int PATH = 4;
    private static final int SCHEME_HTTP = 6;
    private static final int SCHEME_HTTPS = 7;
    private static final int STATUS = HpackTable.fixedIndex(":status");

    static {
        for (HeaderName name : HeaderName.wellKnown()) {
            FIXED_INDEX[name.id()] = HpackTable.fixedIndex(name.toString().toLowerCase(Locale.ROOT));
        }
    }

    private HpackEncoder() {}

    /// Most bytes that [#field] writes for text of that length.
    static int most(int textLength) {
        return textLength + 11;
    }

    /// The pseudo-headers of a request.
    static void request(String method, boolean secure, String authority, String path, ByteBuf out) {
        switch (method) {
            case "GET" -> out.writeByte(0x80 | GET);
            case "POST" -> out.writeByte(0x80 | POST);
            default -> text(GET, method, out);
        }
        out.writeByte(0x80 | (secure ? SCHEME_HTTPS : SCHEME_HTTP));
        if (path.equals("/")) {
            out.writeByte(0x80 | PATH);
        } else {
            text(PATH, path, out);
        }
        text(AUTHORITY, authority, out);
    }

    private static void text(int index, String value, ByteBuf out) {
        integer(0, 4, index, out);
        integer(0, 7, value.length(), out);
        out.writeCharSequence(value, StandardCharsets.ISO_8859_1);
    }

    /// `te: trailers`
    static void takesTrailers(ByteBuf out) {
        out.writeByte(0).writeByte(2).writeByte('t').writeByte('e').writeByte(8);
        out.writeCharSequence("trailers", StandardCharsets.US_ASCII);
    }

    static void status(int status, ByteBuf out) {
        int index = switch (status) {
            case 200 -> 8;
            case 204 -> 9;
            case 206 -> 10;
            case 304 -> 11;
            case 400 -> 12;
            case 404 -> 13;
            case 500 -> 14;
            default -> 0;
        };
        if (index != 0) {
            out.writeByte(0x80 | index);
            return;
        }
        out.writeByte(STATUS);
        out.writeByte(3);
        out.writeByte('0' + status / 100).writeByte('0' + status / 10 % 10).writeByte('0' + status % 10);
    }

    /// @param line `Date: …` with its CRLF, as HTTP/1 has it
    static void date(byte[] line, ByteBuf out) {
        int value = "Date: ".length();
        int length = line.length - value - 2;
        name(HeaderName.DATE, out);
        integer(0, 7, length, out);
        out.writeBytes(line, value, length);
    }

    static void contentLength(long length, ByteBuf out) {
        name(HeaderName.CONTENT_LENGTH, out);
        int at = out.writerIndex();
        out.writeByte(0);
        Digits.decimal(length, out);
        out.setByte(at, out.writerIndex() - at - 1);
    }

    private static void name(HeaderName name, ByteBuf out) {
        integer(0, 4, FIXED_INDEX[name.id()], out);
    }

    /// A field of a message; its name in small letters.
    static void field(@Nullable HeaderName known, byte[] text, int name, int nameLength, int value, int valueLength, ByteBuf out) {
        int index = known == null ? 0 : FIXED_INDEX[known.id()];
        integer(0, 4, index, out);
        if (index == 0) {
            integer(0, 7, nameLength, out);
            for (int i = name; i < name + nameLength; i++) {
                out.writeByte(HeaderName.lower(text[i]));
            }
        }
        integer(0, 7, valueLength, out);
        out.writeBytes(text, value, valueLength);
    }

    private static void integer(int flags, int prefix, int value, ByteBuf out) {
        int most = (1 << prefix) - 1;
        if (value < most) {
            out.writeByte(flags | value);
            return;
        }
        out.writeByte(flags | most);
        int rest = value - most;
        while (rest >= 0x80) {
            out.writeByte(rest & 0x7f | 0x80);
            rest >>>= 7;
        }
        out.writeByte(rest);
    }
}
