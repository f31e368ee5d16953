package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// Takes the fields of a header block into a request, or into trailers, by the rules of RFC 9113 section 8 and, where a
/// message will be told on in HTTP/1, by those of [MessageParser]: whatever passes here means the same there. One per
/// connection; on its loop.
///
/// | what | becomes |
/// |---|---|
/// | `:method`, `:path`, `:authority`, `:scheme` repeated, unknown, behind a field, or missing | malformed |
/// | a capital or another character that no name has; CR, LF, NUL, blanks around a value | malformed |
/// | `connection`, `transfer-encoding`, `upgrade` and their like; `te` but `trailers` | malformed |
/// | `:path` that is no visible path; `host` that differs from `:authority`; `content-length` not of digits | malformed |
/// | more bytes or fields than HTTP/1 may have | refused with the reason it has there |
/// | far more (a bomb: little sent, much to unpack) | the connection ends |
///
/// Crumbs of `cookie` are joined; `host` is made of `:authority`.
final class Http2Head implements HpackDecoder.Fields {

    private static final int METHOD = 0;
    private static final int SCHEME = 1;
    private static final int AUTHORITY = 2;
    private static final int PATH = 3;
    private static final byte[][] PSEUDO = {bytes(":method"), bytes(":scheme"), bytes(":authority"), bytes(":path")};
    private static final byte[] HOST = bytes("Host");
    private static final byte[] COOKIE = bytes("Cookie");
    private static final byte[] TRAILERS = bytes("trailers");
    /// A field weighs its text and what HTTP/1 puts around it.
    private static final int AROUND = 4;

    private final WireLimits limits;
    private final MessageParser rules;
    private final long bomb;
    private Headers headers = new Headers();
    private boolean trailers;
    private boolean sawField;
    private long weight;
    private int count;
    private int fields;
    private final int[] starts = new int[PSEUDO.length];
    private final int[] lengths = new int[PSEUDO.length];
    private int hostStart;
    private int hostLength;
    private byte[] cookie = {};
    private int cookieLength;
    private @Nullable String malformed;
    private @Nullable Reason refusal;
    private String evidence = "";
    private boolean tooMuch;

    Http2Head(WireLimits limits) {
        this.limits = limits;
        this.rules = new MessageParser(limits, false);
        this.bomb = 4L * (limits.headers() + limits.requestLine());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /// A block begins.
    void begin(Headers into, boolean ofTrailers) {
        headers = into;
        headers.clear();
        trailers = ofTrailers;
        sawField = false;
        weight = 0;
        count = 0;
        fields = 0;
        for (int i = 0; i < PSEUDO.length; i++) {
            lengths[i] = -1;
        }
        hostLength = -1;
        cookieLength = -1;
        malformed = null;
        refusal = null;
        evidence = "";
        tooMuch = false;
    }

    /// What breaks the rules of HTTP/2, null if nothing does.
    @Nullable String malformed() {
        return malformed;
    }

    /// Why the request is not served although it is well-formed, null if it is.
    @Nullable Reason refusal() {
        return refusal;
    }

    String evidence() {
        return malformed != null ? malformed : evidence;
    }

    /// The block unpacks to so much that the connection must end.
    boolean isBomb() {
        return tooMuch;
    }

    /// The declared length of the body, [MessageParser#NO_LENGTH] without one.
    long contentLength() {
        return rules.contentLength();
    }

    // ---- field by field --------------------------------------------------------------------------------------------

    @Override
    public boolean field(byte[] names, int name, int nameLength, byte[] values, int value, int valueLength) {
        weight += nameLength + valueLength + AROUND;
        if (weight > bomb || count > 16 * limits.headerCount() + 1024) {
            tooMuch = true;
            return false;
        }
        count++;
        if (malformed != null || refusal != null && nameLength > 0 && names[name] != ':') {
            return true; // read on for the table's sake
        }
        if (nameLength == 0) {
            return bad("a field without a name");
        }
        if (!isValue(values, value, valueLength)) {
            return bad("field " + MessageParser.quoted(names, name, nameLength) + ": its value has control characters, or "
                    + "blanks around it");
        }
        if (names[name] == ':') {
            return pseudo(names, name, nameLength, values, value, valueLength);
        }
        sawField = true;
        if (nameLength + valueLength > limits.headerField()) {
            return refuse(Reason.HEADERS_TOO_LARGE, "header field " + MessageParser.quoted(names, name, nameLength) + " of "
                    + (nameLength + valueLength) + " bytes, limit " + limits.headerField());
        }
        if (weight > limits.headers() + limits.requestLine()) {
            return refuse(Reason.HEADERS_TOO_LARGE,
                    "head of at least " + weight + " bytes, limit of all fields " + limits.headers());
        }
        int hash = 0;
        for (int i = name; i < name + nameLength; i++) {
            byte c = names[i];
            if (!MessageParser.TOKEN[c & 0xff] || c >= 'A' && c <= 'Z') {
                return bad("header name " + MessageParser.quoted(names, name, nameLength) + ": character 0x"
                        + MessageParser.hex(c & 0xff));
            }
            hash = 31 * hash + c;
        }
        HeaderName known = HeaderName.find(hash, names, name, nameLength);
        if (known != null && !trailers && known == HeaderName.COOKIE) {
            return crumb(values, value, valueLength);
        }
        if (++fields > limits.headerCount()) {
            return refuse(Reason.TOO_MANY_HEADERS, "more than " + limits.headerCount() + " header fields");
        }
        if (known != null && !mayCome(known, values, value, valueLength)) {
            return bad("header " + known + " does not belong into HTTP/2");
        }
        if (known == null && MessageParser.looksLikeFraming(names, name, nameLength)) {
            return bad("header " + MessageParser.quoted(names, name, nameLength) + ": reads as a framing header to some servers");
        }
        if (trailers && known != null && known != HeaderName.DATE) {
            return true; // framing, routing and authentication have no business in a trailer: dropped
        }
        int start = headers.reserve(nameLength + valueLength);
        System.arraycopy(names, name, headers.bytes(), start, nameLength);
        System.arraycopy(values, value, headers.bytes(), start + nameLength, valueLength);
        if (known == HeaderName.HOST) {
            if (hostLength >= 0) {
                return bad("more than one host header");
            }
            hostStart = start + nameLength;
            hostLength = valueLength;
            return true;
        }
        headers.addField(start, nameLength, start + nameLength, valueLength, hash, known == null ? -1 : known.id());
        return true;
    }

    private boolean bad(String why) {
        malformed = why;
        return true;
    }

    private boolean refuse(Reason reason, String why) {
        refusal = reason;
        evidence = why;
        return true;
    }

    private static boolean isValue(byte[] b, int from, int length) {
        for (int i = from; i < from + length; i++) {
            if (!MessageParser.VALUE[b[i] & 0xff]) {
                return false;
            }
        }
        return length == 0 || !isBlank(b[from]) && !isBlank(b[from + length - 1]);
    }

    private static boolean isBlank(byte c) {
        return c == ' ' || c == '\t';
    }

    /// Fields about the connection say nothing here and much to an HTTP/1 server behind us.
    private static boolean mayCome(HeaderName known, byte[] values, int value, int valueLength) {
        if (known == HeaderName.TE) {
            return valueLength == 8 && equal(values, value, TRAILERS);
        }
        return known != HeaderName.CONNECTION
                && known != HeaderName.KEEP_ALIVE
                && known != HeaderName.PROXY_CONNECTION
                && known != HeaderName.TRANSFER_ENCODING
                && known != HeaderName.UPGRADE;
    }

    private boolean pseudo(byte[] names, int name, int nameLength, byte[] values, int value, int valueLength) {
        if (trailers) {
            return bad("trailers with " + MessageParser.quoted(names, name, nameLength));
        }
        if (sawField) {
            return bad(MessageParser.quoted(names, name, nameLength) + " behind a header field");
        }
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
                starts[i] = headers.reserve(valueLength);
                lengths[i] = valueLength;
                System.arraycopy(values, value, headers.bytes(), starts[i], valueLength);
                return true;
            }
        }
        return bad("unknown pseudo-header " + MessageParser.quoted(names, name, nameLength));
    }

    private static boolean equal(byte[] b, int from, byte[] text) {
        for (int i = 0; i < text.length; i++) {
            if (b[from + i] != text[i]) {
                return false;
            }
        }
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
                ? MessageParser.methodName(headers.bytes(), starts[METHOD], lengths[METHOD])
                : "-";
        if (malformed == null && refusal == null) {
            pseudosAreWell(request);
        }
        if (cookieLength > limits.headerField() && refusal == null) {
            refuse(Reason.HEADERS_TOO_LARGE, "cookie of " + cookieLength + " bytes, limit " + limits.headerField());
        }
        addJoined();
        if (malformed == null && refusal == null && !rules.checkDecoded(request, starts[PATH], starts[PATH] + lengths[PATH])) {
            // What HTTP/1 would have answered with 400 is malformed; the rest is refused with its own reason.
            if (rules.refusal() == Reason.MALFORMED) {
                malformed = rules.evidence();
            } else {
                refuse(rules.refusal(), rules.evidence());
            }
        }
        if ((malformed != null || refusal != null) && lengths[PATH] > 0 && pathIsVisible(headers.bytes())) {
            // For the record of the refusal.
            request.target = new String(headers.bytes(), starts[PATH], lengths[PATH], StandardCharsets.ISO_8859_1);
            int mark = request.target.indexOf('?');
            request.path = mark < 0 ? request.target : request.target.substring(0, mark);
        }
        if (cookie.length > 8192) {
            cookie = new byte[0];
        }
    }

    private void pseudosAreWell(Request request) {
        byte[] b = headers.bytes();
        if (lengths[METHOD] < 1) {
            malformed = "no :method";
            return;
        }
        for (int i = starts[METHOD]; i < starts[METHOD] + lengths[METHOD]; i++) {
            if (!(b[i] >= 'A' && b[i] <= 'Z' || b[i] == '-' || b[i] == '_') || lengths[METHOD] > 32) {
                malformed = ":method " + MessageParser.quoted(b, starts[METHOD], lengths[METHOD]) + " is not of capital letters";
                return;
            }
        }
        if (request.method.equals("CONNECT")) {
            refuse(Reason.METHOD_NOT_ALLOWED, "CONNECT: this is no forward proxy");
            return;
        }
        if (lengths[SCHEME] < 0 || !(isText(SCHEME, "http") || isText(SCHEME, "https"))) {
            malformed = lengths[SCHEME] < 0 ? "no :scheme" : ":scheme is neither http nor https";
        } else if (lengths[PATH] < 1) {
            malformed = lengths[PATH] < 0 ? "no :path" : "an empty :path";
        } else if (!pathIsVisible(b)) {
            malformed = ":path " + MessageParser.quoted(b, starts[PATH], lengths[PATH]) + " is no path of visible characters";
        } else if (lengths[AUTHORITY] < 1 && hostLength < 1) {
            malformed = "neither :authority nor host";
        } else if (lengths[AUTHORITY] >= 0 && hostLength >= 0 && !sameHost(b)) {
            malformed = "host differs from :authority";
        }
    }

    private boolean isText(int pseudo, String text) {
        if (lengths[pseudo] != text.length()) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (headers.bytes()[starts[pseudo] + i] != text.charAt(i)) {
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
            int name = headers.reserve(HOST.length);
            System.arraycopy(HOST, 0, headers.bytes(), name, HOST.length);
            headers.addField(name, HOST.length, valueStart, valueLength, HeaderName.HOST.hash(), HeaderName.HOST.id());
        }
        if (cookieLength >= 0) {
            int name = headers.reserve(COOKIE.length + cookieLength);
            System.arraycopy(COOKIE, 0, headers.bytes(), name, COOKIE.length);
            System.arraycopy(cookie, 0, headers.bytes(), name + COOKIE.length, cookieLength);
            headers.addField(
                    name, COOKIE.length, name + COOKIE.length, cookieLength, HeaderName.COOKIE.hash(), HeaderName.COOKIE.id());
        }
    }
}
