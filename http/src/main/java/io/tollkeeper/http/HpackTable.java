package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import org.jspecify.annotations.Nullable;

/// The table of header fields that a header block may point into: 61 fixed entries, then those of this connection, the
/// newest first (RFC 7541 section 2.3). One per connection; on its loop.
final class HpackTable {

    /// What an entry weighs beyond its text.
    static final int OVERHEAD = 32;

    /// A field. Immutable: nobody writes into the array.
    static final class Entry {
        private final byte[] text;
        private final int nameLength;

        /// @param text name, then value
        Entry(byte[] text, int nameLength) {
            this.text = text;
            this.nameLength = nameLength;
        }

        byte[] text() {
            return text;
        }

        int nameLength() {
            return nameLength;
        }

        int weight() {
            return text.length + OVERHEAD;
        }
    }

    private static final String[] FIXED_FIELDS = {
        ":authority", "", ":method", "GET", ":method", "POST", ":path", "/", ":path", "/index.html", ":scheme", "http",
        ":scheme", "https", ":status", "200", ":status", "204", ":status", "206", ":status", "304", ":status", "400",
        ":status", "404", ":status", "500", "accept-charset", "", "accept-encoding", "gzip, deflate", "accept-language", "",
        "accept-ranges", "", "accept", "", "access-control-allow-origin", "", "age", "", "allow", "", "authorization", "",
        "cache-control", "", "content-disposition", "", "content-encoding", "", "content-language", "", "content-length", "",
        "content-location", "", "content-range", "", "content-type", "", "cookie", "", "date", "", "etag", "", "expect", "",
        "expires", "", "from", "", "host", "", "if-match", "", "if-modified-since", "", "if-none-match", "", "if-range", "",
        "if-unmodified-since", "", "last-modified", "", "link", "", "location", "", "max-forwards", "",
        "proxy-authenticate", "", "proxy-authorization", "", "range", "", "referer", "", "refresh", "", "retry-after", "",
        "server", "", "set-cookie", "", "strict-transport-security", "", "transfer-encoding", "", "user-agent", "", "vary",
        "", "via", "", "www-authenticate", ""
    };
    static final int FIXED = FIXED_FIELDS.length / 2;
    private static final Entry[] FIXED_ENTRIES = new Entry[FIXED + 1];

    static {
        FIXED_ENTRIES[0] = new Entry(new byte[0], 0);
        for (int i = 1; i <= FIXED; i++) {
            String name = FIXED_FIELDS[2 * i - 2];
            FIXED_ENTRIES[i] =
                    new Entry((name + FIXED_FIELDS[2 * i - 1]).getBytes(StandardCharsets.ISO_8859_1), name.length());
        }
    }

    private final int mostCapacity;
    private int capacity;
    private int weight;
    /// Ring of the connection's own entries, the newest before `next`.
    private @Nullable Entry[] ring = new @Nullable Entry[8];
    private int next;
    private int size;

    /// @param mostCapacity the size that was allowed to the other side
    HpackTable(int mostCapacity) {
        this.mostCapacity = mostCapacity;
        this.capacity = mostCapacity;
    }

    /// Index of the first fixed entry of that name, 0 if there is none.
    static int fixedIndex(String lowerName) {
        for (int i = 1; i <= FIXED; i++) {
            if (FIXED_FIELDS[2 * i - 2].equals(lowerName)) {
                return i;
            }
        }
        return 0;
    }

    /// The entry with that number, null if there is none.
    @Nullable Entry get(int index) {
        if (index <= FIXED) {
            return index == 0 ? null : FIXED_ENTRIES[index];
        }
        int back = index - FIXED;
        return back > size ? null : ring[next - back & ring.length - 1];
    }

    /// The other side wants a table of that size.
    ///
    /// @return false if that is more than it was allowed
    boolean resize(int newCapacity) {
        if (newCapacity > mostCapacity) {
            return false;
        }
        capacity = newCapacity;
        evict(0);
        return true;
    }

    /// Adds a field: `nameLength` bytes at `name` of `from`, then `valueLength` bytes at `value` of `values`.
    void add(byte[] names, int name, int nameLength, byte[] values, int value, int valueLength) {
        int more = nameLength + valueLength + OVERHEAD;
        if (more > capacity) {
            evict(capacity + 1);
            return;
        }
        byte[] text = Arrays.copyOfRange(names, name, name + nameLength + valueLength);
        System.arraycopy(values, value, text, nameLength, valueLength);
        evict(more);
        if (size == ring.length) {
            grow();
        }
        ring[next & ring.length - 1] = new Entry(text, nameLength);
        next = next + 1 & ring.length - 1;
        size++;
        weight += more;
    }

    /// Makes room for `more`; more than the capacity empties the table.
    private void evict(int more) {
        while (size > 0 && weight + more > capacity) {
            int oldest = next - size & ring.length - 1;
            Entry gone = ring[oldest];
            ring[oldest] = null;
            size--;
            weight -= gone == null ? 0 : gone.weight();
        }
    }

    private void grow() {
        @Nullable Entry[] larger = new @Nullable Entry[ring.length * 2];
        for (int i = 0; i < size; i++) {
            larger[i] = ring[next - size + i & ring.length - 1];
        }
        ring = larger;
        next = size;
    }
}
