package io.tollkeeper.core.catalog;

import org.jspecify.annotations.Nullable;

/// How callers of a product identify their application.
public enum AuthenticationMode {
    USER_KEY,
    APP_ID,
    OAUTH;

    /// Reads 3scale's `backend_version`: leading integer 1 → user key; exactly `oauth` → OAuth; all else → app id.
    public static AuthenticationMode ofBackendVersion(@Nullable String version) {
        if (version == null) {
            return APP_ID;
        }
        if (version.equals("oauth")) {
            return OAUTH;
        }
        return leadingInteger(version) == 1 ? USER_KEY : APP_ID;
    }

    private static long leadingInteger(String text) {
        int i = 0;
        while (i < text.length() && (text.charAt(i) == ' ' || (text.charAt(i) >= '\t' && text.charAt(i) <= '\r'))) {
            i++;
        }
        if (i < text.length() && text.charAt(i) == '+') {
            i++;
        }
        long value = 0;
        for (; i < text.length() && text.charAt(i) >= '0' && text.charAt(i) <= '9'; i++) {
            value = Math.min(value * 10 + text.charAt(i) - '0', 1_000_000);
        }
        return value;
    }
}
