package io.tollkeeper.http.recorder;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// The raw facts of one line. Preallocated in a [LogRing]; filled by an event loop, read by the writer, never by both at
/// the same time. Texts are references to what exists anyway.
public final class LogEntry {

    public long idHigh;
    public long idLow;
    public long millis;
    public @Nullable String alias;
    public @Nullable String client;
    public int clientPort;
    /// The port that the client called.
    public int serverPort;
    public @Nullable String method;
    public @Nullable String host;
    public @Nullable String target;
    public @Nullable String protocol;
    public int status;
    public long bytesIn;
    public long bytesOut;
    public long totalNanos;
    public long meterNanos;
    public long upstreamNanos;
    public @Nullable String product;
    public @Nullable String application;
    public @Nullable Reason reason;
    /// `address:port`.
    public @Nullable String upstreamAddress;
    public int upstreamStatus;
    public int retries;
    /// The `3scale-options` header of a call of the meter.
    public @Nullable String options;
    /// Names of arguments whose values are not to be shown, besides those that look secret.
    public @Nullable String secretName;
    public @Nullable String secondSecretName;

    LogEntry() {}

    /// Takes over what a call's record knows; `totalNanos` is from its first byte to its end.
    public void of(FlightRecord record, int statusSeen, long totalNanosSeen) {
        idHigh = record.idHigh();
        idLow = record.idLow();
        millis = record.receivedMillis();
        alias = record.alias();
        client = record.clientAddress();
        method = record.method();
        host = record.host();
        target = record.target();
        protocol = record.protocol();
        status = statusSeen;
        bytesIn = record.bytesIn();
        bytesOut = record.bytesOut();
        totalNanos = totalNanosSeen;
        product = record.productId();
        application = record.applicationId();
        reason = record.reason();
    }

    /// Lets go of the texts.
    void clear() {
        alias = null;
        client = null;
        method = null;
        host = null;
        target = null;
        protocol = null;
        product = null;
        application = null;
        reason = null;
        upstreamAddress = null;
        options = null;
        clientPort = 0;
        serverPort = 0;
        upstreamStatus = 0;
        retries = 0;
        upstreamNanos = 0;
        secretName = null;
        secondSecretName = null;
    }
}
