package io.tollkeeper.http;

import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;

/// Status lines as bytes, and the usual reason phrases (RFC 9110 section 15).
final class StatusLine {

    private static final @Nullable String[] PHRASES = new @Nullable String[600];
    private static final byte[] @Nullable [] LINES = new byte[600] @Nullable [];

    static {
        String[] known = {
            "100 Continue", "101 Switching Protocols", "103 Early Hints", "200 OK", "201 Created", "202 Accepted",
            "203 Non-Authoritative Information", "204 No Content", "205 Reset Content", "206 Partial Content",
            "207 Multi-Status", "300 Multiple Choices", "301 Moved Permanently", "302 Found", "303 See Other",
            "304 Not Modified", "305 Use Proxy", "307 Temporary Redirect", "308 Permanent Redirect", "400 Bad Request",
            "401 Unauthorized", "402 Payment Required", "403 Forbidden", "404 Not Found", "405 Method Not Allowed",
            "406 Not Acceptable", "407 Proxy Authentication Required", "408 Request Timeout", "409 Conflict", "410 Gone",
            "411 Length Required", "412 Precondition Failed", "413 Content Too Large", "414 URI Too Long",
            "415 Unsupported Media Type", "416 Range Not Satisfiable", "417 Expectation Failed", "418 I'm a teapot",
            "421 Misdirected Request", "422 Unprocessable Content", "423 Locked", "424 Failed Dependency",
            "425 Too Early", "426 Upgrade Required", "428 Precondition Required", "429 Too Many Requests",
            "431 Request Header Fields Too Large", "451 Unavailable For Legal Reasons", "500 Internal Server Error",
            "501 Not Implemented", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout",
            "505 HTTP Version Not Supported", "507 Insufficient Storage", "508 Loop Detected"
        };
        for (String line : known) {
            int status = Integer.parseInt(line.substring(0, 3));
            PHRASES[status] = line.substring(4);
            LINES[status] = ("HTTP/1.1 " + line + "\r\n").getBytes(StandardCharsets.US_ASCII);
        }
    }

    private StatusLine() {}

    /// The line with its CRLF.
    static byte[] bytes(int status, @Nullable String phrase) {
        byte[] line = status < LINES.length ? LINES[status] : null;
        if (phrase == null && line != null) {
            return line;
        }
        return ("HTTP/1.1 " + status + " " + (phrase == null ? "" : phrase) + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
    }

    /// The phrase of an answer as text, null if it is the usual one of its status (no allocation then).
    static @Nullable String phraseIfUnusual(int status, byte[] b, int from, int to) {
        String usual = status < PHRASES.length ? PHRASES[status] : null;
        if (usual != null && usual.length() == to - from) {
            int i = 0;
            while (i < usual.length() && usual.charAt(i) == (char) (b[from + i] & 0xff)) {
                i++;
            }
            if (i == usual.length()) {
                return null;
            }
        }
        return new String(b, from, to - from, StandardCharsets.ISO_8859_1);
    }
}
