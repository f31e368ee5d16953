package io.tollkeeper.core.proxy;

import org.jspecify.annotations.Nullable;

/// Where a product looks for credentials.
public enum CredentialsLocation {
    QUERY("query"),
    HEADERS("headers"),
    AUTHORIZATION("authorization");

    private final String wireName;

    CredentialsLocation(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }

    public static @Nullable CredentialsLocation ofWireName(String name) {
        for (CredentialsLocation location : values()) {
            if (location.wireName.equals(name)) {
                return location;
            }
        }
        return null;
    }
}
