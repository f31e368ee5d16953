package io.tollkeeper.core.flight;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Period;
import org.jspecify.annotations.Nullable;

/// All that is known of one request. One per connection (HTTP/1) or stream (HTTP/2), owned by its event loop, reset and
/// not reallocated: longs, small enums and references to strings that exist anyway. A kept copy ([#copy]) is never
/// changed again and may be read by any thread; credentials are shortened in it.
public final class FlightRecord {

    /// How many matched rules, metrics and contributing reasons are kept; more are only counted.
    public static final int LISTED = 8;

    public enum RequestKind {
        PROXIED,
        METER
    }

    /// What is costly to find out and therefore only asked for records that are kept.
    @FunctionalInterface
    public interface Details {
        void addTo(FlightRecord record);
    }

    /// What the meter said.
    public enum Outcome {
        NONE,
        GRANTED,
        DENIED,
        UNAVAILABLE
    }

    /// Who or what let the call in or turned it away.
    public enum DecidedBy {
        /// Nobody yet, or the meter in this process.
        UNTOLD,
        /// A remote meter was asked and answered.
        ANSWER,
        /// What a remote meter had answered to an equal call before.
        CACHE,
        /// A remote meter was asked and had no answer; what it had answered before held.
        CACHE_IN_OUTAGE
    }

    private long idHigh;
    private long idLow;
    private final long[] stamps = new long[Stage.COUNT];
    private int rules;
    private final int[] ruleIndices = new int[LISTED];
    private int metrics;
    private final @Nullable String[] metricNames = new String[LISTED];
    private final long[] metricAmounts = new long[LISTED];
    private int contributing;
    private final @Nullable Reason[] contributingReasons = new Reason[LISTED];
    private int notes;
    private final @Nullable String[] noteTexts = new String[LISTED];
    private int namedMetrics;
    private long journalSequence;

    // the request
    private RequestKind kind = RequestKind.PROXIED;
    private @Nullable String alias;
    private long receivedMillis;
    private long receivedNanos;
    private @Nullable String method;
    private @Nullable String target;
    private @Nullable String host;
    private @Nullable String protocol;
    private @Nullable String clientAddress;
    private @Nullable String normalPath;
    private @Nullable String secretName;
    private @Nullable String secondSecretName;

    // what it was taken for
    private @Nullable String productId;
    private long configVersion;
    private long applicationNumber = -1;
    private @Nullable String applicationId;
    private @Nullable String credentialName;
    private @Nullable String credential;

    // the decision
    private Outcome decision = Outcome.NONE;
    private DecidedBy decidedBy = DecidedBy.UNTOLD;
    private @Nullable String meterHost;
    private int meterStatus;
    private @Nullable String limitMetric;
    private @Nullable Period limitPeriod;
    private long limitMax;
    private long limitValue;
    private long limitAsked;
    private long limitEnds;

    // the upstream
    private @Nullable String upstreamHost;
    private @Nullable String upstreamAddress;
    private long connectionId;
    private int connectionStream;
    private boolean connectionReused;
    private long connectionAgeMillis;
    private long connectionIdleMillis;
    private long upstreamCloseMillis;
    private long poolIdleMillis;
    private long upstreamBytesSent;
    private long upstreamBytesReceived;
    private long upstreamBytesExpected = -1;
    private boolean requestSent;
    private int retries;
    private @Nullable String serverName;

    // the answer
    private int statusSent;
    private int statusReceived;
    private StatusWriter statusWriter = StatusWriter.NOBODY;
    private long bytesIn;
    private long bytesOut;

    // why
    private @Nullable Reason reason;
    private @Nullable String evidence;

    /// Makes the record ready for the next request. References are dropped, so that nothing of a past request stays
    /// alive.
    public void reset() {
        idHigh = 0;
        idLow = 0;
        Arrays.fill(stamps, 0);
        rules = 0;
        for (int i = 0; i < Math.min(metrics, LISTED); i++) {
            metricNames[i] = null;
        }
        metrics = 0;
        contributing = 0;
        for (int i = 0; i < Math.min(notes, LISTED); i++) {
            noteTexts[i] = null;
        }
        notes = 0;
        namedMetrics = 0;
        journalSequence = 0;
        kind = RequestKind.PROXIED;
        alias = null;
        receivedMillis = 0;
        receivedNanos = 0;
        method = null;
        target = null;
        host = null;
        protocol = null;
        clientAddress = null;
        normalPath = null;
        secretName = null;
        secondSecretName = null;
        productId = null;
        configVersion = 0;
        applicationNumber = -1;
        applicationId = null;
        credentialName = null;
        credential = null;
        decision = Outcome.NONE;
        decidedBy = DecidedBy.UNTOLD;
        meterHost = null;
        meterStatus = 0;
        limitMetric = null;
        limitPeriod = null;
        limitMax = 0;
        limitValue = 0;
        limitAsked = 0;
        limitEnds = 0;
        upstreamHost = null;
        upstreamAddress = null;
        connectionId = 0;
        connectionStream = 0;
        connectionReused = false;
        connectionAgeMillis = 0;
        connectionIdleMillis = 0;
        upstreamCloseMillis = 0;
        poolIdleMillis = 0;
        upstreamBytesSent = 0;
        upstreamBytesReceived = 0;
        upstreamBytesExpected = -1;
        requestSent = false;
        retries = 0;
        serverName = null;
        statusSent = 0;
        statusReceived = 0;
        statusWriter = StatusWriter.NOBODY;
        bytesIn = 0;
        bytesOut = 0;
        reason = null;
        evidence = null;
    }

    /// A copy to keep, with credentials shortened.
    public FlightRecord copy() {
        FlightRecord copy = new FlightRecord();
        copy.idHigh = idHigh;
        copy.idLow = idLow;
        System.arraycopy(stamps, 0, copy.stamps, 0, stamps.length);
        copy.rules = rules;
        System.arraycopy(ruleIndices, 0, copy.ruleIndices, 0, LISTED);
        copy.metrics = metrics;
        System.arraycopy(metricNames, 0, copy.metricNames, 0, LISTED);
        System.arraycopy(metricAmounts, 0, copy.metricAmounts, 0, LISTED);
        copy.contributing = contributing;
        System.arraycopy(contributingReasons, 0, copy.contributingReasons, 0, LISTED);
        copy.notes = notes;
        System.arraycopy(noteTexts, 0, copy.noteTexts, 0, LISTED);
        copy.namedMetrics = namedMetrics;
        copy.journalSequence = journalSequence;
        copy.kind = kind;
        copy.alias = alias;
        copy.receivedMillis = receivedMillis;
        copy.receivedNanos = receivedNanos;
        copy.method = method;
        copy.target = target;
        copy.host = host;
        copy.protocol = protocol;
        copy.clientAddress = clientAddress;
        copy.normalPath = normalPath;
        copy.secretName = secretName;
        copy.secondSecretName = secondSecretName;
        copy.productId = productId;
        copy.configVersion = configVersion;
        copy.applicationNumber = applicationNumber;
        copy.applicationId = applicationId;
        copy.credentialName = credentialName;
        copy.credential = credential;
        copy.decision = decision;
        copy.decidedBy = decidedBy;
        copy.meterHost = meterHost;
        copy.meterStatus = meterStatus;
        copy.limitMetric = limitMetric;
        copy.limitPeriod = limitPeriod;
        copy.limitMax = limitMax;
        copy.limitValue = limitValue;
        copy.limitAsked = limitAsked;
        copy.limitEnds = limitEnds;
        copy.upstreamHost = upstreamHost;
        copy.upstreamAddress = upstreamAddress;
        copy.connectionId = connectionId;
        copy.connectionStream = connectionStream;
        copy.connectionReused = connectionReused;
        copy.connectionAgeMillis = connectionAgeMillis;
        copy.connectionIdleMillis = connectionIdleMillis;
        copy.upstreamCloseMillis = upstreamCloseMillis;
        copy.poolIdleMillis = poolIdleMillis;
        copy.upstreamBytesSent = upstreamBytesSent;
        copy.upstreamBytesReceived = upstreamBytesReceived;
        copy.upstreamBytesExpected = upstreamBytesExpected;
        copy.requestSent = requestSent;
        copy.retries = retries;
        copy.serverName = serverName;
        copy.statusSent = statusSent;
        copy.statusReceived = statusReceived;
        copy.statusWriter = statusWriter;
        copy.bytesIn = bytesIn;
        copy.bytesOut = bytesOut;
        copy.reason = reason;
        copy.evidence = evidence;
        copy.credential = credential == null ? null : Redaction.shortened(credential);
        copy.target = target == null ? null : Redaction.target(target, credentialName, secretName, secondSecretName);
        return copy;
    }

    public void id(long high, long low) {
        idHigh = high;
        idLow = low;
    }

    public long idHigh() {
        return idHigh;
    }

    public long idLow() {
        return idLow;
    }

    public RequestId id() {
        return new RequestId(idHigh, idLow);
    }

    /// Marks a stage as completed, on the clock of [#receivedNanos]. A repeated stage keeps the later stamp.
    public void stamp(Stage stage, long nanos) {
        stamps[stage.index()] = nanos;
    }

    /// The stamp of a stage; 0 if it was not reached.
    public long stamp(Stage stage) {
        return stamps[stage.index()];
    }

    public boolean reached(Stage stage) {
        return stamps[stage.index()] != 0;
    }

    /// Microseconds from receipt to the end of a stage; −1 if it was not reached.
    public long microsUntil(Stage stage) {
        long at = stamps[stage.index()];
        return at == 0 ? -1 : (at - receivedNanos) / 1_000;
    }

    /// A mapping rule that matched, by its index in the product's list.
    public void rule(int index) {
        if (rules < LISTED) {
            ruleIndices[rules] = index;
        }
        rules++;
    }

    /// How many rules matched; the first [#LISTED] are listed.
    public int rules() {
        return rules;
    }

    public int ruleIndex(int i) {
        return ruleIndices[i];
    }

    /// What the call wanted to use, by system name.
    public void usage(String metric, long amount) {
        if (metrics < LISTED) {
            metricNames[metrics] = metric;
            metricAmounts[metrics] = amount;
        }
        metrics++;
    }

    /// How many metrics were used; the first [#LISTED] are listed.
    public int metrics() {
        return metrics;
    }

    public String metricName(int i) {
        String name = metricNames[i];
        return name == null ? "" : name;
    }

    public long metricAmount(int i) {
        return metricAmounts[i];
    }

    /// Something more that was found out, as a line for operators.
    public void note(String text) {
        if (notes < LISTED) {
            noteTexts[notes] = text;
        }
        notes++;
    }

    /// How many notes were taken; the first [#LISTED] are listed.
    public int notes() {
        return notes;
    }

    public String noteText(int i) {
        String text = noteTexts[i];
        return text == null ? "" : text;
    }

    /// How many of the metrics the call named itself; those behind them are their ancestors. 0 = not known.
    public int namedMetrics() {
        return namedMetrics;
    }

    public void namedMetrics(int value) {
        namedMetrics = value;
    }

    /// Sequence of the journal's row that counted this call; 0 = none.
    public long journalSequence() {
        return journalSequence;
    }

    public void journalSequence(long value) {
        journalSequence = value;
    }

    /// The primary reason with its evidence. The first one stays primary; a later one is added as contributing.
    public void refuse(Reason why, @Nullable String proof) {
        if (reason == null) {
            reason = why;
            evidence = proof;
        } else {
            contribute(why);
        }
    }

    /// Something that took part, or a warning.
    public void contribute(Reason why) {
        if (contributing < LISTED) {
            contributingReasons[contributing++] = why;
        }
    }

    /// Reasons besides the primary one, in the order in which they were seen.
    public List<Reason> contributing() {
        List<Reason> list = new ArrayList<>(contributing);
        for (int i = 0; i < contributing; i++) {
            Reason why = contributingReasons[i];
            if (why != null) {
                list.add(why);
            }
        }
        return list;
    }

    /// A failure is kept within a quota, a success only as a sample.
    public boolean isFailure() {
        return reason != null || statusSent >= 400;
    }

    /// Proxied through the gateway, or a call of the meter.
    public RequestKind kind() {
        return kind;
    }

    public void kind(RequestKind value) {
        kind = value;
    }

    /// The client's own X-Request-Id, if it sent a usable one.
    public @Nullable String alias() {
        return alias;
    }

    public void alias(@Nullable String value) {
        alias = value;
    }

    /// Wall clock at which the head was complete, milliseconds since 1970.
    public long receivedMillis() {
        return receivedMillis;
    }

    public void receivedMillis(long value) {
        receivedMillis = value;
    }

    /// The loop's monotonic clock at the same moment; stamps are on this clock.
    public long receivedNanos() {
        return receivedNanos;
    }

    public void receivedNanos(long value) {
        receivedNanos = value;
    }

    /// As sent.
    public @Nullable String method() {
        return method;
    }

    public void method(@Nullable String value) {
        method = value;
    }

    /// The request target as sent; credentials in it are shortened when the record is kept.
    public @Nullable String target() {
        return target;
    }

    public void target(@Nullable String value) {
        target = value;
    }

    /// The path as mapping rules saw it, if that is not the one sent.
    public @Nullable String normalPath() {
        return normalPath;
    }

    public void normalPath(@Nullable String value) {
        normalPath = value;
    }

    /// Names (lower case) of arguments whose values are shortened in the target when the record is kept, besides those
    /// that look secret by themselves.
    public void secretNames(String first, String second) {
        secretName = first;
        secondSecretName = second;
    }

    /// Host as sent.
    public @Nullable String host() {
        return host;
    }

    public void host(@Nullable String value) {
        host = value;
    }

    /// `HTTP/1.1` …
    public @Nullable String protocol() {
        return protocol;
    }

    public void protocol(@Nullable String value) {
        protocol = value;
    }

    /// Address of the peer, made once per connection.
    public @Nullable String clientAddress() {
        return clientAddress;
    }

    public void clientAddress(@Nullable String value) {
        clientAddress = value;
    }

    public @Nullable String productId() {
        return productId;
    }

    public void productId(@Nullable String value) {
        productId = value;
    }

    /// Version of the configuration that the exchange used.
    public long configVersion() {
        return configVersion;
    }

    public void configVersion(long value) {
        configVersion = value;
    }

    public long applicationNumber() {
        return applicationNumber;
    }

    public void applicationNumber(long value) {
        applicationNumber = value;
    }

    public @Nullable String applicationId() {
        return applicationId;
    }

    public void applicationId(@Nullable String value) {
        applicationId = value;
    }

    /// Name under which the credential was sent (`user_key`).
    public @Nullable String credentialName() {
        return credentialName;
    }

    public void credentialName(@Nullable String value) {
        credentialName = value;
    }

    /// The credential; shortened to three characters when the record is kept.
    public @Nullable String credential() {
        return credential;
    }

    public void credential(@Nullable String value) {
        credential = value;
    }

    /// What the meter said.
    public Outcome decision() {
        return decision;
    }

    public void decision(Outcome value) {
        decision = value;
    }

    /// Whose decision it was.
    public DecidedBy decidedBy() {
        return decidedBy;
    }

    public void decidedBy(DecidedBy value) {
        decidedBy = value;
    }

    /// Address of the remote meter that decides about this product; none for the meter in this process.
    public @Nullable String meterHost() {
        return meterHost;
    }

    public void meterHost(@Nullable String value) {
        meterHost = value;
    }

    /// Status that the remote meter answered while the client waited; 0 = not asked, or no answer.
    public int meterStatus() {
        return meterStatus;
    }

    public void meterStatus(int value) {
        meterStatus = value;
    }

    /// System name of the metric of the violated (or tightest) limit.
    public @Nullable String limitMetric() {
        return limitMetric;
    }

    public void limitMetric(@Nullable String value) {
        limitMetric = value;
    }

    public @Nullable Period limitPeriod() {
        return limitPeriod;
    }

    public void limitPeriod(@Nullable Period value) {
        limitPeriod = value;
    }

    public long limitMax() {
        return limitMax;
    }

    public void limitMax(long value) {
        limitMax = value;
    }

    /// Stored value before this call.
    public long limitValue() {
        return limitValue;
    }

    public void limitValue(long value) {
        limitValue = value;
    }

    /// What this call wanted to add.
    public long limitAsked() {
        return limitAsked;
    }

    public void limitAsked(long value) {
        limitAsked = value;
    }

    /// Epoch second at which the period ends.
    public long limitEnds() {
        return limitEnds;
    }

    public void limitEnds(long value) {
        limitEnds = value;
    }

    /// Host and port as configured.
    public @Nullable String upstreamHost() {
        return upstreamHost;
    }

    public void upstreamHost(@Nullable String value) {
        upstreamHost = value;
    }

    /// The address called.
    public @Nullable String upstreamAddress() {
        return upstreamAddress;
    }

    public void upstreamAddress(@Nullable String value) {
        upstreamAddress = value;
    }

    /// Number of the upstream connection within this process.
    public long connectionId() {
        return connectionId;
    }

    public void connectionId(long value) {
        connectionId = value;
    }

    /// The call's stream on a connection of HTTP/2; 0 = spoken to in HTTP/1.
    public int connectionStream() {
        return connectionStream;
    }

    public void connectionStream(int value) {
        connectionStream = value;
    }

    public boolean connectionReused() {
        return connectionReused;
    }

    public void connectionReused(boolean value) {
        connectionReused = value;
    }

    public long connectionAgeMillis() {
        return connectionAgeMillis;
    }

    public void connectionAgeMillis(long value) {
        connectionAgeMillis = value;
    }

    /// How long the connection had been idle when it was taken.
    public long connectionIdleMillis() {
        return connectionIdleMillis;
    }

    public void connectionIdleMillis(long value) {
        connectionIdleMillis = value;
    }

    /// Shortest idle time after which this upstream was seen to close; 0 = not known.
    public long upstreamCloseMillis() {
        return upstreamCloseMillis;
    }

    public void upstreamCloseMillis(long value) {
        upstreamCloseMillis = value;
    }

    /// Idle time that our pool allows.
    public long poolIdleMillis() {
        return poolIdleMillis;
    }

    public void poolIdleMillis(long value) {
        poolIdleMillis = value;
    }

    public long upstreamBytesSent() {
        return upstreamBytesSent;
    }

    public void upstreamBytesSent(long value) {
        upstreamBytesSent = value;
    }

    public long upstreamBytesReceived() {
        return upstreamBytesReceived;
    }

    public void upstreamBytesReceived(long value) {
        upstreamBytesReceived = value;
    }

    /// Announced length of the answer's body; −1 = not announced.
    public long upstreamBytesExpected() {
        return upstreamBytesExpected;
    }

    public void upstreamBytesExpected(long value) {
        upstreamBytesExpected = value;
    }

    /// Whether the request was handed over completely.
    public boolean requestSent() {
        return requestSent;
    }

    public void requestSent(boolean value) {
        requestSent = value;
    }

    public int retries() {
        return retries;
    }

    public void retries(int value) {
        retries = value;
    }

    /// Server name sent in the TLS handshake.
    public @Nullable String serverName() {
        return serverName;
    }

    public void serverName(@Nullable String value) {
        serverName = value;
    }

    /// Status that the client received; 0 = none.
    public int statusSent() {
        return statusSent;
    }

    public void statusSent(int value) {
        statusSent = value;
    }

    /// Status that the upstream sent; 0 = none.
    public int statusReceived() {
        return statusReceived;
    }

    public void statusReceived(int value) {
        statusReceived = value;
    }

    public StatusWriter statusWriter() {
        return statusWriter;
    }

    public void statusWriter(StatusWriter value) {
        statusWriter = value;
    }

    /// Body bytes read from the client.
    public long bytesIn() {
        return bytesIn;
    }

    public void bytesIn(long value) {
        bytesIn = value;
    }

    /// Body bytes written to the client.
    public long bytesOut() {
        return bytesOut;
    }

    public void bytesOut(long value) {
        bytesOut = value;
    }

    /// The primary reason; none for a success.
    public @Nullable Reason reason() {
        return reason;
    }

    public void reason(@Nullable Reason value) {
        reason = value;
    }

    /// What proves the reason, for operators.
    public @Nullable String evidence() {
        return evidence;
    }

    public void evidence(@Nullable String value) {
        evidence = value;
    }
}
