package io.tollkeeper.gateway.credentials;

import org.jspecify.annotations.Nullable;

/// The credentials of one request. Part of an exchange, reused; on its loop.
public final class Credentials {

    private @Nullable String userKey;
    private @Nullable String appId;
    private @Nullable String appKey;
    private @Nullable String name;

    public void clear() {
        userKey = null;
        appId = null;
        appKey = null;
        name = null;
    }

    void userKey(String nameSent, String key) {
        name = nameSent;
        userKey = key;
    }

    void application(String nameSent, String id, String key) {
        name = nameSent;
        appId = id;
        appKey = key;
    }

    public @Nullable String userKey() {
        return userKey;
    }

    public @Nullable String appId() {
        return appId;
    }

    public @Nullable String appKey() {
        return appKey;
    }

    /// The name under which the product takes what identifies the application: `user_key`, `app_id`, `Authorization`.
    public @Nullable String name() {
        return name;
    }

    /// What identifies the application: user key or application id.
    public @Nullable String identifier() {
        return userKey != null ? userKey : appId;
    }
}
