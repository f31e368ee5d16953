package io.tollkeeper.http;

import org.jspecify.annotations.Nullable;

/// Reads header blocks (RFC 7541). One per connection, for the table belongs to all of its streams: each block must be
/// read to its end, whatever becomes of its stream. On its loop.
final class HpackDecoder {

    /// Takes the fields of a block.
    interface Fields {
        /// One field; the arrays are valid during the call only.
        ///
        /// @return false if the block need not be read on, because the connection ends
        boolean field(byte[] names, int name, int nameLength, byte[] values, int value, int valueLength);
    }

    private static final int BROKEN = -1;
    private static final int MOST = 1 << 24;

    private final HpackTable table;
    private byte[] scratch = new byte[256];
    private byte[] block = {};
    private int at;
    private int end;
    // the text that was read last
    private byte[] text = {};
    private int textStart;
    private int textLength;
    private int scratchUsed;

    /// @param tableSize what the other side was told, 4096 unless said otherwise
    HpackDecoder(int tableSize) {
        table = new HpackTable(tableSize);
    }

    /// Reads a whole block.
    ///
    /// @return what is wrong with it, null if nothing: the table is lost otherwise, and the connection with it
    @Nullable String decode(byte[] newBlock, int length, Fields fields) {
        block = newBlock;
        at = 0;
        end = length;
        boolean sawField = false;
        while (at < end) {
            int first = block[at] & 0xff;
            if ((first & 0xe0) == 0x20) {
                int size = integer(5);
                if (sawField) {
                    return "a change of the table's size behind a field";
                }
                if (size < 0 || !table.resize(size)) {
                    return "a table of " + size + " bytes, which was not allowed";
                }
                continue;
            }
            sawField = true;
            String fault = (first & 0x80) != 0 ? indexed(fields) : literal(first, fields);
            if (fault != null) {
                return fault.isEmpty() ? null : fault;
            }
        }
        return null;
    }

    /// An empty text means: enough.
    private @Nullable String indexed(Fields fields) {
        int index = integer(7);
        HpackTable.Entry entry = index < 0 ? null : table.get(index);
        if (entry == null) {
            return "entry " + index + ", which does not exist";
        }
        byte[] b = entry.text();
        int nameLength = entry.nameLength();
        return fields.field(b, 0, nameLength, b, nameLength, b.length - nameLength) ? null : "";
    }

    private @Nullable String literal(int first, Fields fields) {
        boolean adds = (first & 0xc0) == 0x40;
        int index = integer(adds ? 6 : 4);
        scratchUsed = 0;
        byte[] names;
        int name;
        int nameLength;
        if (index == 0) {
            if (!string()) {
                return "a name that is cut off or no valid code";
            }
            names = text;
            name = textStart;
            nameLength = textLength;
        } else {
            HpackTable.Entry entry = index < 0 ? null : table.get(index);
            if (entry == null) {
                return "a name from entry " + index + ", which does not exist";
            }
            names = entry.text();
            name = 0;
            nameLength = entry.nameLength();
        }
        // If the scratch memory grows meanwhile, the name stays where it was.
        if (!string()) {
            return "a value that is cut off or no valid code";
        }
        if (adds) {
            table.add(names, name, nameLength, text, textStart, textLength);
        }
        return fields.field(names, name, nameLength, text, textStart, textLength) ? null : "";
    }

    private int integer(int prefix) {
        int mask = (1 << prefix) - 1;
        int value = block[at++] & mask;
        if (value < mask) {
            return value;
        }
        for (int shift = 0; shift <= 21; shift += 7) {
            if (at >= end) {
                return BROKEN;
            }
            int b = block[at++] & 0xff;
            value += (b & 0x7f) << shift;
            if ((b & 0x80) == 0) {
                return value > MOST ? BROKEN : value;
            }
        }
        return BROKEN;
    }

    private boolean string() {
        if (at >= end) {
            return false;
        }
        boolean coded = (block[at] & 0x80) != 0;
        int length = integer(7);
        if (length < 0 || length > end - at) {
            return false;
        }
        if (!coded) {
            text = block;
            textStart = at;
            textLength = length;
            at += length;
            return true;
        }
        int room = scratchUsed + HpackHuffman.mostDecoded(length);
        if (scratch.length < room) {
            byte[] larger = new byte[Math.max(room, scratch.length * 2)];
            System.arraycopy(scratch, 0, larger, 0, scratchUsed);
            scratch = larger;
        }
        int stop = HpackHuffman.decode(block, at, length, scratch, scratchUsed);
        at += length;
        if (stop == HpackHuffman.BROKEN) {
            return false;
        }
        text = scratch;
        textStart = scratchUsed;
        textLength = stop - scratchUsed;
        scratchUsed = stop;
        return true;
    }

    /// Lets go of memory that a large block took.
    void shrink() {
        if (scratch.length > 8192) {
            scratch = new byte[256];
        }
        block = scratch;
        text = scratch;
    }
}
