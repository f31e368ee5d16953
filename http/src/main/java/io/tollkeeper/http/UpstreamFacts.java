package io.tollkeeper.http;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// What the record of a request needs to know of its upstream call: all times are [System#nanoTime], 0 = did not happen.
/// Filled by the connection, read by the caller on the same loop; reused, so copy what is kept.
public final class UpstreamFacts {

    @Nullable String address;
    int port;
    long connectionNumber;
    String protocol = "";
    int stream;
    boolean reused;
    long requestsOnConnection;
    long connectionAgeNanos;
    long connectionIdleNanos;
    long startedNanos;
    long resolvedNanos;
    long connectedNanos;
    long headSentNanos;
    long requestSentNanos;
    long firstByteNanos;
    long endedNanos;
    long bytesSent;
    long bytesReceived;
    int attempts;
    int addressesTried;
    boolean staleAnswer;
    @Nullable Reason failure;
    String evidence = "";

    UpstreamFacts() {}

    void reset() {
        address = null;
        port = 0;
        connectionNumber = 0;
        protocol = "";
        stream = 0;
        reused = false;
        requestsOnConnection = 0;
        connectionAgeNanos = 0;
        connectionIdleNanos = 0;
        startedNanos = 0;
        resolvedNanos = 0;
        connectedNanos = 0;
        headSentNanos = 0;
        requestSentNanos = 0;
        firstByteNanos = 0;
        endedNanos = 0;
        bytesSent = 0;
        bytesReceived = 0;
        attempts = 0;
        addressesTried = 0;
        staleAnswer = false;
        failure = null;
        evidence = "";
    }

    /// IP address called last, null before a name was resolved.
    public @Nullable String address() {
        return address;
    }

    public int port() {
        return port;
    }

    /// Counts the upstream connections of this process.
    public long connectionNumber() {
        return connectionNumber;
    }

    /// `HTTP/1.1` or `HTTP/2.0`, empty before a connection stood.
    public String protocol() {
        return protocol;
    }

    /// Number of the call's stream on its connection of HTTP/2, 0 on HTTP/1.
    public int stream() {
        return stream;
    }

    /// Whether the connection had served a request before.
    public boolean reused() {
        return reused;
    }

    /// Requests on this connection before this one.
    public long requestsOnConnection() {
        return requestsOnConnection;
    }

    /// Age of the connection when the request was sent.
    public long connectionAgeNanos() {
        return connectionAgeNanos;
    }

    /// How long the connection had been idle when the request was sent.
    public long connectionIdleNanos() {
        return connectionIdleNanos;
    }

    public long startedNanos() {
        return startedNanos;
    }

    public long resolvedNanos() {
        return resolvedNanos;
    }

    public long connectedNanos() {
        return connectedNanos;
    }

    public long headSentNanos() {
        return headSentNanos;
    }

    public long requestSentNanos() {
        return requestSentNanos;
    }

    public long firstByteNanos() {
        return firstByteNanos;
    }

    public long endedNanos() {
        return endedNanos;
    }

    public long bytesSent() {
        return bytesSent;
    }

    public long bytesReceived() {
        return bytesReceived;
    }

    /// How often the request was sent: 2 after a retry on a connection that turned out dead.
    public int attempts() {
        return attempts;
    }

    /// Addresses that were connected to, in vain or not.
    public int addressesTried() {
        return addressesTried;
    }

    /// Whether the address came from a DNS answer past its time to live (D-STALE-USED).
    public boolean staleAnswer() {
        return staleAnswer;
    }

    /// Why there was no (complete) answer, null otherwise. Known before the answer's body is failed, so that whoever
    /// hears of a broken answer first finds the reason here.
    public @Nullable Reason failure() {
        return failure;
    }

    /// The operator's evidence for [#failure], empty without one.
    public String evidence() {
        return evidence;
    }
}
