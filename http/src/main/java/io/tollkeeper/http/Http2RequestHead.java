package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import io.tollkeeper.core.reason.Reason;

/// Takes the fields of a header block into a request. What [Http2Head] refuses, and:
///
/// | what | becomes |
/// |---|---|
/// | `:method`, `:path`, `:authority`, `:scheme` repeated or missing | malformed |
/// | `:path` that is no visible path; `host` that differs from `:authority` | malformed |
///
/// Crumbs of `cookie` are joined; `host` is made of `:authority`.
final class Http2RequestHead extends Http2Head {

    private static final int METHOD = 0;
    private static final int SCHEME = 1;
    private static final int AUTHORITY = 2;
    private static final int PATH = 3;
    private static final byte[][] PSEUDO = {bytes(":method"), bytes(":scheme"), bytes(":authority"), bytes(":path")};
    private static final byte[] HOST = bytes("Host");
    private static final byte[] COOKIE = bytes("Cookie");

    private final int[] starts = new int[PSEUDO.length];
    private final int[] lengths = new int[PSEUDO.length];
    private int hostStart;
    private int hostLength;
    private byte[] cookie = {};
    private int cookieLength;

    Http2RequestHead(WireLimits limits) {
        super(limits, false);
    }

    @Override
    void begin() {
        Arrays.fill(lengths, -1);
        hostLength = -1;
        cookieLength = -1;
    }

    @Override
    Reason tooLarge() {
        return Reason.HEADERS_TOO_LARGE;
    }

    @Override
    Reason tooMany() {
        return Reason.TOO_MANY_HEADERS;
    }

    // ---- field by field --------------------------------------------------------------------------------------------

    @Override
    boolean pseudo(byte[] names, int name, int nameLength, byte[] values, int value, int valueLength) {
        for (int i = 0; i < PSEUDO.length; i++) {
            if (nameLength == PSEUDO[i].length && equal(names, name, PSEUDO[i])) {
                if (lengths[i] >= 0) {
                    return bad("more than one " + MessageParser.quoted(names, name, nameLength));
                }
                if (valueLength > limits.requestLine()) {
                    lengths[i] = 0;
                    return refuse(Reason.URI_TOO_LONG, MessageParser.quoted(names, name, nameLength) + " of " + valueLength
                            + " bytes, limit " + limits.requestLine());
                }
                starts[i] = headers().reserve(valueLength);
                lengths[i] = valueLength;
                System.arraycopy(values, value, headers().bytes(), starts[i], valueLength);
                return true;
            }
        }
        return bad("unknown pseudo-header " + MessageParser.quoted(names, name, nameLength));
    }

    @Override
    boolean joined(HeaderName known, byte[] values, int value, int valueLength) {
        return known == HeaderName.HOST ? host(values, value, valueLength) : crumb(values, value, valueLength);
    }

    private boolean host(byte[] values, int value, int valueLength) {
        if (hostLength >= 0) {
            return bad("more than one host header");
        }
        hostStart = headers().reserve(valueLength);
        hostLength = valueLength;
        System.arraycopy(values, value, headers().bytes(), hostStart, valueLength);
        return true;
    }

    /// Crumbs of a cookie are one field to everybody else (RFC 9113 section 8.2.3).
    private boolean crumb(byte[] values, int value, int valueLength) {
        int start = cookieLength < 0 ? 0 : cookieLength + 2;
        if (cookie.length < start + valueLength) {
            cookie = Arrays.copyOf(cookie, Math.max(256, 2 * (start + valueLength)));
        }
        if (start > 0) {
            cookie[start - 2] = ';';
            cookie[start - 1] = ' ';
        }
        System.arraycopy(values, value, cookie, start, valueLength);
        cookieLength = start + valueLength;
        return true;
    }

    // ---- the whole -------------------------------------------------------------------------------------------------

    /// The block is complete: what was found goes into the request.
    void finish(Request request) {
        request.majorVersion = 2;
        request.minorVersion = 0;
        request.path = "";
        request.target = "";
        request.query = null;
        request.host = "";
        request.method = lengths[METHOD] > 0
                ? MessageParser.methodName(headers().bytes(), starts[METHOD], lengths[METHOD])
                : "-";
        if (malformed() == null && refusal() == null) {
            pseudosAreWell(request);
        }
        if (cookieLength > limits.headerField() && refusal() == null) {
            refuse(tooLarge(), "cookie of " + cookieLength + " bytes, limit " + limits.headerField());
        }
        addJoined();
        if (malformed() == null && refusal() == null && !rules.checkDecoded(request, starts[PATH], starts[PATH] + lengths[PATH])) {
            // What HTTP/1 would have answered with 400 is malformed; the rest is refused with its own reason.
            if (rules.refusal() == Reason.MALFORMED) {
                bad(rules.evidence());
            } else {
                refuse(rules.refusal(), rules.evidence());
            }
        }
        if ((malformed() != null || refusal() != null) && lengths[PATH] > 0 && pathIsVisible(headers().bytes())) {
            // For the record of the refusal.
            request.target = new String(headers().bytes(), starts[PATH], lengths[PATH], StandardCharsets.ISO_8859_1);
            int mark = request.target.indexOf('?');
            request.path = mark < 0 ? request.target : request.target.substring(0, mark);
        }
        if (cookie.length > 8192) {
            cookie = new byte[0];
        }
    }

    private void pseudosAreWell(Request request) {
        byte[] b = headers().bytes();
        if (lengths[METHOD] < 1) {
            bad("no :method");
            return;
        }
        for (int i = starts[METHOD]; i < starts[METHOD] + lengths[METHOD]; i++) {
            if (!(b[i] >= 'A' && b[i] <= 'Z' || b[i] == '-' || b[i] == '_') || lengths[METHOD] > 32) {
                bad(":method " + MessageParser.quoted(b, starts[METHOD], lengths[METHOD]) + " is not of capital letters");
                return;
            }
        }
        if (request.method.equals("CONNECT")) {
            refuse(Reason.METHOD_NOT_ALLOWED, "CONNECT: this is no forward proxy");
            return;
        }
        if (lengths[SCHEME] < 0 || !(isText(SCHEME, "http") || isText(SCHEME, "https"))) {
            bad(lengths[SCHEME] < 0 ? "no :scheme" : ":scheme is neither http nor https");
        } else if (lengths[PATH] < 1) {
            bad(lengths[PATH] < 0 ? "no :path" : "an empty :path");
        } else if (!pathIsVisible(b)) {
            bad(":path " + MessageParser.quoted(b, starts[PATH], lengths[PATH]) + " is no path of visible characters");
        } else if (lengths[AUTHORITY] < 1 && hostLength < 1) {
            bad("neither :authority nor host");
        } else if (lengths[AUTHORITY] >= 0 && hostLength >= 0 && !sameHost(b)) {
            bad("host differs from :authority");
        }
    }

    private boolean isText(int pseudo, String text) {
        if (lengths[pseudo] != text.length()) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (headers().bytes()[starts[pseudo] + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private boolean pathIsVisible(byte[] b) {
        int from = starts[PATH];
        int end = from + lengths[PATH];
        if (b[from] != '/' && !(b[from] == '*' && lengths[PATH] == 1)) {
            return false;
        }
        for (int i = from; i < end; i++) {
            int c = b[i] & 0xff;
            if (c <= ' ' || c == 0x7f) {
                return false;
            }
        }
        return true;
    }

    private boolean sameHost(byte[] b) {
        if (hostLength != lengths[AUTHORITY]) {
            return false;
        }
        for (int i = 0; i < hostLength; i++) {
            if (HeaderName.lower(b[hostStart + i]) != HeaderName.lower(b[starts[AUTHORITY] + i])) {
                return false;
            }
        }
        return true;
    }

    /// The fields that several made: the host, the cookie.
    private void addJoined() {
        int valueStart = lengths[AUTHORITY] > 0 ? starts[AUTHORITY] : hostStart;
        int valueLength = lengths[AUTHORITY] > 0 ? lengths[AUTHORITY] : hostLength;
        if (valueLength > 0) {
            int name = headers().reserve(HOST.length);
            System.arraycopy(HOST, 0, headers().bytes(), name, HOST.length);
            headers().addField(name, HOST.length, valueStart, valueLength, HeaderName.HOST.hash(), HeaderName.HOST.id());
        }
        if (cookieLength >= 0) {
            int name = headers().reserve(COOKIE.length + cookieLength);
            System.arraycopy(COOKIE, 0, headers().bytes(), name, COOKIE.length);
            System.arraycopy(cookie, 0, headers().bytes(), name + COOKIE.length, cookieLength);
            headers().addField(
                    name, COOKIE.length, name + COOKIE.length, cookieLength, HeaderName.COOKIE.hash(), HeaderName.COOKIE.id());
        }
    }
}
