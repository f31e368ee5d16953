package io.tollkeeper.core.proxy;

/// What a product answers to a kind of refusal: status, content type and body, each as configured.
public record ErrorAnswer(int status, String contentType, String body) {

    private static final String PLAIN = "text/plain; charset=utf-8";

    public static final ErrorAnswer AUTH_MISSING = new ErrorAnswer(401, PLAIN, "Authentication parameters missing");
    public static final ErrorAnswer AUTH_FAILED = new ErrorAnswer(403, PLAIN, "Authentication failed");
    public static final ErrorAnswer LIMITS_EXCEEDED = new ErrorAnswer(429, PLAIN, "Limits exceeded");
    public static final ErrorAnswer NO_MATCH = new ErrorAnswer(404, PLAIN, "No Mapping Rule matched");
}
