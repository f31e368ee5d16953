package io.tollkeeper.gateway.trace;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Writes protobuf's wire format. Messages within messages are written by mark and close: the length is put in when it is
/// known. On one thread.
final class ProtoBuffer {

    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;
    /// Bytes kept for a message's length: enough for 2 MiB.
    private static final int ROOM = 3;

    private byte[] bytes = new byte[16 * 1024];
    private int size;

    void clear() {
        size = 0;
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, size);
    }

    /// Begins a message; to be closed with what is returned.
    int open(int field) {
        tag(field, BYTES);
        int mark = size;
        ensure(ROOM);
        size += ROOM;
        return mark;
    }

    void close(int mark) {
        int length = size - mark - ROOM;
        if (length >= 1 << 7 * ROOM) {
            throw new IllegalStateException("a message of " + length + " bytes is too long");
        }
        // a number may be written longer than it needs to be: the last byte is the one without the high bit
        bytes[mark] = (byte) (length & 0x7f | 0x80);
        bytes[mark + 1] = (byte) (length >>> 7 & 0x7f | 0x80);
        bytes[mark + 2] = (byte) (length >>> 14);
    }

    void varint(int field, long value) {
        tag(field, VARINT);
        number(value);
    }

    void fixed64(int field, long value) {
        tag(field, FIXED64);
        little(value, 8);
    }

    void fixed32(int field, int value) {
        tag(field, FIXED32);
        little(value, 4);
    }

    void text(int field, String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        tag(field, BYTES);
        number(utf8.length);
        ensure(utf8.length);
        System.arraycopy(utf8, 0, bytes, size, utf8.length);
        size += utf8.length;
    }

    /// One or two numbers as 8 or 16 bytes.
    void id(int field, long... parts) {
        tag(field, BYTES);
        number(parts.length * 8L);
        ensure(parts.length * 8);
        for (long part : parts) {
            for (int shift = 56; shift >= 0; shift -= 8) {
                bytes[size++] = (byte) (part >>> shift);
            }
        }
    }

    private void tag(int field, int type) {
        number((long) field << 3 | type);
    }

    private void number(long value) {
        ensure(10);
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            bytes[size++] = (byte) (rest & 0x7f | 0x80);
            rest >>>= 7;
        }
        bytes[size++] = (byte) rest;
    }

    private void little(long value, int length) {
        ensure(length);
        for (int i = 0; i < length; i++) {
            bytes[size++] = (byte) (value >>> 8 * i);
        }
    }

    private void ensure(int room) {
        if (size + room > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + room));
        }
    }
}
