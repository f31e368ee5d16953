package io.tollkeeper.meter.params;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import org.jspecify.annotations.Nullable;

/// The parameters of one request: query string and form, with nested names (`a[b]=1`, `a[]=1`, `a[][b]=1`). Reused by
/// its owner, used on one thread at a time, never blocks, allocates only to grow.
///
/// Nothing becomes a `String` before somebody asks. Names and values are decoded in place in one byte array; the tree
/// that nested names describe is rows of ints, and a hash table finds a child by its container and name, so that 4 096
/// names below one parent cost as much each as five do.
///
/// ```
///   bytes   service_token\0acme-st\0usage[hits]\0 1 …
///   nodes   [kind keyFrom keyTo from to first last next hash home] × count       home = container the node lies in
///             │              └──────┴─ value of TEXT; for MAP and LIST `from` is the container of its children
///             └─ NULL (a name without `=`), TEXT, MAP, LIST
///   table   open addressing: hash of (home, key) → node + 1
/// ```
///
/// The rules are those of the original's form parser: the last of repeated values wins and keeps the first one's place,
/// a text replaces a map or list, anything else that does not fit together is a [#fault].
public final class Params {

    /// No such parameter.
    public static final int NONE = -1;

    private static final int MAX_BYTES = 4_194_304;
    private static final int MAX_PARAMETERS = 4096;
    private static final int MAX_DEPTH = 32;
    private static final int KEPT_BYTES = 64 * 1024;

    private static final String CONFLICT = "request contains syntax errors, should not be repeated without modification";
    private static final String BAD_ESCAPE = "Invalid query parameters: invalid %-encoding";
    private static final String TOO_DEEP = "parameter names are nested too deeply (at most 31 levels of brackets)";
    private static final String TOO_LARGE = "total query size exceeds limit (" + MAX_BYTES + ")";

    private static final int NULL = 0;
    private static final int TEXT = 1;
    private static final int MAP = 2;
    private static final int LIST = 3;

    private static final int KIND = 0;
    private static final int KEY_FROM = 1;
    private static final int KEY_TO = 2;
    private static final int FROM = 3;
    private static final int TO = 4;
    private static final int FIRST = 5;
    private static final int LAST = 6;
    private static final int NEXT = 7;
    private static final int HASH = 8;
    private static final int HOME = 9;
    private static final int WIDTH = 10;

    // the two roots: their nodes, and the containers that hold their children
    private static final int QUERY = 0;
    private static final int FORM = WIDTH;
    private static final int QUERY_HOME = 0;
    private static final int FORM_HOME = 1;

    private byte[] bytes = new byte[1024];
    private int used;
    private int[] nodes = new int[32 * WIDTH];
    private int count;
    private int containers;
    private int[] table = new int[64];
    private boolean high;
    private @Nullable String fault;

    // the value that the name being read belongs to
    private int valueKind;
    private int valueFrom;
    private int valueTo;

    public Params() {
        clear();
    }

    /// Forgets everything.
    public void clear() {
        if (bytes.length > KEPT_BYTES) {
            bytes = new byte[1024];
            nodes = new int[32 * WIDTH];
            table = new int[64];
        } else {
            Arrays.fill(table, 0);
        }
        used = 0;
        count = 0;
        containers = 0;
        high = false;
        fault = null;
        container(newNode(0, 0, 0, NONE), MAP);
        container(newNode(0, 0, 0, NONE), MAP);
    }

    /// Reads a query string (Latin-1, as on the wire). Call it first, then [#form] if there is one.
    @SuppressWarnings("deprecation") // copies Latin-1 characters without an encoder
    public boolean query(String text) {
        int length = text.length();
        reserve(length);
        int from = used;
        text.getBytes(0, length, bytes, from);
        used += length;
        return read(QUERY, from, used);
    }

    /// Reads the body of a form. Its names win over those of the query.
    public boolean form(byte[] body) {
        int length = body.length;
        if (length > 0 && body[length - 1] == 0) {
            length--; // some browsers end a form with NUL
        }
        if (length > MAX_BYTES) {
            return fail(TOO_LARGE);
        }
        reserve(length);
        int from = used;
        System.arraycopy(body, 0, bytes, from, length);
        used += length;
        return read(FORM, from, used);
    }

    /// Adds one field of a form that was read otherwise (multipart). Its names win over those of the query.
    public boolean field(byte[] name, byte[] value) {
        if (count > MAX_PARAMETERS * 2) {
            return fail("total number of form fields exceeds limit (" + MAX_PARAMETERS + ")");
        }
        reserve(name.length + value.length);
        int keyFrom = used;
        System.arraycopy(name, 0, bytes, keyFrom, name.length);
        valueKind = TEXT;
        valueFrom = keyFrom + name.length;
        System.arraycopy(value, 0, bytes, valueFrom, value.length);
        used += name.length + value.length;
        valueTo = used;
        for (int i = keyFrom; i < used && !high; i++) {
            high = bytes[i] < 0;
        }
        return name.length == 0 || put(FORM, keyFrom, valueFrom, 0);
    }

    /// Why the parameters cannot be read, in the words of the original's `bad_request`; none if they can.
    public @Nullable String fault() {
        return fault;
    }

    private boolean fail(String message) {
        fault = message;
        return false;
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    private boolean read(int root, int from, int to) {
        if (to - from > MAX_BYTES) {
            return fail(TOO_LARGE);
        }
        int pairs = 1;
        for (int i = from; i < to; i++) {
            if (bytes[i] == '&') {
                pairs++;
            }
        }
        if (pairs > MAX_PARAMETERS) {
            return fail("total number of query parameters (" + pairs + ") exceeds limit (" + MAX_PARAMETERS + ")");
        }
        int at = from;
        while (at < to) {
            at = pair(root, at, to);
            if (at < 0) {
                return false;
            }
            while (at < to && bytes[at] == ' ') {
                at++; // blanks belong to the separator, but not those before the first name
            }
        }
        return true;
    }

    /// Decodes one `name=value` in place and puts it into the tree; returns where the next one starts, −1 on a fault.
    private int pair(int root, int from, int to) {
        byte[] b = bytes;
        int in = from;
        int out = from;
        int nameTo = -1;
        int seen = 0;
        while (in < to) {
            byte c = b[in++];
            if (c == '&') {
                break;
            }
            if (c == '=' && nameTo < 0) {
                nameTo = out;
                continue;
            }
            if (c == '+') {
                c = ' ';
            } else if (c == '%') {
                int high4 = in < to ? hex(b[in]) : -1;
                int low4 = in + 1 < to ? hex(b[in + 1]) : -1;
                if (high4 < 0 || low4 < 0) {
                    fail(BAD_ESCAPE);
                    return -1;
                }
                c = (byte) (high4 << 4 | low4);
                in += 2;
            }
            seen |= c;
            b[out++] = c;
        }
        high |= seen < 0;
        if (nameTo < 0) {
            nameTo = out;
            valueKind = NULL;
        } else {
            valueKind = TEXT;
        }
        valueFrom = nameTo;
        valueTo = out;
        return nameTo == from || put(root, from, nameTo, 0) ? in : -1;
    }

    private static int hex(byte c) {
        if (c >= '0' && c <= '9') {
            return c - '0';
        }
        int lower = c | 0x20;
        return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    }

    /// Puts the current value under a name that may have brackets, into the map `map`.
    private boolean put(int map, int from, int to, int depth) {
        if (depth >= MAX_DEPTH) {
            return fail(TOO_DEEP);
        }
        int keyFrom = from;
        int keyTo = to;
        int rest = to;
        if (depth == 0) {
            int bracket = indexOf('[', from + 1, to);
            if (bracket >= 0) {
                keyTo = bracket;
                rest = bracket;
            }
        } else if (startsList(from, to)) {
            keyTo = from + 2;
            rest = keyTo;
        } else if (bytes[from] == '[') {
            int close = indexOf(']', from + 1, to);
            if (close >= 0) {
                keyFrom = from + 1;
                keyTo = close;
                rest = close + 1;
            }
        }
        int left = to - rest;
        if (left == 0) {
            set(map, keyFrom, keyTo);
            return true;
        }
        if (left == 1 && bytes[rest] == '[') {
            set(map, from, to);
            return true;
        }
        if (startsList(rest, to)) {
            int list = child(map, keyFrom, keyTo, LIST);
            return list >= 0 ? push(list, rest + 2, to, depth) : fail(CONFLICT);
        }
        int inner = child(map, keyFrom, keyTo, MAP);
        return inner >= 0 ? put(inner, rest, to, depth + 1) : fail(CONFLICT);
    }

    /// Appends to a list what stands behind `[]`: nothing (a value), or the name of a field of the list's last map.
    private boolean push(int list, int from, int to, int depth) {
        if (from == to) {
            append(list, NULL);
            setValue(nodes[list + LAST]);
            return true;
        }
        if (depth + 1 >= MAX_DEPTH) {
            return fail(TOO_DEEP);
        }
        int nameFrom = from;
        int nameTo = to;
        if (bytes[from] == '[' && bytes[to - 1] == ']' && to - from > 2
                && indexOf('[', from + 1, to - 1) < 0 && indexOf(']', from + 1, to - 1) < 0) {
            nameFrom = from + 1;
            nameTo = to - 1;
        }
        int last = nodes[list + LAST];
        boolean fits = last != NONE && nodes[last + KIND] == MAP && !has(last, nameFrom, nameTo);
        if (nameTo - nameFrom == 2 && startsList(nameFrom, nameTo)) {
            if (!fits) {
                append(list, LIST);
                int inner = nodes[list + LAST];
                append(inner, NULL);
                setValue(nodes[inner + LAST]);
            }
            return true;
        }
        if (!fits) {
            append(list, MAP);
        }
        return put(nodes[list + LAST], nameFrom, nameTo, depth + 1);
    }

    /// Whether a map already has the field that a name such as `b` or `[b][c]` leads to.
    private boolean has(int map, int from, int to) {
        for (int i = from; i + 1 < to; i++) {
            if (bytes[i] == '[' && bytes[i + 1] == ']') {
                return false;
            }
        }
        int at = map;
        int i = from;
        while (i < to) {
            int end = i;
            while (end < to && bytes[end] != '[' && bytes[end] != ']') {
                end++;
            }
            if (end > i) {
                if (nodes[at + KIND] != MAP) {
                    return false;
                }
                at = find(nodes[at + FROM], ParamName.hash(bytes, i, end), bytes, i, end);
                if (at < 0) {
                    return false;
                }
            }
            i = end + 1;
        }
        return true;
    }

    private boolean startsList(int from, int to) {
        return to - from >= 2 && bytes[from] == '[' && bytes[from + 1] == ']';
    }

    private int indexOf(char c, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] == c) {
                return i;
            }
        }
        return -1;
    }

    // ---- the tree --------------------------------------------------------------------------------------------------

    /// Gives a key of a map the current value, whatever it had before.
    private void set(int map, int keyFrom, int keyTo) {
        setValue(findOrAdd(map, keyFrom, keyTo));
    }

    private void setValue(int node) {
        nodes[node + KIND] = valueKind;
        nodes[node + FROM] = valueFrom;
        nodes[node + TO] = valueTo;
        nodes[node + FIRST] = NONE;
        nodes[node + LAST] = NONE;
    }

    /// The map or list under a key of a map, made if there is none; −1 if something else is there.
    private int child(int map, int keyFrom, int keyTo, int kind) {
        int node = findOrAdd(map, keyFrom, keyTo);
        if (nodes[node + KIND] == NULL) {
            container(node, kind);
        }
        return nodes[node + KIND] == kind ? node : -1;
    }

    private void container(int node, int kind) {
        nodes[node + KIND] = kind;
        nodes[node + FROM] = containers++;
        nodes[node + FIRST] = NONE;
        nodes[node + LAST] = NONE;
    }

    private void append(int parent, int kind) {
        int node = newNode(used, used, 0, nodes[parent + FROM]);
        link(parent, node);
        if (kind != NULL) {
            container(node, kind);
        }
    }

    private int findOrAdd(int map, int keyFrom, int keyTo) {
        int home = nodes[map + FROM];
        int hash = ParamName.hash(bytes, keyFrom, keyTo);
        int node = find(home, hash, bytes, keyFrom, keyTo);
        if (node >= 0) {
            return node;
        }
        node = newNode(keyFrom, keyTo, hash, home);
        link(map, node);
        enter(node);
        return node;
    }

    private int newNode(int keyFrom, int keyTo, int hash, int home) {
        int node = count * WIDTH;
        if (node == nodes.length) {
            nodes = Arrays.copyOf(nodes, nodes.length * 2);
        }
        count++;
        nodes[node + KIND] = NULL;
        nodes[node + KEY_FROM] = keyFrom;
        nodes[node + KEY_TO] = keyTo;
        nodes[node + FROM] = 0;
        nodes[node + TO] = 0;
        nodes[node + FIRST] = NONE;
        nodes[node + LAST] = NONE;
        nodes[node + NEXT] = NONE;
        nodes[node + HASH] = hash;
        nodes[node + HOME] = home;
        return node;
    }

    private void link(int parent, int node) {
        int last = nodes[parent + LAST];
        if (last == NONE) {
            nodes[parent + FIRST] = node;
        } else {
            nodes[last + NEXT] = node;
        }
        nodes[parent + LAST] = node;
    }

    private void enter(int node) {
        if (count * 2 > table.length) {
            table = new int[table.length * 2];
            for (int other = 2 * WIDTH; other < count * WIDTH; other += WIDTH) {
                if (nodes[other + KEY_TO] > nodes[other + KEY_FROM] && other != node) {
                    place(other);
                }
            }
        }
        place(node);
    }

    private void place(int node) {
        int mask = table.length - 1;
        int slot = slot(nodes[node + HOME], nodes[node + HASH]) & mask;
        while (table[slot] != 0) {
            slot = slot + 1 & mask;
        }
        table[slot] = node + 1;
    }

    private static int slot(int home, int hash) {
        int mixed = (hash ^ home * 0x9E37_79B9) * 0x85EB_CA6B;
        return mixed ^ mixed >>> 16;
    }

    private int find(int home, int hash, byte[] key, int from, int to) {
        int mask = table.length - 1;
        int slot = slot(home, hash) & mask;
        int entry;
        while ((entry = table[slot]) != 0) {
            int node = entry - 1;
            if (nodes[node + HASH] == hash
                    && nodes[node + HOME] == home
                    && Arrays.equals(bytes, nodes[node + KEY_FROM], nodes[node + KEY_TO], key, from, to)) {
                return node;
            }
            slot = slot + 1 & mask;
        }
        return NONE;
    }

    private void reserve(int length) {
        if (bytes.length - used < length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, used + length));
        }
    }

    // ---- looking up ------------------------------------------------------------------------------------------------

    /// A top-level parameter: that of the form, else that of the query; [#NONE] if it was not sent.
    public int find(ParamName name) {
        int node = nodes[FORM + FIRST] == NONE ? NONE : inContainer(FORM_HOME, name);
        return node == NONE ? findInQuery(name) : node;
    }

    /// A top-level parameter of the query string alone.
    public int findInQuery(ParamName name) {
        return inContainer(QUERY_HOME, name);
    }

    /// A field of a map; [#NONE] if it is not there or `node` is no map.
    public int find(int node, ParamName name) {
        return isMap(node) ? inContainer(nodes[node + FROM], name) : NONE;
    }

    private int inContainer(int home, ParamName name) {
        return find(home, name.hash(), name.bytes(), 0, name.bytes().length);
    }

    /// Whether there is a value: not absent, and not a bare name without `=`.
    public boolean isGiven(int node) {
        return node >= 0 && nodes[node + KIND] != NULL;
    }

    public boolean isText(int node) {
        return node >= 0 && nodes[node + KIND] == TEXT;
    }

    public boolean isMap(int node) {
        return node >= 0 && nodes[node + KIND] == MAP;
    }

    public boolean isList(int node) {
        return node >= 0 && nodes[node + KIND] == LIST;
    }

    /// The text of a parameter; none if it is absent, bare, a list or a map.
    public @Nullable String text(int node) {
        return isText(node) ? string(nodes[node + FROM], nodes[node + TO]) : null;
    }

    /// The text of a top-level parameter; none if it is absent, bare, a list or a map.
    public @Nullable String text(ParamName name) {
        return text(find(name));
    }

    /// Whether a parameter is exactly this one ASCII character.
    public boolean isCharacter(int node, char c) {
        return isText(node) && nodes[node + TO] - nodes[node + FROM] == 1 && bytes[nodes[node + FROM]] == c;
    }

    /// A status code written as exactly three digits (100–999); 0 for everything else.
    public int statusCode(int node) {
        if (!isText(node) || nodes[node + TO] - nodes[node + FROM] != 3) {
            return 0;
        }
        int code = 0;
        for (int i = nodes[node + FROM]; i < nodes[node + TO]; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) {
                return 0;
            }
            code = code * 10 + digit;
        }
        return code >= 100 ? code : 0;
    }

    /// The first parameter of the query string; [#NONE] if it has none.
    public int firstOfQuery() {
        return nodes[QUERY + FIRST];
    }

    /// The first entry of a map or list, in the order sent; [#NONE] if it is empty.
    public int first(int node) {
        return nodes[node + FIRST];
    }

    /// The entry after this one; [#NONE] at the end.
    public int next(int node) {
        return nodes[node + NEXT];
    }

    /// The name of an entry of a map.
    public String key(int node) {
        return string(nodes[node + KEY_FROM], nodes[node + KEY_TO]);
    }

    private String string(int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }

    /// The tree as text, for people: `{a=1,b={c=[2]}}`.
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        render(nodes[FORM + FIRST] == NONE ? QUERY : FORM, text);
        return text.toString();
    }

    private void render(int node, StringBuilder text) {
        switch (nodes[node + KIND]) {
            case NULL -> text.append("null");
            case TEXT -> text.append(string(nodes[node + FROM], nodes[node + TO]));
            case MAP -> {
                text.append('{');
                for (int child = nodes[node + FIRST]; child != NONE; child = nodes[child + NEXT]) {
                    text.append(child == nodes[node + FIRST] ? "" : ",").append(key(child)).append('=');
                    render(child, text);
                }
                text.append('}');
            }
            default -> {
                text.append('[');
                for (int child = nodes[node + FIRST]; child != NONE; child = nodes[child + NEXT]) {
                    text.append(child == nodes[node + FIRST] ? "" : ",");
                    render(child, text);
                }
                text.append(']');
            }
        }
    }

    // ---- UTF-8 -----------------------------------------------------------------------------------------------------

    /// Whether all names and values, at any depth, are valid UTF-8. Parameters of the query that the form replaces do
    /// not count.
    public boolean isUtf8() {
        return !high || isUtf8(FORM, false) && isUtf8(QUERY, true);
    }

    private boolean isUtf8(int parent, boolean unlessInForm) {
        for (int node = nodes[parent + FIRST]; node != NONE; node = nodes[node + NEXT]) {
            int keyFrom = nodes[node + KEY_FROM];
            int keyTo = nodes[node + KEY_TO];
            if (unlessInForm && find(FORM_HOME, nodes[node + HASH], bytes, keyFrom, keyTo) != NONE) {
                continue;
            }
            if (!Utf8.isValid(bytes, keyFrom, keyTo)) {
                return false;
            }
            int kind = nodes[node + KIND];
            if (kind == TEXT && !Utf8.isValid(bytes, nodes[node + FROM], nodes[node + TO])) {
                return false;
            }
            if (kind >= MAP && !isUtf8(node, false)) {
                return false;
            }
        }
        return true;
    }
}
