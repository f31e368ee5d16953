package io.tollkeeper.meter.internalapi;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.core.catalog.Identifier;
import io.tollkeeper.meter.internalapi.InternalAnswer.Refusal;

/// Method and decoded path segments of a request below `/internal`. Empty segments do not count, so that a slash at the
/// end makes no difference. Immutable.
record InternalRoute(String method, List<String> segments) {

    static InternalRoute of(InternalRequest request) {
        List<String> segments = new ArrayList<>();
        for (String raw : request.path().split("/")) {
            if (raw.equals("..")) {
                if (!segments.isEmpty()) {
                    segments.removeLast();
                }
            } else if (!raw.isEmpty() && !raw.equals(".")) {
                segments.add(decoded(raw));
            }
        }
        if (segments.isEmpty()) {
            throw new Refusal(InternalAnswer.unknownRoute());
        }
        String method = request.method().equals("HEAD") ? "GET" : request.method();
        return new InternalRoute(method, List.copyOf(segments.subList(1, segments.size())));
    }

    /// Whether the segments are these; `*` stands for any one.
    boolean is(String wantedMethod, String... pattern) {
        if (!method.equals(wantedMethod) || pattern.length != segments.size()) {
            return false;
        }
        for (int i = 0; i < pattern.length; i++) {
            if (!pattern[i].equals("*") && !pattern[i].equals(segments.get(i))) {
                return false;
            }
        }
        return true;
    }

    /// A segment as it was sent.
    String sent(int i) {
        return segments.get(i);
    }

    /// A segment as an identifier is stored.
    String id(int i) {
        return Identifier.normal(segments.get(i));
    }

    private static String decoded(String raw) {
        if (raw.indexOf('%') < 0) {
            return raw;
        }
        byte[] bytes = raw.getBytes(StandardCharsets.ISO_8859_1);
        int out = 0;
        for (int in = 0; in < bytes.length; in++) {
            byte c = bytes[in];
            if (c == '%') {
                int high = in + 1 < bytes.length ? Character.digit(bytes[in + 1], 16) : -1;
                int low = in + 2 < bytes.length ? Character.digit(bytes[in + 2], 16) : -1;
                if (high < 0 || low < 0) {
                    throw new Refusal(InternalAnswer.badRequest("the path has a percent sign without two hex digits"));
                }
                c = (byte) (high << 4 | low);
                in += 2;
            }
            bytes[out++] = c;
        }
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, out)).toString();
            if (text.indexOf('\0') >= 0) {
                throw new Refusal(InternalAnswer.badRequest("the path contains a NUL character"));
            }
            return text;
        } catch (CharacterCodingException e) {
            throw new Refusal(InternalAnswer.badRequest("the path is not UTF-8"));
        }
    }
}
