package io.tollkeeper.compat.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// RFC 9112 read slowly and strictly: the requests that stand whole in some bytes, up to the first that does not. Where the
/// RFC leaves room, the stricter reading. Pure function.
final class ReferenceRequests {

    /// @param target as the client wrote it
    /// @param body   without framing, as ISO-8859-1
    record Request(String method, String target, String body) {}

    private static final Pattern START = Pattern.compile("([^ \\x00-\\x1f]+) ([^ \\x00-\\x1f]+) HTTP/1\\.([01])");
    private static final Pattern FIELD = Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \\t]*(.*?)[ \\t]*", Pattern.DOTALL);
    private static final Pattern CHUNK = Pattern.compile("([0-9A-Fa-f]{1,15})(;.*)?", Pattern.DOTALL);

    private final String bytes;
    private int at;

    private ReferenceRequests(String bytes) {
        this.bytes = bytes;
    }

    static List<Request> in(byte[] input) {
        var reader = new ReferenceRequests(new String(input, StandardCharsets.ISO_8859_1));
        var requests = new ArrayList<Request>();
        try {
            while (true) {
                requests.add(reader.next());
            }
        } catch (EndException _) {
            return requests;
        }
    }

    /// No further whole request.
    private static final class EndException extends Exception {
        private static final long serialVersionUID = 1;

        EndException() {
            super(null, null, false, false);
        }
    }

    private Request next() throws EndException {
        if (bytes.startsWith("\r\n", at)) {
            at += 2;
        }
        var start = START.matcher(line());
        if (!start.matches()) {
            throw new EndException();
        }
        var codings = new ArrayList<String>();
        var lengths = new ArrayList<String>();
        for (var line = line(); !line.isEmpty(); line = line()) {
            var field = FIELD.matcher(line);
            if (!field.matches()) {
                throw new EndException();
            }
            if (field.group(1).equalsIgnoreCase("transfer-encoding")) {
                codings.add(field.group(2));
            } else if (field.group(1).equalsIgnoreCase("content-length")) {
                lengths.add(field.group(2));
            }
        }
        return new Request(start.group(1), start.group(2), body(codings, lengths, start.group(3).equals("1")));
    }

    private String body(List<String> codings, List<String> lengths, boolean mayBeChunked) throws EndException {
        if (!codings.isEmpty()) {
            if (!mayBeChunked || !lengths.isEmpty() || codings.size() > 1 || !codings.getFirst().equalsIgnoreCase("chunked")) {
                throw new EndException();
            }
            return chunks();
        }
        if (lengths.isEmpty()) {
            return "";
        }
        if (lengths.size() > 1 || !lengths.getFirst().matches("0|[1-9][0-9]{0,17}")) {
            throw new EndException();
        }
        return take(Long.parseLong(lengths.getFirst()));
    }

    private String chunks() throws EndException {
        var body = new StringBuilder();
        while (true) {
            var chunk = CHUNK.matcher(line());
            if (!chunk.matches()) {
                throw new EndException();
            }
            long size = Long.parseLong(chunk.group(1), 16);
            if (size == 0) {
                break;
            }
            body.append(take(size));
            if (!line().isEmpty()) {
                throw new EndException();
            }
        }
        for (var line = line(); !line.isEmpty(); line = line()) {
            if (!FIELD.matcher(line).matches()) {
                throw new EndException();
            }
        }
        return body.toString();
    }

    /// Up to the next CRLF; no other CR, LF or NUL in it.
    private String line() throws EndException {
        int end = bytes.indexOf("\r\n", at);
        if (end < 0) {
            throw new EndException();
        }
        var line = bytes.substring(at, end);
        if (line.indexOf('\n') >= 0 || line.indexOf('\r') >= 0 || line.indexOf('\0') >= 0) {
            throw new EndException();
        }
        at = end + 2;
        return line;
    }

    private String take(long length) throws EndException {
        if (length > bytes.length() - at) {
            throw new EndException();
        }
        at += (int) length;
        return bytes.substring(at - (int) length, at);
    }
}
