package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;

import io.netty.buffer.ByteBuf;

/// Numbers of HTTP/2 (RFC 9113): frame types, flags, settings, error codes.
final class Http2 {

    static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    static final int FRAME_HEADER = 9;
    /// What both sides may send unless they were told otherwise; we never ask for more.
    static final int FRAME_SIZE = 16_384;
    static final int WINDOW = 65_535;

    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PUSH_PROMISE = 5;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int END_STREAM = 0x1;
    static final int ACK = 0x1;
    static final int END_HEADERS = 0x4;
    static final int PADDED = 0x8;
    static final int WITH_PRIORITY = 0x20;

    static final int ENABLE_PUSH = 2;
    static final int MAX_CONCURRENT_STREAMS = 3;
    static final int INITIAL_WINDOW_SIZE = 4;
    static final int MAX_FRAME_SIZE = 5;
    static final int MAX_HEADER_LIST_SIZE = 6;

    /// Error codes (section 7), in the order of their numbers.
    enum Code {
        NO_ERROR,
        PROTOCOL_ERROR,
        INTERNAL_ERROR,
        FLOW_CONTROL_ERROR,
        SETTINGS_TIMEOUT,
        STREAM_CLOSED,
        FRAME_SIZE_ERROR,
        REFUSED_STREAM,
        CANCEL,
        COMPRESSION_ERROR,
        CONNECT_ERROR,
        ENHANCE_YOUR_CALM,
        INADEQUATE_SECURITY,
        HTTP_1_1_REQUIRED
    }

    private static final Code[] CODES = Code.values();

    private Http2() {}

    /// Name of a code as the other side sent it.
    static String codeName(long code) {
        return code >= 0 && code < CODES.length ? CODES[(int) code].name() : "code " + code;
    }

    static ByteBuf frameHeader(int length, int type, int flags, int stream, ByteBuf out) {
        return out.writeMedium(length).writeByte(type).writeByte(flags).writeInt(stream);
    }

    /// How much of the preface these bytes are: all of it, too few to tell, or something else.
    enum Preface { WHOLE, PARTIAL, OTHER }

    static Preface preface(ByteBuf in) {
        int n = Math.min(in.readableBytes(), PREFACE.length);
        int from = in.readerIndex();
        for (int i = 0; i < n; i++) {
            if (in.getByte(from + i) != PREFACE[i]) {
                return Preface.OTHER;
            }
        }
        return n == PREFACE.length ? Preface.WHOLE : Preface.PARTIAL;
    }
}
