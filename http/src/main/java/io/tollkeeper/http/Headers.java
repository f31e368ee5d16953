package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// The header fields of one message, in order, duplicates kept. Mutable and reused; on one event loop only.
///
/// All names and values lie in one byte array (a message's head is copied into it once, as received); a field is four
/// ints and a hash beside it. Nothing becomes a `String` before somebody asks. Text is Latin-1, as on the wire.
///
/// ```
///   bytes   GET /a HTTP/1.1\r\nHost: api.test\r\nX-A: 1\r\n\r\n ...added values...
///   fields  [nameStart nameLength valueStart valueLength hash] × size
/// ```
public final class Headers {

    private static final int NAME_START = 0;
    private static final int NAME_LENGTH = 1;
    private static final int VALUE_START = 2;
    private static final int VALUE_LENGTH = 3;
    private static final int HASH = 4;
    private static final int WIDTH = 5;

    private byte[] bytes = new byte[1024];
    private int used;
    private int[] fields = new int[24 * WIDTH];
    private int size;
    private long known;

    public Headers() {}

    public int size() {
        return size;
    }

    /// Forgets all fields; keeps the memory unless it has grown beyond 32 KiB.
    public void clear() {
        size = 0;
        used = 0;
        known = 0;
        if (bytes.length > 32 * 1024) {
            bytes = new byte[1024];
        }
    }

    /// Name of field `i` as received or added.
    public String name(int i) {
        int f = i * WIDTH;
        return text(fields[f + NAME_START], fields[f + NAME_LENGTH]);
    }

    /// Value of field `i`, without the white space around it.
    public String value(int i) {
        int f = i * WIDTH;
        return text(fields[f + VALUE_START], fields[f + VALUE_LENGTH]);
    }

    /// Bytes of the value of field `i`.
    public int valueLength(int i) {
        return fields[i * WIDTH + VALUE_LENGTH];
    }

    /// Whether field `i` has this name, letter case aside.
    public boolean nameIs(int i, HeaderName name) {
        int f = i * WIDTH;
        return fields[f + HASH] == name.hash()
                && name.matches(bytes, fields[f + NAME_START], fields[f + NAME_LENGTH]);
    }

    /// Whether the value of field `i` is `text`, ASCII letter case aside.
    public boolean valueIs(int i, String text) {
        int f = i * WIDTH;
        int start = fields[f + VALUE_START];
        int length = fields[f + VALUE_LENGTH];
        if (length != text.length()) {
            return false;
        }
        for (int k = 0; k < length; k++) {
            if (HeaderName.lower(bytes[start + k]) != HeaderName.lower((byte) text.charAt(k))) {
                return false;
            }
        }
        return true;
    }

    /// Byte `k` of the value of field `i`.
    public byte valueByte(int i, int k) {
        return bytes[fields[i * WIDTH + VALUE_START] + k];
    }

    /// Index of the first field of that name at or after `from`, -1 if there is none.
    public int find(HeaderName name, int from) {
        if (name.id() >= 0 && (known & 1L << name.id()) == 0) {
            return -1;
        }
        for (int i = from; i < size; i++) {
            if (nameIs(i, name)) {
                return i;
            }
        }
        return -1;
    }

    public boolean has(HeaderName name) {
        return find(name, 0) >= 0;
    }

    /// Value of the first field of that name, null if there is none.
    public @Nullable String get(HeaderName name) {
        int i = find(name, 0);
        return i < 0 ? null : value(i);
    }

    /// Value of the first field whose name equals `name` when letter case is ignored and `-` and `_` count as the same
    /// (how 3scale looks credentials up), null if there is none.
    public @Nullable String getLoosely(String name) {
        int i = findLoosely(name, 0);
        return i < 0 ? null : value(i);
    }

    /// Index of the first field at or after `from` whose name equals `name` as [#getLoosely] has it, -1 if there is none.
    public int findLoosely(String name, int from) {
        for (int i = from; i < size; i++) {
            int f = i * WIDTH;
            if (fields[f + NAME_LENGTH] == name.length() && looselyEqual(fields[f + NAME_START], name)) {
                return i;
            }
        }
        return -1;
    }

    private boolean looselyEqual(int start, String name) {
        for (int k = 0; k < name.length(); k++) {
            byte a = loose(bytes[start + k]);
            byte b = loose((byte) name.charAt(k));
            if (a != b) {
                return false;
            }
        }
        return true;
    }

    private static byte loose(byte c) {
        return c == '_' ? (byte) '-' : HeaderName.lower(c);
    }

    /// Appends a field. Name and value must be valid on the wire: see [#isValidValue].
    public void add(HeaderName name, String value) {
        requireValid(name, value);
        byte[] n = name.bytes();
        int nameStart = reserve(n.length + value.length());
        System.arraycopy(n, 0, bytes, nameStart, n.length);
        int valueStart = nameStart + n.length;
        putLatin1(value, valueStart);
        addField(nameStart, n.length, valueStart, value.length(), name.hash(), name.id());
    }

    /// Appends a field whose name is not worth a constant.
    public void add(String name, String value) {
        add(HeaderName.of(name), value);
    }

    /// Replaces all fields of that name by one.
    public void set(HeaderName name, String value) {
        remove(name);
        add(name, value);
    }

    /// Removes all fields of that name.
    public void remove(HeaderName name) {
        if (name.id() >= 0 && (known & 1L << name.id()) == 0) {
            return;
        }
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (!nameIs(i, name)) {
                if (kept != i) {
                    System.arraycopy(fields, i * WIDTH, fields, kept * WIDTH, WIDTH);
                }
                kept++;
            }
        }
        size = kept;
        if (name.id() >= 0) {
            known &= ~(1L << name.id());
        }
    }

    /// Removes field `i`.
    public void remove(int i) {
        System.arraycopy(fields, (i + 1) * WIDTH, fields, i * WIDTH, (size - i - 1) * WIDTH);
        size--;
    }

    /// Appends field `i` of another message as it stands there.
    public void addFrom(Headers other, int i) {
        int f = i * WIDTH;
        int nameLength = other.fields[f + NAME_LENGTH];
        int valueLength = other.fields[f + VALUE_LENGTH];
        int start = reserve(nameLength + valueLength);
        System.arraycopy(other.bytes, other.fields[f + NAME_START], bytes, start, nameLength);
        System.arraycopy(other.bytes, other.fields[f + VALUE_START], bytes, start + nameLength, valueLength);
        int hash = other.fields[f + HASH];
        HeaderName name = HeaderName.find(hash, bytes, start, nameLength);
        addField(start, nameLength, start + nameLength, valueLength, hash, name == null ? -1 : name.id());
    }

    /// Appends all fields of another message that may pass an intermediary (RFC 9110 section 7.6.1): hop-by-hop fields,
    /// those that `Connection` names, and the fields of framing and routing stay behind.
    public void addEndToEnd(Headers other) {
        HopByHop.copyEndToEnd(other, this);
    }

    /// Whether `value` may be a field value: no control characters but tab, nothing beyond Latin-1.
    public static boolean isValidValue(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if ((c < ' ' && c != '\t') || c == 0x7f || c > 0xff) {
                return false;
            }
        }
        return true;
    }

    private static void requireValid(HeaderName name, String value) {
        if (!isValidValue(value)) {
            throw new IllegalArgumentException(
                    "header " + name + ": the value has control characters or characters beyond Latin-1");
        }
    }

    // ---- for the codecs of this package ----------------------------------------------------------------------------

    /// Room for `length` more bytes; returns where they start.
    int reserve(int length) {
        if (used + length > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, used + length));
        }
        int start = used;
        used += length;
        return start;
    }

    /// The array that fields point into; may be replaced by [#reserve].
    byte[] bytes() {
        return bytes;
    }

    void addField(int nameStart, int nameLength, int valueStart, int valueLength, int hash, int knownId) {
        int f = size * WIDTH;
        if (f == fields.length) {
            fields = Arrays.copyOf(fields, fields.length * 2);
        }
        fields[f + NAME_START] = nameStart;
        fields[f + NAME_LENGTH] = nameLength;
        fields[f + VALUE_START] = valueStart;
        fields[f + VALUE_LENGTH] = valueLength;
        fields[f + HASH] = hash;
        size++;
        if (knownId >= 0) {
            known |= 1L << knownId;
        }
    }

    boolean mayHave(HeaderName name) {
        return (known & 1L << name.id()) != 0;
    }

    /// The well-known name of field `i`, null for others.
    @Nullable HeaderName knownName(int i) {
        int f = i * WIDTH;
        return HeaderName.find(fields[f + HASH], bytes, fields[f + NAME_START], fields[f + NAME_LENGTH]);
    }

    boolean nameMatches(int i, byte[] b, int from, int length) {
        int f = i * WIDTH;
        if (fields[f + NAME_LENGTH] != length) {
            return false;
        }
        int start = fields[f + NAME_START];
        for (int k = 0; k < length; k++) {
            if (HeaderName.lower(bytes[start + k]) != HeaderName.lower(b[from + k])) {
                return false;
            }
        }
        return true;
    }

    int valueStart(int i) {
        return fields[i * WIDTH + VALUE_START];
    }

    /// Bytes that [#writeTo] needs at most.
    int wireLength() {
        int length = 0;
        for (int i = 0; i < size; i++) {
            int f = i * WIDTH;
            length += fields[f + NAME_LENGTH] + fields[f + VALUE_LENGTH] + 4;
        }
        return length;
    }

    /// Writes field `i` as `name: value CRLF`.
    void writeField(int i, ByteBuf out) {
        int f = i * WIDTH;
        out.writeBytes(bytes, fields[f + NAME_START], fields[f + NAME_LENGTH]);
        out.writeShort((':' << 8) | ' ');
        out.writeBytes(bytes, fields[f + VALUE_START], fields[f + VALUE_LENGTH]);
        out.writeShort(('\r' << 8) | '\n');
    }

    /// Writes field `i` into a header block of HTTP/2.
    void writeTo(int i, @Nullable HeaderName knownName, ByteBuf out) {
        int f = i * WIDTH;
        HpackEncoder.field(
                knownName,
                bytes,
                fields[f + NAME_START],
                fields[f + NAME_LENGTH],
                fields[f + VALUE_START],
                fields[f + VALUE_LENGTH],
                out);
    }

    private String text(int start, int length) {
        return length == 0 ? "" : new String(bytes, start, length, StandardCharsets.ISO_8859_1);
    }

    @SuppressWarnings("deprecation") // copies Latin-1 characters without an encoder; validated before
    private void putLatin1(String value, int at) {
        value.getBytes(0, value.length(), bytes, at);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < size; i++) {
            text.append(name(i)).append(": ").append(value(i)).append('\n');
        }
        return text.toString();
    }
}
