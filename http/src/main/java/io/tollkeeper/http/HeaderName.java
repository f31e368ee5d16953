package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

/// The name of a header field, hashed once. Make constants of the names that code looks for; looking up a well-known
/// name that a message does not have costs one bit test.
public final class HeaderName {

    private static final HeaderName[] TABLE = new HeaderName[256];
    private static int count;

    public static final HeaderName HOST = known("Host");
    public static final HeaderName CONTENT_LENGTH = known("Content-Length");
    public static final HeaderName TRANSFER_ENCODING = known("Transfer-Encoding");
    public static final HeaderName CONNECTION = known("Connection");
    public static final HeaderName KEEP_ALIVE = known("Keep-Alive");
    public static final HeaderName PROXY_CONNECTION = known("Proxy-Connection");
    public static final HeaderName PROXY_AUTHENTICATE = known("Proxy-Authenticate");
    public static final HeaderName PROXY_STATUS = known("Proxy-Status");
    public static final HeaderName UPGRADE = known("Upgrade");
    public static final HeaderName TE = known("TE");
    public static final HeaderName TRAILER = known("Trailer");
    public static final HeaderName EXPECT = known("Expect");
    public static final HeaderName DATE = known("Date");
    public static final HeaderName SERVER = known("Server");
    public static final HeaderName CONTENT_TYPE = known("Content-Type");
    public static final HeaderName ACCEPT = known("Accept");
    public static final HeaderName AUTHORIZATION = known("Authorization");
    public static final HeaderName COOKIE = known("Cookie");
    public static final HeaderName USER_AGENT = known("User-Agent");
    public static final HeaderName RETRY_AFTER = known("Retry-After");
    public static final HeaderName VIA = known("Via");
    public static final HeaderName X_FORWARDED_FOR = known("X-Forwarded-For");
    public static final HeaderName X_FORWARDED_PROTO = known("X-Forwarded-Proto");
    public static final HeaderName X_FORWARDED_HOST = known("X-Forwarded-Host");
    public static final HeaderName FORWARDED = known("Forwarded");
    public static final HeaderName X_REAL_IP = known("X-Real-IP");
    public static final HeaderName X_REQUEST_ID = known("X-Request-Id");
    public static final HeaderName REFERER = known("Referer");
    public static final HeaderName X_ACCEL_REDIRECT = known("X-Accel-Redirect");
    public static final HeaderName X_ACCEL_BUFFERING = known("X-Accel-Buffering");
    public static final HeaderName X_ACCEL_EXPIRES = known("X-Accel-Expires");
    public static final HeaderName X_ACCEL_LIMIT_RATE = known("X-Accel-Limit-Rate");
    public static final HeaderName X_ACCEL_CHARSET = known("X-Accel-Charset");

    public static final HeaderName X_3SCALE_DEBUG = known("X-3scale-debug");
    public static final HeaderName TRACEPARENT = known("traceparent");
    public static final HeaderName TRACESTATE = known("tracestate");

    private final String text;
    private final byte[] lower;
    private final byte[] bytes;
    private final int hash;
    private final int id;

    private HeaderName(String text, int id) {
        this.text = text;
        this.bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        this.lower = bytes.clone();
        int h = 0;
        for (int i = 0; i < lower.length; i++) {
            lower[i] = lower(lower[i]);
            h = 31 * h + lower[i];
        }
        this.hash = h;
        this.id = id;
    }

    /// A name that is not among the constants of this class, for code outside; make a constant of it.
    public static HeaderName of(String text) {
        byte[] b = text.getBytes(StandardCharsets.ISO_8859_1);
        int h = hash(b, 0, b.length);
        HeaderName name = find(h, b, 0, b.length);
        return name != null ? name : new HeaderName(text, -1);
    }

    private static HeaderName known(String text) {
        HeaderName name = new HeaderName(text, count++);
        if (count > 64) {
            throw new IllegalStateException("more than 64 well-known header names: " + text);
        }
        int slot = name.hash & (TABLE.length - 1);
        while (TABLE[slot] != null) {
            slot = (slot + 1) & (TABLE.length - 1);
        }
        TABLE[slot] = name;
        return name;
    }

    /// All constants of this class.
    static List<HeaderName> wellKnown() {
        return Arrays.stream(TABLE).filter(Objects::nonNull).toList();
    }

    /// The well-known name that these bytes spell, null if they spell none.
    static @Nullable HeaderName find(int hash, byte[] b, int from, int length) {
        int slot = hash & (TABLE.length - 1);
        HeaderName name;
        while ((name = TABLE[slot]) != null) {
            if (name.hash == hash && name.matches(b, from, length)) {
                return name;
            }
            slot = (slot + 1) & (TABLE.length - 1);
        }
        return null;
    }

    static int hash(byte[] b, int from, int length) {
        int h = 0;
        for (int i = from; i < from + length; i++) {
            h = 31 * h + lower(b[i]);
        }
        return h;
    }

    static byte lower(byte c) {
        return c >= 'A' && c <= 'Z' ? (byte) (c | 0x20) : c;
    }

    boolean matches(byte[] b, int from, int length) {
        if (length != lower.length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (lower(b[from + i]) != lower[i]) {
                return false;
            }
        }
        return true;
    }

    int hash() {
        return hash;
    }

    /// Position among the well-known names (0–63), -1 for others.
    int id() {
        return id;
    }

    byte[] bytes() {
        return bytes;
    }

    /// The name as it is sent.
    @Override
    public String toString() {
        return text;
    }
}
