package io.tollkeeper.app.operate;

import org.jspecify.annotations.Nullable;

/// Whether calls should be sent here, as 3scale's gateway says it. Immutable.
public record Readiness(int status, String body) {
    public static final Readiness READY = new Readiness(200, "{\"status\":\"ready\",\"success\":true}");
    public static final Readiness NO_PRODUCTS = warning("no services");
    public static final Readiness NOT_CONFIGURED = new Readiness(412, "{\"status\":\"error\",\"error\":\"not configured\",\"success\":false}");
    public static final Readiness DRAINING = new Readiness(503, "{\"status\":\"error\",\"error\":\"draining\",\"success\":false}");

    /// Calls are served, but somebody should look.
    ///
    /// @param doubt without characters that JSON would escape
    public static Readiness warning(String doubt) {
        return new Readiness(200, "{\"status\":\"warning\",\"warning\":\"" + doubt + "\",\"success\":true}");
    }

    /// Ready, unless there is a doubt.
    public static Readiness unless(@Nullable String doubt) {
        return doubt == null ? READY : warning(doubt);
    }
}
