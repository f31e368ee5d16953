package io.tollkeeper.meter.answer;

import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;

/// Headers that the original sends with every answer, in its spelling (specification, section 3).
public final class CommonHeaders {

    /// Content type of everything but `/status`, `/check.txt` and the Internal API.
    public static final String XML = "application/vnd.3scale-v2.0+xml";

    private static final HeaderName CONTENT_TYPE = HeaderName.of("content-type");
    private static final HeaderName ALLOW_ORIGIN = HeaderName.of("access-control-allow-origin");
    private static final HeaderName EXPOSE = HeaderName.of("access-control-expose-headers");
    private static final HeaderName CONTENT_SECURITY = HeaderName.of("content-security-policy");
    private static final HeaderName CONTENT_TYPE_OPTIONS = HeaderName.of("x-content-type-options");
    private static final HeaderName MAX_AGE = HeaderName.of("access-control-max-age");
    private static final HeaderName ALLOW_METHODS = HeaderName.of("access-control-allow-methods");
    private static final HeaderName ALLOW_HEADERS = HeaderName.of("access-control-allow-headers");
    private static final HeaderName CASCADE = HeaderName.of("x-cascade");
    private static final HeaderName REJECTION_REASON = HeaderName.of("3scale-rejection-reason");

    private CommonHeaders() {}

    /// Of authorization answers, reports, `/status`, `/check.txt` and unknown paths.
    public static void addForAnswer(Headers headers, String contentType) {
        headers.add(CONTENT_TYPE, contentType);
        addCors(headers);
        headers.add(CONTENT_SECURITY, "default-src 'self'");
        headers.add(CONTENT_TYPE_OPTIONS, "nosniff");
    }

    /// Of `<error>` documents.
    public static void addForError(Headers headers) {
        headers.add(CONTENT_TYPE, XML);
        addCors(headers);
        headers.add(CONTENT_TYPE_OPTIONS, "nosniff");
    }

    /// Of the answer to an unknown path or method.
    public static void addForUnknownPath(Headers headers) {
        addForAnswer(headers, XML);
        headers.add(CASCADE, "pass");
    }

    /// Of the answer to OPTIONS.
    public static void addForOptions(Headers headers) {
        addCors(headers);
        headers.add(MAX_AGE, "86400");
        headers.add(ALLOW_METHODS, "GET, POST, PATCH, PUT, DELETE");
        headers.add(
                ALLOW_HEADERS,
                "Authorization, Accept-Encoding, Content-Type, Cache-Control, Accept, If-Match, If-Modified-Since, "
                        + "If-None-Match, If-Unmodified-Since, X-Requested-With, X-HTTP-Method-Override, 3scale-options");
        headers.add(CONTENT_SECURITY, "default-src 'self'");
        headers.add(CONTENT_TYPE_OPTIONS, "nosniff");
    }

    /// The extension `rejection_reason_header`.
    public static void addRejection(Headers headers, String code) {
        headers.add(REJECTION_REASON, code);
    }

    private static void addCors(Headers headers) {
        headers.add(ALLOW_ORIGIN, "*");
        headers.add(EXPOSE, "ETag, Link, 3scale-rejection-reason");
    }
}
