package io.tollkeeper.gateway.jwt;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/// A token taken apart, nothing of it believed yet (JWS compact serialization, RFC 7515 section 7.1).
///
/// @param algorithm `alg` of its header
/// @param kid       `kid` of its header
/// @param signed    what the signature is over: header and payload as sent
/// @param payload   decoded, not read
@SuppressWarnings("ArrayRecordComponent") // carried to the check of the signature, never compared
record Jws(String algorithm, @Nullable String kid, byte[] signed, byte[] payload, byte[] signature) {

    /// Longest token that is looked at.
    static final int LONGEST = 32 * 1024;
    /// Longest header: three short members, and perhaps a certificate that we do not want.
    private static final int LONGEST_HEADER = 8 * 1024;

    /// A token, or the reason why this is none.
    sealed interface Read {
        record Good(Jws token) implements Read {}

        record Bad(String evidence) implements Read {}
    }

    /// Takes a token apart. Evidence tells of its form only, never of what it holds.
    static Read read(String text) {
        if (text.length() > LONGEST) {
            return new Read.Bad("the token has " + text.length() + " characters (expected: at most " + LONGEST + ")");
        }
        int first = text.indexOf('.');
        int second = first < 0 ? -1 : text.indexOf('.', first + 1);
        if (second < 0 || text.indexOf('.', second + 1) >= 0) {
            return new Read.Bad("the token has " + parts(text) + (parts(text) == 1 ? " part" : " parts")
                    + " (expected: three, joined by dots" + (parts(text) == 5 ? "; five make an encrypted token)" : ")"));
        }
        byte[] header = decoded(text, 0, first);
        byte[] payload = decoded(text, first + 1, second);
        byte[] signature = decoded(text, second + 1, text.length());
        if (header == null || payload == null || signature == null) {
            return new Read.Bad("the token's " + (header == null ? "header" : payload == null ? "payload" : "signature")
                    + " is not base64url");
        }
        Map<String, Object> members = header.length > LONGEST_HEADER ? null : Json.object(header);
        if (members == null) {
            return new Read.Bad("the token's header is not a JSON object that can be read");
        }
        String algorithm = Json.text(members, "alg");
        if (algorithm == null) {
            return new Read.Bad("the token's header has no alg");
        }
        if (members.containsKey("crit")) {
            return new Read.Bad("the token's header has crit: it asks for extensions that we do not know");
        }
        return new Read.Good(new Jws(
                algorithm, Json.text(members, "kid"), text.substring(0, second).getBytes(StandardCharsets.ISO_8859_1), payload, signature));
    }

    private static int parts(String text) {
        int parts = 1;
        for (int at = text.indexOf('.'); at >= 0; at = text.indexOf('.', at + 1)) {
            parts++;
        }
        return parts;
    }

    private static byte @Nullable [] decoded(String text, int from, int to) {
        try {
            return Base64.getUrlDecoder().decode(text.substring(from, to));
        } catch (IllegalArgumentException _) {
            return null; // the caller says which part it was
        }
    }
}
