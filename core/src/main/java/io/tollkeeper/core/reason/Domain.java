package io.tollkeeper.core.reason;

/// Whose turn it is: who has to act before the same request can succeed.
public enum Domain {
    CLIENT("client"),
    CLIENT_NETWORK("client-network"),
    CONFIG("configuration"),
    GATEWAY("gateway"),
    UPSTREAM("upstream"),
    UPSTREAM_NETWORK("upstream-network"),
    DNS("dns"),
    SERVICE_MANAGEMENT("service-management"),
    IDENTITY_PROVIDER("identity-provider");

    private final String text;

    Domain(String text) {
        this.text = text;
    }

    /// The word shown to people and written to logs.
    public String text() {
        return text;
    }
}
