package io.tollkeeper.gateway.meter;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;

/// Calls that one event loop let in, in a file mapped into memory: what was written is the kernel's and survives the death
/// of this process, without a system call per call. Written by one loop, then sealed; read and deleted by the spool's
/// thread. Appending never blocks: the file's room was filled with zeros before.
///
/// ```
/// "TKSPOOL1", then records, each completed by writing its first byte last; 0 ends them
/// 1 target  length (2) text: url \n host \n report target            numbered from 0
/// 2 key     target (2) length (2) text: user_key=…&usage%5Bhits%5D=1  numbered from 0
/// 3 call    key (4) second (4)
/// 4 status  key (4) second (4) status (2)
/// ```
final class SpoolSegment {

    static final int SIZE = 256 * 1024;
    static final long MAGIC = 0x544b_5350_4f4f_4c31L;
    static final byte TARGET = 1;
    static final byte KEY = 2;
    static final byte CALL = 3;
    static final byte STATUS = 4;

    private static final int LONGEST_TEXT = 16 * 1024;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(java.nio.ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(java.nio.ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(java.nio.ByteOrder.BIG_ENDIAN);

    private final Path file;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private final Map<String, Integer> targets = new HashMap<>();
    private final Map<String, Integer> keys = new HashMap<>();
    private int position = Long.BYTES;

    /// Makes the file. Blocks.
    SpoolSegment(Path file) throws IOException {
        this.file = file;
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer zeros = ByteBuffer.allocate(SIZE);
            while (zeros.hasRemaining()) {
                channel.write(zeros);
            }
            memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE, arena);
        }
        memory.set(LONG, 0, MAGIC);
    }

    Path file() {
        return file;
    }

    boolean isEmpty() {
        return position == Long.BYTES;
    }

    /// Notes a call that was let in; false if there is no room for it.
    boolean call(String target, String key, long second) {
        int number = number(target, key);
        if (number < 0 || position + 9 > SIZE) {
            return false;
        }
        memory.set(INT, position + 1, number);
        memory.set(INT, position + 5, (int) second);
        complete(CALL, 9);
        return true;
    }

    /// Notes how a call ended; false if there is no room for it.
    boolean status(String target, String key, long second, int status) {
        int number = number(target, key);
        if (number < 0 || position + 11 > SIZE) {
            return false;
        }
        memory.set(INT, position + 1, number);
        memory.set(INT, position + 5, (int) second);
        memory.set(SHORT, position + 9, (short) status);
        complete(STATUS, 11);
        return true;
    }

    private int number(String target, String key) {
        Integer known = keys.get(key);
        return known != null ? known : newKey(target, key);
    }

    /// The number of a key that was not met before; -1 if there is no room for it.
    private int newKey(String target, String key) {
        Integer place = targets.get(target);
        if (place == null) {
            byte[] text = target.getBytes(StandardCharsets.UTF_8);
            if (text.length > LONGEST_TEXT || position + 3 + text.length > SIZE) {
                return -1;
            }
            memory.set(SHORT, position + 1, (short) text.length);
            MemorySegment.copy(text, 0, memory, ValueLayout.JAVA_BYTE, position + 3, text.length);
            complete(TARGET, 3 + text.length);
            place = targets.size();
            targets.put(target, place);
        }
        byte[] text = ReportForm.reported(key).getBytes(StandardCharsets.US_ASCII);
        if (text.length > LONGEST_TEXT || position + 5 + text.length > SIZE) {
            return -1;
        }
        memory.set(SHORT, position + 1, place.shortValue());
        memory.set(SHORT, position + 3, (short) text.length);
        MemorySegment.copy(text, 0, memory, ValueLayout.JAVA_BYTE, position + 5, text.length);
        complete(KEY, 5 + text.length);
        int number = keys.size();
        keys.put(key, number);
        return number;
    }

    /// A record counts from here on.
    private void complete(byte kind, int length) {
        VarHandle.releaseFence();
        memory.set(ValueLayout.JAVA_BYTE, position, kind);
        position += length;
    }

    /// Writes to the disk what was appended. Blocks; not while another thread gives the memory back.
    void force() {
        memory.force();
    }

    /// Gives the memory back; the file stays. Once it is sealed. Blocks.
    ///
    /// @param safely whether it must survive the machine, too
    void release(boolean safely) {
        if (safely) {
            memory.force();
        }
        arena.close();
    }
}
