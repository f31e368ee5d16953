package io.tollkeeper.http.fetch;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.http.Headers;

/// A request of our own. Immutable: each change makes another one.
///
/// A URL with credentials (`https://name:password@host/`) sends them as `Authorization: Basic`, taken as they stand; a
/// missing half is empty.
public final class FetchRequest {

    /// A field of a request or an answer.
    public record Header(String name, String value) {}

    private static final int USUAL_BODY = 1 << 20;
    private static final Duration USUAL_TIME = Duration.ofSeconds(10);

    private final String method;
    private final FetchUrl url;
    private final List<Header> headers;
    private final byte[] body;
    private final int maxBody;
    private final Duration timeout;

    private FetchRequest(String method, FetchUrl url, List<Header> headers, byte[] body, int maxBody, Duration timeout) {
        this.method = method;
        this.url = url;
        this.headers = List.copyOf(headers);
        this.body = body;
        this.maxBody = maxBody;
        this.timeout = timeout;
    }

    /// A GET with 10 s for everything and at most 1 MiB of answer.
    public static FetchRequest get(FetchUrl url) {
        return new FetchRequest("GET", url, List.of(), new byte[0], USUAL_BODY, USUAL_TIME);
    }

    /// A POST of these bytes, which are not copied.
    public static FetchRequest post(FetchUrl url, String contentType, byte[] body) {
        return new FetchRequest("POST", url, List.of(new Header("Content-Type", contentType)), body, USUAL_BODY, USUAL_TIME);
    }

    /// @throws IllegalArgumentException for a value that cannot stand in a header
    public FetchRequest header(String name, String value) {
        if (!Headers.isValidValue(value)) {
            throw new IllegalArgumentException("header " + name + ": the value has control characters or characters beyond Latin-1");
        }
        var more = new ArrayList<>(headers);
        more.add(new Header(name, value));
        return new FetchRequest(method, url, more, body, maxBody, timeout);
    }

    /// Accepts so many bytes of body.
    public FetchRequest atMost(int bytes) {
        return new FetchRequest(method, url, headers, body, bytes, timeout);
    }

    /// Time from asking to the last byte of the answer.
    public FetchRequest within(Duration time) {
        return new FetchRequest(method, url, headers, body, maxBody, time);
    }

    public String method() {
        return method;
    }

    public FetchUrl url() {
        return url;
    }

    List<Header> headers() {
        return headers;
    }

    byte[] body() {
        return body;
    }

    int maxBody() {
        return maxBody;
    }

    Duration timeout() {
        return timeout;
    }

    /// For messages: no headers, no credentials.
    @Override
    public String toString() {
        return method + " " + url;
    }
}
