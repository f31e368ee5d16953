package io.tollkeeper.gateway.exchange;

/// How the gateway names itself on the wire.
public final class Identity {

    /// In `Server`, `Via` and `Proxy-Status`.
    public static final String NAME = "tollkeeper";

    private Identity() {}
}
