package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;

import io.netty.buffer.ByteBuf;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// Reads heads of HTTP/1 messages, requests and responses, and refuses whatever two implementations could read
/// differently (RFC 9112 sections 2 to 6; hardening.md). One per connection; on its loop.
///
/// A head is looked for in the bytes received so far ([#findEnd]), copied once into the message's [Headers], and parsed
/// there. Rules that go beyond the grammar:
///
/// | what | why |
/// |---|---|
/// | lines end with CRLF only; no bare CR, LF, NUL or other control character anywhere | line ends are where parsers differ |
/// | no line folding, no blank before the colon, no empty name | obs-fold hides fields |
/// | `Transfer-Encoding` is exactly `chunked`, once, in HTTP/1.1 only, never beside `Content-Length` | smuggling |
/// | `Content-Length` is digits without leading zero, once | smuggling |
/// | `Content_Length` and the like are refused | upstreams that read `_` as `-` |
final class MessageParser {

    /// What [#findEnd] returns while the head is incomplete.
    static final int INCOMPLETE = -1;
    /// What [#findEnd] returns when the head is refused; [#refusal] and [#evidence] say why.
    static final int REFUSED = -2;

    /// Value of [#contentLength] when the message has none.
    static final long NO_LENGTH = -1;

    private static final String NO_VERSION = "request line: no HTTP/1.0 or HTTP/1.1 at its end";

    private final WireLimits limits;
    private final boolean response;

    private int scanned;
    private int lineStart;
    private int lines;
    private boolean sawText;

    private @Nullable Reason refusal;
    private String evidence = "";

    private long contentLength;
    private boolean chunked;
    private boolean close;
    private boolean keepAlive;
    private boolean upgrade;

    /// @param response whether heads of answers are read (their own reasons, other first line)
    MessageParser(WireLimits limits, boolean response) {
        this.limits = limits;
        this.response = response;
    }

    /// Gets ready for the next message.
    void reset() {
        scanned = 0;
        lineStart = 0;
        lines = 0;
        sawText = false;
        refusal = null;
        evidence = "";
    }

    Reason refusal() {
        return refusal == null ? malformed() : refusal;
    }

    String evidence() {
        return evidence;
    }

    long contentLength() {
        return contentLength;
    }

    boolean chunked() {
        return chunked;
    }

    /// `Connection` names `close`.
    boolean saysClose() {
        return close;
    }

    /// `Connection` names `keep-alive`.
    boolean saysKeepAlive() {
        return keepAlive;
    }

    /// `Connection` names `upgrade`.
    boolean saysUpgrade() {
        return upgrade;
    }

    private Reason malformed() {
        return response ? Reason.UPSTREAM_PROTOCOL : Reason.MALFORMED;
    }

    private int refuse(Reason reason, String why) {
        refusal = reason;
        evidence = why;
        return REFUSED;
    }

    private boolean bad(String why) {
        refusal = malformed();
        evidence = why;
        return false;
    }

    /// Looks for the empty line that ends a head. Remembers how far it looked.
    ///
    /// @return length of the head with its last CRLF, counted from the reader index, or INCOMPLETE or REFUSED
    int findEnd(ByteBuf in) {
        int base = in.readerIndex();
        int readable = in.readableBytes();
        // An empty line before the request line is skipped (RFC 9112 section 2.2), once.
        if (!sawText && scanned == 0 && readable >= 1 && in.getByte(base) == '\r') {
            if (readable < 2) {
                return INCOMPLETE;
            }
            if (in.getByte(base + 1) != '\n') {
                return refuse(malformed(), "byte 0: CR without LF");
            }
            if (response) {
                return refuse(malformed(), "an empty line where a status line was expected");
            }
            in.skipBytes(2);
            sawText = true;
            return findEnd(in);
        }
        while (scanned < readable) {
            int length = in.bytesBefore(base + scanned, readable - scanned, (byte) '\n');
            if (length < 0) {
                scanned = readable;
                int line = readable - lineStart;
                if (line > lineLimit()) {
                    return tooLong(line);
                }
                if (lines == 0 && readable > 0 && !startsLikeText(in, base)) {
                    return REFUSED;
                }
                break;
            }
            int lf = scanned + length;
            int line = lf - lineStart;
            if (line == 0 || in.getByte(base + lf - 1) != '\r') {
                return refuse(malformed(), "byte " + lf + ": LF without CR before it");
            }
            if (line - 1 > lineLimit()) {
                return tooLong(line - 1);
            }
            scanned = lf + 1;
            if (line == 1) {
                if (lines == 0) {
                    return refuse(malformed(), "an empty line where a " + (response ? "status" : "request") + " line was expected");
                }
                return scanned;
            }
            if (lines == 0 && !response && !endsWithVersion(in, base + lf - 1, line - 1)) {
                // Said at once: a client of HTTP/0.9 waits for its answer after this line.
                return refuse(malformed(), NO_VERSION);
            }
            lines++;
            lineStart = scanned;
            if (lines - 1 > limits.headerCount()) {
                return refuse(
                        response ? Reason.UPSTREAM_HEADERS_TOO_LARGE : Reason.TOO_MANY_HEADERS,
                        "more than " + limits.headerCount() + " header fields");
            }
            if (lines > 1 && scanned - limits.requestLine() > limits.headers()) {
                return headersTooLarge(scanned);
            }
        }
        return INCOMPLETE;
    }

    private static boolean endsWithVersion(ByteBuf in, int end, int length) {
        return length > 9 && in.getByte(end - 9) == ' ' && in.getByte(end - 8) == 'H' && in.getByte(end - 3) == '1';
    }

    /// The name on the line that was too long, for evidence: ` (X-Big)`; empty if the line has none.
    String refusedLine(ByteBuf in) {
        int from = in.readerIndex() + lineStart;
        int length = Math.min(64, in.writerIndex() - from);
        int colon = length <= 0 ? -1 : in.bytesBefore(from, length, (byte) ':');
        return colon <= 0 ? "" : " (" + printable(in.toString(from, colon, StandardCharsets.ISO_8859_1)) + ")";
    }

    private int lineLimit() {
        return lines == 0 ? limits.requestLine() : limits.headerField();
    }

    private int tooLong(int length) {
        if (response) {
            return refuse(Reason.UPSTREAM_HEADERS_TOO_LARGE, "a line of more than " + lineLimit() + " bytes in the head");
        }
        return lines == 0
                ? refuse(Reason.URI_TOO_LONG, "request line of at least " + length + " bytes, limit " + limits.requestLine())
                : refuse(Reason.HEADERS_TOO_LARGE, "header field of at least " + length + " bytes, limit " + limits.headerField());
    }

    private int headersTooLarge(int length) {
        return refuse(
                response ? Reason.UPSTREAM_HEADERS_TOO_LARGE : Reason.HEADERS_TOO_LARGE,
                "head of at least " + length + " bytes, limit of all fields " + limits.headers());
    }

    /// Whether the first byte can start a message: a peer that speaks another protocol is told so before it has sent a
    /// whole line.
    private boolean startsLikeText(ByteBuf in, int base) {
        int c = in.getByte(base) & 0xff;
        if (c > ' ' && c < 0x7f) {
            return true;
        }
        evidence = "first byte 0x" + hex(c) + (c == 0x16 ? " (a TLS handshake)" : c == 0x15 ? " (a TLS alert)" : "")
                + " is no start of an HTTP message";
        refusal = malformed();
        return false;
    }

    static String hex(int c) {
        String digits = Integer.toHexString(c);
        return digits.length() == 1 ? "0" + digits : digits;
    }

    /// Parses the head of a request, `length` bytes at the reader index of `in`, into `request`.
    ///
    /// @return false if it is refused
    boolean parseRequest(ByteBuf in, int length, Request request) {
        Headers headers = request.headers;
        int start = headers.reserve(length);
        byte[] b = headers.bytes();
        in.readBytes(b, start, length);
        request.headBytes = length;

        // method SP target SP version CRLF
        int at = start;
        while (b[at] >= 'A' && b[at] <= 'Z' || b[at] == '-' || b[at] == '_') {
            at++;
        }
        if (at == start || at - start > 32 || b[at] != ' ') {
            return bad("request line: no method of capital letters at its start, byte " + (at - start) + " is 0x" + hex(b[at] & 0xff));
        }
        request.method = methodName(b, start, at - start);
        int targetStart = ++at;
        while ((b[at] & 0xff) > ' ' && b[at] != 0x7f) {
            at++;
        }
        int targetEnd = at;
        if (targetEnd == targetStart || b[at] != ' ') {
            return bad("request line: byte " + (at - start) + " is 0x" + hex(b[at] & 0xff) + ", no target of visible characters");
        }
        at++;
        if (!(at + 9 < start + length && b[at] == 'H' && b[at + 1] == 'T' && b[at + 2] == 'T' && b[at + 3] == 'P'
                && b[at + 4] == '/' && b[at + 5] == '1' && b[at + 6] == '.' && (b[at + 7] == '0' || b[at + 7] == '1')
                && b[at + 8] == '\r')) {
            return bad(NO_VERSION);
        }
        request.minorVersion = b[at + 7] - '0';
        at += 10;
        return parseFields(headers, at, start + length, request.minorVersion)
                && target(request, b, targetStart, targetEnd);
    }

    /// Parses the head of an answer into `answer`.
    boolean parseResponse(ByteBuf in, int length, UpstreamResponse answer) {
        Headers headers = answer.headers;
        int start = headers.reserve(length);
        byte[] b = headers.bytes();
        in.readBytes(b, start, length);

        // version SP 3DIGIT [SP reason] CRLF; the blank before an empty reason is often missing
        if (!(length > 13 && b[start] == 'H' && b[start + 1] == 'T' && b[start + 2] == 'T' && b[start + 3] == 'P'
                && b[start + 4] == '/' && b[start + 5] == '1' && b[start + 6] == '.'
                && (b[start + 7] == '0' || b[start + 7] == '1') && b[start + 8] == ' ')) {
            return bad("status line: no HTTP/1.0 or HTTP/1.1 at its start but " + quoted(b, start, Math.min(length, 16)));
        }
        answer.minorVersion = b[start + 7] - '0';
        int status = 0;
        for (int i = 9; i < 12; i++) {
            int digit = b[start + i] - '0';
            if (digit < 0 || digit > 9) {
                return bad("status line: no status of three digits but " + quoted(b, start, Math.min(length, 16)));
            }
            status = status * 10 + digit;
        }
        if (status < 100 || (b[start + 12] != ' ' && b[start + 12] != '\r')) {
            return bad("status line: no status of three digits but " + quoted(b, start, Math.min(length, 16)));
        }
        answer.status = status;
        int at = start + 12;
        int reasonStart = b[at] == ' ' ? at + 1 : at;
        while (b[at] != '\r') {
            int c = b[at] & 0xff;
            if (c < ' ' && c != '\t' || c == 0x7f) {
                return bad("status line: control character 0x" + hex(c));
            }
            at++;
        }
        answer.reasonPhrase = StatusLine.phraseIfUnusual(status, b, Math.min(reasonStart, at), at);
        if (b[at + 1] != '\n') {
            return bad("status line: CR without LF");
        }
        return parseFields(headers, at + 2, start + length, answer.minorVersion);
    }

    /// Parses trailer fields, `length` bytes with the final empty line; keeps those that may stand in a trailer.
    boolean parseTrailers(ByteBuf in, int length, Headers trailers) {
        int start = trailers.reserve(length);
        in.readBytes(trailers.bytes(), start, length);
        return fields(trailers, start, start + length, true);
    }

    private boolean parseFields(Headers headers, int from, int end, int minorVersion) {
        contentLength = NO_LENGTH;
        chunked = false;
        close = false;
        keepAlive = false;
        upgrade = false;
        return fields(headers, from, end, false) && framing(headers, minorVersion);
    }

    /// Checks framing fields, host and target of a request whose fields are decoded already (HTTP/2): the same rules.
    ///
    /// @return false if it is refused
    boolean checkDecoded(Request request, int targetStart, int targetEnd) {
        return checkDecoded(request.headers) && target(request, request.headers.bytes(), targetStart, targetEnd);
    }

    /// Checks framing fields of a message whose fields are decoded already (HTTP/2).
    boolean checkDecoded(Headers headers) {
        contentLength = NO_LENGTH;
        chunked = false;
        return framing(headers, 1);
    }

    /// field-line = name ":" OWS value OWS CRLF (RFC 9112 section 5)
    private boolean fields(Headers headers, int from, int end, boolean trailers) {
        byte[] b = headers.bytes();
        int at = from;
        while (b[at] != '\r') {
            int nameStart = at;
            int hash = 0;
            while (TOKEN[b[at] & 0xff]) {
                hash = 31 * hash + HeaderName.lower(b[at]);
                at++;
            }
            if (b[at] != ':' || at == nameStart) {
                return badName(b, nameStart, at);
            }
            int nameLength = at - nameStart;
            at++;
            while (b[at] == ' ' || b[at] == '\t') {
                at++;
            }
            int valueStart = at;
            while (VALUE[b[at] & 0xff]) {
                at++;
            }
            if (b[at] != '\r' || b[at + 1] != '\n') {
                return bad("header " + quoted(b, nameStart, nameLength) + ": control character 0x" + hex(b[at] & 0xff)
                        + " in its value");
            }
            int valueEnd = at;
            while (valueEnd > valueStart && (b[valueEnd - 1] == ' ' || b[valueEnd - 1] == '\t')) {
                valueEnd--;
            }
            at += 2;
            HeaderName known = HeaderName.find(hash, b, nameStart, nameLength);
            if (trailers && known != null && known != HeaderName.DATE) {
                continue; // framing, routing and authentication have no business in a trailer: dropped
            }
            headers.addField(nameStart, nameLength, valueStart, valueEnd - valueStart, hash, known == null ? -1 : known.id());
            if (known == null && nameLength > 13 && looksLikeFraming(b, nameStart, nameLength)) {
                return bad("header " + quoted(b, nameStart, nameLength) + ": reads as a framing header to some servers");
            }
        }
        if (b[at + 1] != '\n' || at + 2 != end) {
            return bad("header section: CR without LF");
        }
        return true;
    }

    private boolean badName(byte[] b, int nameStart, int at) {
        int c = b[at] & 0xff;
        if (at == nameStart) {
            return bad(
                    c == ' ' || c == '\t'
                            ? "header line starts with white space (folded lines are not accepted)"
                            : c == ':' ? "header line without a name" : "header line starts with 0x" + hex(c));
        }
        String name = quoted(b, nameStart, at - nameStart);
        return bad(
                c == ' ' || c == '\t'
                        ? "header " + name + ": white space before the colon"
                        : c == '\r' || c == '\n'
                                ? "header line " + name + " without a colon"
                                : "header name " + name + ": character 0x" + hex(c));
    }

    static boolean looksLikeFraming(byte[] b, int from, int length) {
        return underscored(b, from, length, "content_length") || underscored(b, from, length, "transfer_encoding");
    }

    private static boolean underscored(byte[] b, int from, int length, String name) {
        if (length != name.length()) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            byte c = b[from + i] == '-' ? (byte) '_' : HeaderName.lower(b[from + i]);
            if (c != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /// Decides how the body is framed (RFC 9112 section 6.3), strictly.
    private boolean framing(Headers headers, int minorVersion) {
        int te = headers.find(HeaderName.TRANSFER_ENCODING, 0);
        int cl = headers.find(HeaderName.CONTENT_LENGTH, 0);
        if (te >= 0) {
            if (minorVersion == 0) {
                return bad("Transfer-Encoding in HTTP/1.0");
            }
            if (cl >= 0) {
                return bad("both Transfer-Encoding and Content-Length");
            }
            if (headers.find(HeaderName.TRANSFER_ENCODING, te + 1) >= 0 || !headers.valueIs(te, "chunked")) {
                return bad("Transfer-Encoding: " + printable(headers.value(te)) + " (only a single chunked is accepted)");
            }
            chunked = true;
        } else if (cl >= 0) {
            if (headers.find(HeaderName.CONTENT_LENGTH, cl + 1) >= 0) {
                return bad("more than one Content-Length");
            }
            int length = headers.valueLength(cl);
            long value = 0;
            if (length == 0 || length > 18 || (length > 1 && headers.valueByte(cl, 0) == '0')) {
                return bad("Content-Length: " + printable(headers.value(cl)));
            }
            for (int i = 0; i < length; i++) {
                int digit = headers.valueByte(cl, i) - '0';
                if (digit < 0 || digit > 9) {
                    return bad("Content-Length: " + printable(headers.value(cl)));
                }
                value = value * 10 + digit;
            }
            contentLength = value;
        }
        for (int c = headers.find(HeaderName.CONNECTION, 0); c >= 0; c = headers.find(HeaderName.CONNECTION, c + 1)) {
            connectionOptions(headers, c);
        }
        return true;
    }

    private void connectionOptions(Headers headers, int c) {
        if (headers.valueIs(c, "keep-alive")) {
            keepAlive = true;
        } else if (headers.valueIs(c, "close")) {
            close = true;
        } else {
            for (String option : headers.value(c).split(",", -1)) {
                switch (option.strip().toLowerCase(java.util.Locale.ROOT)) {
                    case "close" -> close = true;
                    case "keep-alive" -> keepAlive = true;
                    case "upgrade" -> upgrade = true;
                    default -> {}
                }
            }
        }
    }

    // ---- target and host -------------------------------------------------------------------------------------------

    private boolean target(Request request, byte[] b, int start, int end) {
        // What follows a '#' never reaches anybody (hardening.md, 20).
        for (int i = start; i < end; i++) {
            if (b[i] == '#') {
                end = i;
                break;
            }
        }
        if (!host(request)) {
            return false;
        }
        int from = start;
        if (b[start] != '/') {
            if (end - start == 1 && b[start] == '*' && request.method.equals("OPTIONS")) {
                return bad("OPTIONS * is for a server itself; this one only passes requests on");
            }
            if (request.method.equals("CONNECT")) {
                refusal = Reason.METHOD_NOT_ALLOWED;
                evidence = "CONNECT: this is no forward proxy";
                return false;
            }
            from = absoluteForm(request, b, start, end);
            if (from < 0) {
                return false;
            }
        }
        if (request.method.equals("TRACE") || request.method.equals("CONNECT")) {
            refusal = Reason.METHOD_NOT_ALLOWED;
            evidence = request.method + " is not passed on";
            return false;
        }
        if (from == end || b[from] == '?') {
            // http://host and http://host?x=1
            request.path = "/";
            request.query = from == end ? null : latin1(b, from + 1, end);
            request.target = request.query == null ? "/" : "/?" + request.query;
            return true;
        }
        request.target = latin1(b, from, end);
        int mark = request.target.indexOf('?');
        if (mark < 0) {
            request.path = request.target;
            request.query = null;
        } else {
            request.path = request.target.substring(0, mark);
            request.query = request.target.substring(mark + 1);
        }
        return true;
    }

    /// `http://authority/path`: its authority wins over `Host` (RFC 9112 section 3.2.2).
    ///
    /// @return where the path starts, -1 if refused
    private int absoluteForm(Request request, byte[] b, int start, int end) {
        String target = latin1(b, start, end);
        int scheme = startsWithIgnoringCase(target, "http://") ? 7 : startsWithIgnoringCase(target, "https://") ? 8 : -1;
        if (scheme < 0) {
            bad("target " + printable(target) + ": neither a path nor an http URL");
            return -1;
        }
        int slash = scheme;
        while (slash < target.length() && target.charAt(slash) != '/' && target.charAt(slash) != '?') {
            slash++;
        }
        String authority = target.substring(scheme, slash);
        String host = hostOf(authority);
        if (host == null || host.isEmpty()) {
            bad("target " + printable(target) + ": no valid host in it");
            return -1;
        }
        request.host = host;
        return start + slash;
    }

    private static boolean startsWithIgnoringCase(String text, String prefix) {
        return text.regionMatches(true, 0, prefix, 0, prefix.length());
    }

    private boolean host(Request request) {
        Headers headers = request.headers;
        int h = headers.find(HeaderName.HOST, 0);
        if (h < 0) {
            request.host = "";
            return request.minorVersion == 0 || bad("no Host header in an HTTP/1.1 request");
        }
        if (headers.find(HeaderName.HOST, h + 1) >= 0) {
            return bad("more than one Host header");
        }
        // Requests of a connection mostly name the same host: keep the texts of the one before.
        String last = request.hostField;
        if (!last.isEmpty() && last.length() == headers.valueLength(h) && sameBytes(headers, h, last)) {
            request.host = request.hostFieldHost;
            return true;
        }
        String field = headers.value(h);
        String host = hostOf(field);
        if (host == null || host.isEmpty()) {
            return bad("Host: " + printable(field));
        }
        request.host = host;
        request.hostField = field;
        request.hostFieldHost = host;
        return true;
    }

    private static boolean sameBytes(Headers headers, int h, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (headers.valueByte(h, i) != (byte) text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /// Lower-case host of `host[:port]`, null if that is not what it is.
    static @Nullable String hostOf(String authority) {
        int end = authority.length();
        int colon = authority.lastIndexOf(':');
        if (authority.startsWith("[")) {
            int bracket = authority.indexOf(']');
            if (bracket < 0 || (bracket + 1 < end && authority.charAt(bracket + 1) != ':')) {
                return null;
            }
            colon = bracket + 1 < end ? bracket + 1 : -1;
        }
        if (colon >= 0) {
            for (int i = colon + 1; i < end; i++) {
                if (authority.charAt(i) < '0' || authority.charAt(i) > '9') {
                    return null;
                }
            }
            end = colon;
        }
        boolean upper = false;
        for (int i = 0; i < end; i++) {
            char c = authority.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                upper = true;
            } else if (!(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || "-._~!$&'()*+;=%[]:".indexOf(c) >= 0)) {
                return null;
            } else if (c == ':' && authority.charAt(0) != '[') {
                return null;
            }
        }
        String host = authority.substring(0, end);
        return upper ? host.toLowerCase(java.util.Locale.ROOT) : host;
    }

    static String methodName(byte[] b, int start, int length) {
        if (length == 3 && b[start] == 'G' && b[start + 1] == 'E' && b[start + 2] == 'T') {
            return "GET";
        }
        if (length == 4 && b[start] == 'P' && b[start + 1] == 'O' && b[start + 2] == 'S' && b[start + 3] == 'T') {
            return "POST";
        }
        String name = latin1(b, start, start + length);
        return switch (name) {
            case "PUT" -> "PUT";
            case "HEAD" -> "HEAD";
            case "DELETE" -> "DELETE";
            case "PATCH" -> "PATCH";
            case "OPTIONS" -> "OPTIONS";
            default -> name;
        };
    }

    private static String latin1(byte[] b, int from, int to) {
        return new String(b, from, to - from, StandardCharsets.ISO_8859_1);
    }

    static String quoted(byte[] b, int from, int length) {
        return '"' + printable(latin1(b, from, from + length)) + '"';
    }

    /// Text for evidence: at most 64 characters, everything that is not visible ASCII as `\xNN`.
    static String printable(String text) {
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < text.length() && i < 64; i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c < 0x7f) {
                shown.append(c);
            } else {
                shown.append("\\x").append(hex(c & 0xff));
            }
        }
        return text.length() > 64 ? shown.append('…').toString() : shown.toString();
    }

    // tchar (RFC 9110 section 5.6.2) and field-content (section 5.5, obs-text allowed)
    static final boolean[] TOKEN = new boolean[256];
    static final boolean[] VALUE = new boolean[256];

    static {
        for (char c = 0; c < 256; c++) {
            TOKEN[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
                    || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
            VALUE[c] = c >= ' ' && c != 0x7f || c == '\t';
        }
    }
}
