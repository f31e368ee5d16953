package io.tollkeeper.core.flight;

import java.util.Locale;

import org.jspecify.annotations.Nullable;

/// Takes secrets out of what is kept or shown. Pure functions.
public final class Redaction {

    private Redaction() {}

    /// At most the first three characters of a secret, and never more than a third of it. What was shortened before
    /// stays as it is.
    public static String shortened(String secret) {
        if (secret.length() <= 4 && secret.endsWith("…")) {
            return secret;
        }
        int shown = Math.min(3, secret.length() / 3);
        return secret.substring(0, shown) + "…";
    }

    /// A request target whose query values are shortened where their name says that they are secret: one of the names
    /// (lower case) under which this product takes credentials, or any name with key, token, secret or password in it.
    public static String target(String target, @Nullable String... credentialNames) {
        int query = target.indexOf('?');
        if (query < 0) {
            return target;
        }
        StringBuilder shown = new StringBuilder(target.length()).append(target, 0, query + 1);
        int from = query + 1;
        while (from <= target.length()) {
            int end = target.indexOf('&', from);
            end = end < 0 ? target.length() : end;
            int equals = target.indexOf('=', from);
            if (equals > 0 && equals < end && isSecret(target.substring(from, equals), credentialNames)) {
                shown.append(target, from, equals + 1).append(shortened(target.substring(equals + 1, end)));
            } else {
                shown.append(target, from, end);
            }
            if (end < target.length()) {
                shown.append('&');
            }
            from = end + 1;
        }
        return shown.toString();
    }

    private static boolean isSecret(String name, @Nullable String[] credentialNames) {
        String lower = name.toLowerCase(Locale.ROOT);
        for (String credentialName : credentialNames) {
            if (lower.equals(credentialName)) {
                return true;
            }
        }
        return lower.contains("key")
                || lower.contains("token")
                || lower.contains("secret")
                || lower.contains("password");
    }
}
