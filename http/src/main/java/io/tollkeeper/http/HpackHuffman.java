package io.tollkeeper.http;

/// Decodes HPACK's Huffman code (RFC 7541 section 5.2, appendix B). The code is canonical: within a length, codes count
/// up in the order of the symbols, so the lengths alone define it. Stateless.
final class HpackHuffman {

    /// What [#decode] returns for text that is no such code.
    static final int BROKEN = -1;

    private static final int EOS = 256;
    private static final int SHORTEST = 5;
    private static final int LONGEST = 30;
    /// Codes of up to so many bits are found with one look.
    private static final int QUICK = 9;

    private static final byte[] LENGTHS = {
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
        28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
        5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
        7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
        6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
        24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
        21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
        19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
        26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30
    };

    /// Symbols in the order of their codes.
    private static final short[] SYMBOLS = new short[257];
    /// First code of each length, and where its symbol is.
    private static final int[] FIRST_CODE = new int[LONGEST + 2];
    private static final int[] FIRST_SYMBOL = new int[LONGEST + 2];
    /// By the next nine bits: symbol and, above it, length; 0 for longer codes.
    private static final short[] BY_PREFIX = new short[1 << QUICK];

    static {
        int code = 0;
        int at = 0;
        for (int length = 1; length <= LONGEST; length++) {
            code <<= 1;
            FIRST_CODE[length] = code;
            FIRST_SYMBOL[length] = at;
            for (short symbol = 0; symbol <= EOS; symbol++) {
                if (LENGTHS[symbol] == length) {
                    if (length <= QUICK) {
                        int from = code << QUICK - length;
                        for (int i = from; i < from + (1 << QUICK - length); i++) {
                            BY_PREFIX[i] = (short) (length << 8 | symbol);
                        }
                    }
                    SYMBOLS[at++] = symbol;
                    code++;
                }
            }
        }
        FIRST_CODE[LONGEST + 1] = code << 1;
        FIRST_SYMBOL[LONGEST + 1] = at;
    }

    private HpackHuffman() {}

    /// Most bytes that `length` bytes of code can become.
    static int mostDecoded(int length) {
        return length * 8 / SHORTEST;
    }

    /// Decodes into `to`, which has room.
    ///
    /// @return where the text ends in `to`, or BROKEN
    static int decode(byte[] from, int start, int length, byte[] to, int at) {
        long bits = 0;
        int count = 0;
        int next = start;
        int end = start + length;
        while (true) {
            while (count <= 56 && next < end) {
                bits = bits << 8 | from[next++] & 0xff;
                count += 8;
            }
            if (count == 0) {
                return at;
            }
            int quick = count >= QUICK
                    ? BY_PREFIX[(int) (bits >>> count - QUICK) & (1 << QUICK) - 1]
                    : BY_PREFIX[(int) (bits << QUICK - count | (1 << QUICK - count) - 1) & (1 << QUICK) - 1];
            int size = quick >> 8;
            if (size > 0 && size <= count) {
                to[at++] = (byte) quick;
                count -= size;
                continue;
            }
            if (next >= end && count < 8) {
                // What is left must be the beginning of the end-of-string code: ones, less than a byte.
                return (bits & (1L << count) - 1) == (1L << count) - 1 ? at : BROKEN;
            }
            size = QUICK + 1;
            int code;
            while (true) {
                if (size > LONGEST || size > count) {
                    return BROKEN;
                }
                code = (int) (bits >>> count - size) & (int) ((1L << size) - 1);
                if (code - FIRST_CODE[size] < FIRST_SYMBOL[size + 1] - FIRST_SYMBOL[size]) {
                    break;
                }
                size++;
            }
            int symbol = SYMBOLS[FIRST_SYMBOL[size] + code - FIRST_CODE[size]];
            if (symbol == EOS) {
                return BROKEN;
            }
            to[at++] = (byte) symbol;
            count -= size;
        }
    }
}
