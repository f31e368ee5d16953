package io.tollkeeper.core.usage;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import org.jspecify.annotations.Nullable;

/// The binary form of a journal row: [Writer] makes it, [Reader] walks through it. Both are reusable and belong to one
/// thread; neither allocates per entry.
///
/// ```
/// version        1 byte, 1
/// product        varint, Product.number()
/// at             varint, second of the decision
/// batch          varint length + UTF-8, length 0 = none
/// groups, until the end of the body:
///   application  varint, Application.number()
///   stamp        zigzag varint, second counted at, relative to `at`
///   entries      varint count, then each
///     key        varint, CounterKey << 1 | 1 if seven differences follow
///     amount     zigzag varint, or seven of them in the order of Period
/// ```
public final class JournalBody {

    static final byte VERSION = 1;

    private JournalBody() {}

    /// Puts rows together.
    public static final class Writer {

        private byte[] bytes = new byte[48];
        private int length;
        private int product;
        private long at;
        private @Nullable String batchId;
        private long application;
        private long stamp;
        private boolean groupOpen;
        private int countAt;
        private int count;
        private boolean empty = true;

        /// Begins a row.
        public void begin(int productNumber, long second, @Nullable String batch) {
            length = 0;
            empty = true;
            groupOpen = false;
            count = 0;
            product = productNumber;
            at = second;
            batchId = batch;
        }

        /// Begins the entries of one application at one stamp. A group without entries leaves no trace.
        public void group(long applicationNumber, long second) {
            closeGroup();
            application = applicationNumber;
            stamp = second;
        }

        public void amount(int key, long amount) {
            entry();
            varint((long) key << 1);
            zigzag(amount);
        }

        /// Seven differences, index = [Period#slot].
        public void differences(int key, long[] differences) {
            entry();
            varint((long) key << 1 | 1);
            for (int period = 0; period < Period.COUNT; period++) {
                zigzag(differences[period]);
            }
        }

        /// Whether anything was written since [#begin].
        public boolean isEmpty() {
            return empty;
        }

        /// The row, as an array of exactly its length.
        public byte[] end() {
            if (empty) {
                head();
            }
            closeGroup();
            return Arrays.copyOf(bytes, length);
        }

        private void entry() {
            if (empty) {
                head();
                empty = false;
            }
            if (!groupOpen) {
                varint(application);
                zigzag(stamp - at);
                countAt = length;
                room(1);
                bytes[length++] = 0;
                groupOpen = true;
            }
            count++;
        }

        private void head() {
            room(1);
            bytes[length++] = VERSION;
            varint(product);
            varint(at);
            if (batchId == null) {
                varint(0);
            } else {
                byte[] batch = batchId.getBytes(StandardCharsets.UTF_8);
                varint(batch.length);
                room(batch.length);
                System.arraycopy(batch, 0, bytes, length, batch.length);
                length += batch.length;
            }
        }

        /// One byte was kept free for the count; a count that needs more moves the entries up.
        private void closeGroup() {
            if (!groupOpen) {
                return;
            }
            if (count < 0x80) {
                bytes[countAt] = (byte) count;
            } else {
                int size = 1;
                for (int rest = count >>> 7; rest != 0; rest >>>= 7) {
                    size++;
                }
                room(size - 1);
                System.arraycopy(bytes, countAt + 1, bytes, countAt + size, length - countAt - 1);
                int end = length + size - 1;
                length = countAt;
                varint(count);
                length = end;
            }
            groupOpen = false;
            count = 0;
        }

        private void zigzag(long value) {
            varint(value << 1 ^ value >> 63);
        }

        private void varint(long value) {
            room(10);
            long rest = value;
            while ((rest & ~0x7FL) != 0) {
                bytes[length++] = (byte) (rest | 0x80);
                rest >>>= 7;
            }
            bytes[length++] = (byte) rest;
        }

        private void room(int more) {
            if (length + more > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
            }
        }
    }

    /// Walks through a row: `reset(body); while (next()) …`.
    public static final class Reader {

        private byte[] bytes = new byte[0];
        private int position;
        private int product;
        private long at;
        private int batchFrom;
        private int batchLength;
        private long application;
        private long stamp;
        private long left;
        private int key;
        private boolean isAmount;
        private long amount;
        private final long[] differences = new long[Period.COUNT];

        /// Starts with the row's head. A body that is not well formed is an [IllegalArgumentException], as from all
        /// methods here: it means that the journal's file is damaged.
        public void reset(byte[] body) {
            bytes = body;
            position = 0;
            left = 0;
            if (body.length == 0 || body[0] != VERSION) {
                throw new IllegalArgumentException("journal row: version "
                        + (body.length == 0 ? "missing" : Integer.toString(body[0])) + " (expected " + VERSION + ")");
            }
            position = 1;
            product = (int) varint();
            at = varint();
            batchLength = (int) varint();
            batchFrom = position;
            if (batchLength < 0 || batchLength > bytes.length - position) {
                throw damaged();
            }
            position += batchLength;
        }

        /// Goes to the next entry; false at the end.
        public boolean next() {
            while (left == 0) {
                if (position == bytes.length) {
                    return false;
                }
                application = varint();
                stamp = at + zigzag();
                left = varint();
            }
            left--;
            long tagged = varint();
            key = (int) (tagged >>> 1);
            isAmount = (tagged & 1) == 0;
            if (isAmount) {
                amount = zigzag();
            } else {
                for (int period = 0; period < Period.COUNT; period++) {
                    differences[period] = zigzag();
                }
            }
            return true;
        }

        public int product() {
            return product;
        }

        /// Second of the decision.
        public long at() {
            return at;
        }

        public @Nullable String batchId() {
            return batchLength == 0 ? null : new String(bytes, batchFrom, batchLength, StandardCharsets.UTF_8);
        }

        public long application() {
            return application;
        }

        /// Second counted at.
        public long stamp() {
            return stamp;
        }

        public int key() {
            return key;
        }

        /// Whether the entry has one amount for all periods; otherwise [#differences] holds one per period.
        public boolean isAmount() {
            return isAmount;
        }

        public long amount() {
            return amount;
        }

        /// Seven differences, index = [Period#slot]; overwritten by the next entry.
        public long[] differences() {
            return differences;
        }

        private long zigzag() {
            long value = varint();
            return value >>> 1 ^ -(value & 1);
        }

        private long varint() {
            long value = 0;
            for (int shift = 0; shift < 64; shift += 7) {
                if (position == bytes.length) {
                    throw damaged();
                }
                byte next = bytes[position++];
                value |= (long) (next & 0x7F) << shift;
                if (next >= 0) {
                    return value;
                }
            }
            throw damaged();
        }

        private IllegalArgumentException damaged() {
            return new IllegalArgumentException(
                    "journal row: damaged at byte " + position + " of " + bytes.length);
        }
    }
}
