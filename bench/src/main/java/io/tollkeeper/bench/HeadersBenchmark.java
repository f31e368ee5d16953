package io.tollkeeper.bench;

import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// What a gateway does with the headers of a request as browsers send it: look up, copy for the upstream, replace.
@State(Scope.Thread)
public class HeadersBenchmark {

    private static final HeaderName ACCEPT_ENCODING = HeaderName.of("Accept-Encoding");
    private static final HeaderName ABSENT = HeaderName.of("X-Absent");

    private final Headers received = new Headers();
    private final Headers forwarded = new Headers();

    @Setup
    public void receive() {
        received.clear();
        received.add("Host", "api.example.com");
        received.add("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
        received.add("Accept", "application/json, text/plain, */*");
        received.add("Accept-Language", "en-GB,en;q=0.7,de;q=0.3");
        received.add("Accept-Encoding", "gzip, deflate, br, zstd");
        received.add("Authorization", "Basic YWxpY2U6b3BlbiBzZXNhbWU=");
        received.add("Cookie", "session=4f1c0a57d3; theme=dark");
        received.add("Connection", "keep-alive");
    }

    @Benchmark
    public @Nullable String lookUp() {
        return received.get(ACCEPT_ENCODING);
    }

    @Benchmark
    public boolean missARareName() {
        return received.has(ABSENT);
    }

    @Benchmark
    public @Nullable String lookUpLoosely() {
        return received.getLoosely("user_key");
    }

    /// Copy, then one header of our own: what happens to every request.
    @Benchmark
    public Headers forward() {
        forwarded.clear();
        forwarded.addEndToEnd(received);
        forwarded.add(HeaderName.X_REQUEST_ID, "01JD0000000000000000000000");
        return forwarded;
    }
}
