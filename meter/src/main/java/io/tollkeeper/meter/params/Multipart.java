package io.tollkeeper.meter.params;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

/// Reads a `multipart/form-data` body (RFC 7578) into [Params]. Parts with a file name are no parameters. Pure
/// function over a body in memory.
///
/// ```
/// preamble
/// --BOUNDARY CRLF  headers CRLF CRLF  content CRLF
/// --BOUNDARY CRLF  headers CRLF CRLF  content CRLF
/// --BOUNDARY--
/// ```
public final class Multipart {

    private static final byte[] END_OF_HEADERS = {'\r', '\n', '\r', '\n'};

    private Multipart() {}

    /// Reads all parts; the message for the caller if the body is broken, none otherwise.
    public static @Nullable String read(byte[] body, String boundary, Params into) {
        byte[] delimiter = ("--" + boundary).getBytes(StandardCharsets.ISO_8859_1);
        int at = indexOf(body, delimiter, 0);
        if (at < 0) {
            return "multipart form: boundary --" + boundary + " not found in the body";
        }
        at += delimiter.length;
        while (!closes(body, at)) {
            int headers = at;
            if (!startsWith(body, at, END_OF_HEADERS, 2)) {
                return "multipart form: expected a line break after the boundary at byte " + at;
            }
            int content = indexOf(body, END_OF_HEADERS, headers);
            if (content < 0) {
                return "multipart form: headers of a part are not closed by an empty line";
            }
            int start = content + END_OF_HEADERS.length;
            int next = indexOf(body, delimiter, start);
            while (next >= 0 && !(next >= start + 2 && body[next - 2] == '\r' && body[next - 1] == '\n')
                    && next != start) {
                next = indexOf(body, delimiter, next + 1);
            }
            if (next < 0) {
                return "multipart form: the body ends before the closing boundary";
            }
            byte[] name = fieldName(new String(body, headers, content - headers, StandardCharsets.ISO_8859_1));
            if (name != null && !into.field(name, Arrays.copyOfRange(body, start, Math.max(start, next - 2)))) {
                return into.fault();
            }
            at = next + delimiter.length;
        }
        return null;
    }

    private static boolean closes(byte[] body, int at) {
        return at + 1 < body.length && body[at] == '-' && body[at + 1] == '-';
    }

    private static boolean startsWith(byte[] body, int at, byte[] what, int length) {
        return at + length <= body.length && Arrays.equals(body, at, at + length, what, 0, length);
    }

    private static int indexOf(byte[] body, byte[] what, int from) {
        for (int i = from; i <= body.length - what.length; i++) {
            if (body[i] == what[0] && startsWith(body, i, what, what.length)) {
                return i;
            }
        }
        return -1;
    }

    /// The part's field name as bytes; none if it has no name or is a file.
    private static byte @Nullable [] fieldName(String headers) {
        for (String line : headers.split("\r\n")) {
            String lower = line.toLowerCase(Locale.ROOT);
            if (lower.startsWith("content-disposition:")) {
                if (lower.contains("filename=") || lower.contains("filename*=")) {
                    return null;
                }
                int at = lower.indexOf("name=");
                if (at < 0) {
                    return null;
                }
                int start = at + "name=".length();
                String name;
                if (start < line.length() && line.charAt(start) == '"') {
                    int close = line.indexOf('"', start + 1);
                    name = close < 0 ? line.substring(start + 1) : line.substring(start + 1, close);
                } else {
                    int end = line.indexOf(';', start);
                    name = end < 0 ? line.substring(start) : line.substring(start, end);
                }
                return name.getBytes(StandardCharsets.ISO_8859_1);
            }
        }
        return null;
    }
}
