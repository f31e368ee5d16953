package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// Takes the fields of a header block into a message, or into trailers, by the rules of RFC 9113 section 8 and, where a
/// message will be told on in HTTP/1, by those of [MessageParser]: whatever passes here means the same there. One per
/// connection; on its loop.
///
/// | what | becomes |
/// |---|---|
/// | a pseudo-header repeated, unknown, behind a field, or missing | malformed |
/// | a capital or another character that no name has; CR, LF, NUL, blanks around a value | malformed |
/// | `connection`, `transfer-encoding`, `upgrade` and their like; `te` but `trailers`; `content-length` not of digits | malformed |
/// | more bytes or fields than HTTP/1 may have | refused with the reason it has there |
/// | far more (a bomb: little sent, much to unpack) | the connection ends |
abstract class Http2Head implements HpackDecoder.Fields {

    private static final byte[] TRAILERS = bytes("trailers");
    /// A field weighs its text and what HTTP/1 puts around it.
    private static final int AROUND = 4;

    final WireLimits limits;
    final MessageParser rules;
    private final int most;
    private final long bomb;
    private Headers headers = new Headers();
    private boolean trailers;
    private boolean sawField;
    private long weight;
    private int count;
    private int fields;
    private @Nullable String malformed;
    private @Nullable Reason refusal;
    private String evidence = "";
    private boolean tooMuch;

    /// @param ofAnswers whether messages are answers
    Http2Head(WireLimits limits, boolean ofAnswers) {
        this.limits = limits;
        this.rules = new MessageParser(limits, ofAnswers);
        this.most = ofAnswers ? limits.headers() : limits.headers() + limits.requestLine();
        this.bomb = 4L * (limits.headers() + limits.requestLine());
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    // ---- what messages have of their own ---------------------------------------------------------------------------

    /// A block begins.
    abstract void begin();

    /// A field whose name begins with a colon.
    abstract boolean pseudo(byte[] names, int name, int nameLength, byte[] values, int value, int valueLength);

    /// A field that is put together with others.
    ///
    /// @return whether it was taken
    boolean joined(HeaderName known, byte[] values, int value, int valueLength) {
        return false;
    }

    /// The reason for a field, or all together, that are too long.
    abstract Reason tooLarge();

    /// The reason for too many fields.
    abstract Reason tooMany();

    // ----------------------------------------------------------------------------------------------------------------

    /// A block begins.
    final void begin(Headers into, boolean ofTrailers) {
        headers = into;
        headers.clear();
        trailers = ofTrailers;
        sawField = false;
        weight = 0;
        count = 0;
        fields = 0;
        begin();
        malformed = null;
        refusal = null;
        evidence = "";
        tooMuch = false;
    }

    /// What breaks the rules of HTTP/2, null if nothing does.
    final @Nullable String malformed() {
        return malformed;
    }

    /// Why the request is not served although it is well-formed, null if it is.
    final @Nullable Reason refusal() {
        return refusal;
    }

    final String evidence() {
        return malformed != null ? malformed : evidence;
    }

    /// The block unpacks to so much that the connection must end.
    final boolean isBomb() {
        return tooMuch;
    }

    /// The declared length of the body, [MessageParser#NO_LENGTH] without one.
    final long contentLength() {
        return rules.contentLength();
    }

    // ---- field by field --------------------------------------------------------------------------------------------

    @Override
    public final boolean field(byte[] names, int name, int nameLength, byte[] values, int value, int valueLength) {
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
            return trailers
                    ? bad("trailers with " + MessageParser.quoted(names, name, nameLength))
                    : sawField
                            ? bad(MessageParser.quoted(names, name, nameLength) + " behind a header field")
                            : pseudo(names, name, nameLength, values, value, valueLength);
        }
        sawField = true;
        if (nameLength + valueLength > limits.headerField()) {
            return refuse(tooLarge(), "header field " + MessageParser.quoted(names, name, nameLength) + " of "
                    + (nameLength + valueLength) + " bytes, limit " + limits.headerField());
        }
        if (weight > most) {
            return refuse(tooLarge(),
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
        if (known == HeaderName.COOKIE && !trailers && joined(known, values, value, valueLength)) {
            return true;
        }
        if (++fields > limits.headerCount()) {
            return refuse(tooMany(), "more than " + limits.headerCount() + " header fields");
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
        if (known == HeaderName.HOST && joined(known, values, value, valueLength)) {
            return true;
        }
        int start = headers.reserve(nameLength + valueLength);
        System.arraycopy(names, name, headers.bytes(), start, nameLength);
        System.arraycopy(values, value, headers.bytes(), start + nameLength, valueLength);
        headers.addField(start, nameLength, start + nameLength, valueLength, hash, known == null ? -1 : known.id());
        return true;
    }

    final boolean bad(String why) {
        malformed = why;
        return true;
    }

    final boolean refuse(Reason reason, String why) {
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

    static boolean equal(byte[] b, int from, byte[] text) {
        for (int i = 0; i < text.length; i++) {
            if (b[from + i] != text[i]) {
                return false;
            }
        }
        return true;
    }

    final Headers headers() {
        return headers;
    }
}
