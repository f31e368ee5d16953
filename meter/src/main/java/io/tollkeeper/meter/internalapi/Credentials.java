package io.tollkeeper.meter.internalapi;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;

import org.jspecify.annotations.Nullable;

/// Who may use the Internal API: HTTP Basic authentication. Immutable; never blocks.
public final class Credentials {

    private final byte @Nullable [] expected;

    private Credentials(byte @Nullable [] expected) {
        this.expected = expected;
    }

    public static Credentials of(String user, String password) {
        return new Credentials((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    /// Everybody who reaches the listener. For tests and machines where nobody else can.
    public static Credentials everybody() {
        return new Credentials(null);
    }

    /// What to answer instead, or none if the header is good.
    @Nullable InternalAnswer check(@Nullable String authorization) {
        byte[] wanted = expected;
        if (wanted == null) {
            return null;
        }
        if (authorization == null) {
            return InternalAnswer.unauthorized();
        }
        int blank = authorization.indexOf(' ');
        String scheme = blank < 0 ? authorization : authorization.substring(0, blank);
        if (!scheme.equalsIgnoreCase("basic")) {
            return InternalAnswer.wrongScheme();
        }
        byte[] given;
        try {
            given = Base64.getDecoder().decode(authorization.substring(blank + 1).strip());
        } catch (IllegalArgumentException notBase64) {
            return InternalAnswer.unauthorized();
        }
        return MessageDigest.isEqual(wanted, given) ? null : InternalAnswer.unauthorized();
    }

    @Override
    public String toString() {
        return expected == null ? "Credentials[everybody]" : "Credentials[Basic]";
    }
}
