package io.tollkeeper.http;

import org.jspecify.annotations.Nullable;

/// Which header fields stay behind at an intermediary (RFC 9110 section 7.6.1).
final class HopByHop {

    private static final long STRIPPED = bits(
            HeaderName.CONNECTION,
            HeaderName.KEEP_ALIVE,
            HeaderName.PROXY_CONNECTION,
            HeaderName.TE,
            HeaderName.TRAILER,
            HeaderName.TRANSFER_ENCODING,
            HeaderName.UPGRADE,
            HeaderName.CONTENT_LENGTH,
            HeaderName.HOST,
            HeaderName.EXPECT,
            HeaderName.DATE,
            HeaderName.SERVER);

    /// A `Connection` header may not take these away: naming them there is an attack on whoever relies on them
    /// (hardening.md, 16).
    private static final long PROTECTED = bits(
            HeaderName.AUTHORIZATION,
            HeaderName.COOKIE,
            HeaderName.CONTENT_TYPE,
            HeaderName.X_FORWARDED_FOR,
            HeaderName.X_FORWARDED_HOST,
            HeaderName.X_FORWARDED_PROTO,
            HeaderName.FORWARDED,
            HeaderName.X_REAL_IP,
            HeaderName.X_REQUEST_ID,
            HeaderName.VIA);

    private static final long OF_CONNECTION = bits(
            HeaderName.CONTENT_LENGTH,
            HeaderName.TRANSFER_ENCODING,
            HeaderName.CONNECTION,
            HeaderName.KEEP_ALIVE,
            HeaderName.PROXY_CONNECTION);

    private HopByHop() {}

    /// Whether connections write this field by themselves, where it is due at all.
    static boolean isOfConnection(@Nullable HeaderName name) {
        return name != null && (OF_CONNECTION & 1L << name.id()) != 0;
    }

    /// What has no place in a request of HTTP/2 though it may pass in HTTP/1, or is said there in another way.
    static boolean staysBehindHttp2(@Nullable HeaderName name) {
        return name == HeaderName.HOST || name == HeaderName.UPGRADE || name == HeaderName.TE || name == HeaderName.EXPECT;
    }

    static void copyEndToEnd(Headers from, Headers to) {
        boolean named = from.mayHave(HeaderName.CONNECTION);
        for (int i = 0; i < from.size(); i++) {
            HeaderName known = from.knownName(i);
            if (known != null && (STRIPPED & 1L << known.id()) != 0) {
                continue;
            }
            if (named && (known == null || (PROTECTED & 1L << known.id()) == 0) && namedByConnection(from, i)) {
                continue;
            }
            to.addFrom(from, i);
        }
    }

    /// Whether a `Connection` field of this message names field `i`.
    private static boolean namedByConnection(Headers headers, int i) {
        byte[] bytes = headers.bytes();
        for (int c = headers.find(HeaderName.CONNECTION, 0); c >= 0; c = headers.find(HeaderName.CONNECTION, c + 1)) {
            int at = headers.valueStart(c);
            int end = at + headers.valueLength(c);
            while (at < end) {
                int comma = at;
                while (comma < end && bytes[comma] != ',') {
                    comma++;
                }
                int from = at;
                int to = comma;
                while (from < to && (bytes[from] == ' ' || bytes[from] == '\t')) {
                    from++;
                }
                while (to > from && (bytes[to - 1] == ' ' || bytes[to - 1] == '\t')) {
                    to--;
                }
                if (headers.nameMatches(i, bytes, from, to - from)) {
                    return true;
                }
                at = comma + 1;
            }
        }
        return false;
    }

    private static long bits(HeaderName... names) {
        long bits = 0;
        for (HeaderName name : names) {
            bits |= 1L << name.id();
        }
        return bits;
    }
}
