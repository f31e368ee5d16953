package io.tollkeeper.testkit;

import java.io.ByteArrayOutputStream;
import java.util.zip.CRC32;

/// Keeps the first bytes of a stream, counts and checksums all of them. Written by one thread, read by any.
final class BoundedBytes {

    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final CRC32 checksum = new CRC32();
    private final int most;
    private long total;

    BoundedBytes(int most) {
        this.most = most;
    }

    synchronized void append(byte[] bytes, int offset, int length) {
        var room = Math.min(length, most - kept.size());
        if (room > 0) {
            kept.write(bytes, offset, room);
        }
        checksum.update(bytes, offset, length);
        total += length;
    }

    synchronized byte[] bytes() {
        return kept.toByteArray();
    }

    synchronized long total() {
        return total;
    }

    synchronized long checksum() {
        return checksum.getValue();
    }
}
