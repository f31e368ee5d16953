package io.tollkeeper.gateway.credentials;

import org.jspecify.annotations.Nullable;

/// The credentials of one request. Part of an exchange, reused; on its loop.
public final class Credentials {

    private @Nullable String userKey;
    private @Nullable String appId;
    private @Nullable String appKey;
    private @Nullable String accessToken;
    private @Nullable String name;

    public void clear() {
        userKey = null;
        appId = null;
        appKey = null;
        accessToken = null;
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

    void accessToken(String nameSent, String token) {
        name = nameSent;
        accessToken = token;
    }

    /// The access token was checked: it stands for this application.
    public void provedToBe(String applicationId) {
        appId = applicationId;
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

    /// The token of an OpenID provider as sent; secret. Worth nothing until [#provedToBe] was called.
    public @Nullable String accessToken() {
        return accessToken;
    }

    /// The name under which the product takes what identifies the application: `user_key`, `app_id`,
    /// `access_token`, `Authorization`.
    public @Nullable String name() {
        return name;
    }

    /// What identifies the application: user key or application id (that of a token once it was
    /// checked).
    public @Nullable String identifier() {
        return userKey != null ? userKey : appId;
    }
}
