package io.tollkeeper.gateway.exchange;

import java.util.Map;

import io.tollkeeper.core.authorize.Call;
import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.RequestId;
import io.tollkeeper.core.flight.Stage;
import io.tollkeeper.core.flight.StatusWriter;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.gateway.credentials.Credentials;
import io.tollkeeper.gateway.trace.TraceContext;
import io.tollkeeper.gateway.trace.TracedCall;
import io.tollkeeper.gateway.trace.Tracer;
import io.tollkeeper.http.DeadlineWheel;
import io.tollkeeper.http.Ending;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;
import io.tollkeeper.http.Loop;
import io.tollkeeper.http.Request;
import io.tollkeeper.http.Response;
import io.tollkeeper.http.UpstreamCall;
import io.tollkeeper.http.UpstreamFacts;
import io.tollkeeper.http.UpstreamRequest;
import io.tollkeeper.http.recorder.LogEntry;
import io.tollkeeper.http.recorder.LoopRecorder;
import org.jspecify.annotations.Nullable;

/// All that a step on the road may know or set of one request. Belongs to its connection's event loop: no locks. Reused
/// from request to request; what one request leaves behind is cleared by [#begin].
public final class Exchange {

    /// Longest X-Request-Id of a client that is kept as alias.
    private static final int LONGEST_ALIAS = 128;

    /// Status of an upstream that agreed to speak another protocol.
    private static final int TUNNELLED = 101;

    /// What became of a form body.
    public enum Form {
        NOT_READ,
        READ,
        /// Longer than the gateway holds back: treated as if it were not there.
        TOO_LONG
    }

    private final GatewayLoop facilities;
    private final FlightRecord record = new FlightRecord();
    private final Credentials credentials = new Credentials();
    private final RequestUsage usage = new RequestUsage();
    private final Call meterCall = new Call();
    private final UpstreamRequest upstreamRequest = new UpstreamRequest();
    private final MeterOptions meterOptions = new MeterOptions();
    private final UpstreamOptions upstreamOptions = new UpstreamOptions();
    private final DeadlineWheel.Deadline parkingDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            Parking at = parking;
            if (at != null) {
                at.expire();
            }
        }
    };

    // the request and its answer; none when not in use
    private @Nullable Request request;
    private @Nullable Response response;
    private String id = "";
    private boolean clientEnded = true;

    // the road
    private @Nullable Service service;
    private @Nullable Road road;
    private int phase;
    private int index;
    private @Nullable Parking parking;
    private boolean inStep;
    private @Nullable Step resumedInStep;

    // what steps found out
    private String path = "";
    private Form form = Form.NOT_READ;
    private @Nullable String formText;
    private long meterNanos;
    private Map<String, Object> claims = Map.of();
    private @Nullable DebugReport debug;
    /// Made with the exchange where there are traces.
    private final @Nullable TraceContext trace;
    private long upstreamStarted;

    // the upstream's side
    private @Nullable UpstreamCall upstreamCall;
    private boolean upstreamActive;
    private int upstreamStatus;
    private long upstreamNanos;
    private @Nullable String lastAddress;
    private int lastPort;
    private String lastAddressText = "";

    Exchange(GatewayLoop facilities) {
        this.facilities = facilities;
        trace = facilities.sampler() == null ? null : new TraceContext();
    }

    /// Starts anew with a request whose head was read.
    public void begin(Request newRequest, Response newResponse, String clientAddress) {
        request = newRequest;
        response = newResponse;
        clientEnded = false;
        service = null;
        road = null;
        parking = null;
        resumedInStep = null;
        path = "";
        form = Form.NOT_READ;
        formText = null;
        meterNanos = 0;
        claims = Map.of();
        debug = null;
        upstreamStarted = 0;
        upstreamCall = null;
        upstreamActive = false;
        upstreamStatus = 0;
        upstreamNanos = 0;
        credentials.clear();
        usage.clear();
        meterOptions.reset();
        upstreamOptions.reset();
        record.reset();
        long now = facilities.millis();
        facilities.recorder().identify(record, now);
        id = RequestId.text(record.idHigh(), record.idLow());
        record.receivedMillis(now);
        long nanos = newRequest.headReadNanos();
        record.receivedNanos(nanos == 0 ? System.nanoTime() : nanos);
        record.stamp(Stage.HEAD_READ, record.receivedNanos());
        record.method(newRequest.method());
        record.target(newRequest.target());
        record.host(newRequest.host());
        record.protocol(newRequest.protocol());
        record.clientAddress(clientAddress);
        facilities.metrics().begun();
        if (trace != null && facilities.sampler() != null) {
            trace.begin(newRequest.headers(), facilities.sampler());
        }
        int alias = newRequest.headers().find(HeaderName.X_REQUEST_ID, 0);
        if (alias >= 0 && mayBeAlias(newRequest.headers(), alias)) {
            record.alias(newRequest.headers().value(alias));
        }
    }

    /// One id of visible ASCII characters: it goes into logs, answers of other servers and terminals as it is.
    private static boolean mayBeAlias(Headers headers, int i) {
        int length = headers.valueLength(i);
        if (length == 0 || length > LONGEST_ALIAS || headers.find(HeaderName.X_REQUEST_ID, i + 1) >= 0) {
            return false;
        }
        for (int k = 0; k < length; k++) {
            byte c = headers.valueByte(i, k);
            if (c <= ' ' || c == 0x7f) {
                return false;
            }
        }
        return true;
    }

    // ---- facts

    public GatewayLoop facilities() {
        return facilities;
    }

    public Loop loop() {
        return facilities.loop();
    }

    /// The request; only between [#begin] and [#ended].
    public Request request() {
        Request current = request;
        if (current == null) {
            throw new IllegalStateException("the exchange is over");
        }
        return current;
    }

    public Response response() {
        Response current = response;
        if (current == null) {
            throw new IllegalStateException("the exchange is over");
        }
        return current;
    }

    /// Our request id as text.
    public String id() {
        return id;
    }

    public FlightRecord record() {
        return record;
    }

    public Credentials credentials() {
        return credentials;
    }

    public RequestUsage usage() {
        return usage;
    }

    /// What the in-process meter is asked.
    public Call meterCall() {
        return meterCall;
    }

    public UpstreamRequest upstreamRequest() {
        return upstreamRequest;
    }

    /// What policies say of how the meter is asked.
    public MeterOptions meterOptions() {
        return meterOptions;
    }

    /// What policies say of how the upstream is called.
    public UpstreamOptions upstreamOptions() {
        return upstreamOptions;
    }

    /// The product, once it is chosen.
    public Service service() {
        Service chosen = service;
        if (chosen == null) {
            throw new IllegalStateException("no product was chosen");
        }
        return chosen;
    }

    public void choose(Service chosen, Road newRoad) {
        service = chosen;
        road = newRoad;
        record.productId(chosen.id());
        record.secretNames(chosen.identifierName(), chosen.secretName());
        debug = DebugReport.asked(request().headers(), chosen.config().backendAuthenticationValue());
    }

    /// The path in the form that mapping rules look at.
    public String path() {
        return path;
    }

    public void path(String normal) {
        path = normal;
        if (!normal.equals(request().path())) {
            record.normalPath(normal);
        }
    }

    /// What became of the form body.
    public Form form() {
        return form;
    }

    /// The form body as sent, none unless it was read.
    public @Nullable String formText() {
        return formText;
    }

    public void form(Form state, @Nullable String text) {
        form = state;
        formText = text;
    }

    /// The trace that the call belongs to, none where there are no traces.
    public @Nullable TraceContext trace() {
        return trace;
    }

    /// What is told to a caller that knows the product's token; none for all others.
    public @Nullable DebugReport debug() {
        return debug;
    }

    /// What the caller's token says (gateway specification, section 1.4: `jwt`); empty without one.
    public Map<String, Object> claims() {
        return claims;
    }

    public void claims(Map<String, Object> ofToken) {
        claims = ofToken;
    }

    public void meterNanos(long nanos) {
        meterNanos += nanos;
    }

    // ---- the chain: two ints and perhaps a place to wait

    public int phase() {
        return phase;
    }

    public int index() {
        return index;
    }

    public void at(int newPhase, int newIndex) {
        phase = newPhase;
        index = newIndex;
    }

    /// Waits until [Parking#resume], at most `nanos` (0: whoever resumes has a deadline of its own); past it the
    /// exchange is refused with `reason`. The step that parks returns [Step#WAIT].
    public Parking park(long nanos, Reason reason) {
        Parking place = new Parking(this, reason);
        parking = place;
        facilities.loop().deadlines().set(parkingDeadline, nanos);
        return place;
    }

    boolean isParkedAt(Parking place) {
        return parking == place;
    }

    void leaveParking() {
        parking = null;
        parkingDeadline.clear();
    }

    void resumedAt(Step step) {
        leaveParking();
        if (inStep) {
            // resumed before the step that parked has returned: the chain goes on by itself
            resumedInStep = step;
        } else if (road != null) {
            road.resumed(this, step);
        }
    }

    /// A policy's step begins.
    public void enterStep() {
        inStep = true;
        resumedInStep = null;
    }

    /// A policy's step has returned `step`; if that was a wait that is over already, tells how it ended.
    public Step leaveStep(Step step) {
        inStep = false;
        Step early = resumedInStep;
        return step == Step.WAIT && early != null ? early : step;
    }

    /// Whether the client may still be answered: it is there, and nothing was sent.
    public boolean isOpen() {
        return !clientEnded && response != null && !response.isCommitted();
    }

    /// Whether the client left, or was answered completely.
    public boolean isClientEnded() {
        return clientEnded;
    }

    // ---- answers

    /// Refuses the request: sets status, headers, body, record and, through it, metric and log line. `evidence` is for
    /// operators only. Always [Step#DONE], for the end of a step.
    public Step refuse(Reason reason, String evidence) {
        record.refuse(reason, evidence);
        if (isOpen()) {
            Refusal.send(this, service, reason);
        }
        return Step.DONE;
    }

    /// A policy or one of us threw: the client gets 500, the log the trace.
    public Step failInternally(String evidence) {
        return refuse(Reason.INTERNAL, evidence);
    }

    /// Lets policies see an answer's head before it is sent, and puts our own headers on it.
    public void beforeHead(StatusWriter writer) {
        record.statusWriter(writer);
        record.stamp(Stage.ANSWER_STARTED, System.nanoTime());
        if (road != null) {
            road.responseHead(this);
        }
        if (debug != null && service != null) {
            debug.write(this, service, response().headers());
        }
    }

    // ---- the upstream's side

    public void upstreamCalled(UpstreamCall call) {
        upstreamCall = call;
    }

    public void upstreamStarted() {
        upstreamActive = true;
    }

    /// What the upstream answered.
    public void upstreamAnswered(int status) {
        upstreamStatus = status;
        record.statusReceived(status);
    }

    /// The upstream's call is over: it ended, failed or was cancelled.
    public void upstreamOver(UpstreamFacts facts) {
        if (!upstreamActive) {
            return;
        }
        upstreamActive = false;
        noteUpstream(facts);
        if (clientEnded) {
            facilities.give(this);
        }
    }

    /// Takes over what is known of the upstream call, once.
    public void noteUpstream(UpstreamFacts facts) {
        if (facts.startedNanos() == 0 || upstreamNanos != 0) {
            return;
        }
        long end = facts.endedNanos() != 0 ? facts.endedNanos() : System.nanoTime();
        upstreamNanos = Math.max(1, end - facts.startedNanos());
        upstreamStarted = facts.startedNanos();
        record.upstreamAddress(addressText(facts));
        record.connectionId(facts.connectionNumber());
        record.connectionStream(facts.stream());
        record.connectionReused(facts.reused());
        record.connectionAgeMillis(facts.connectionAgeNanos() / 1_000_000);
        record.connectionIdleMillis(facts.connectionIdleNanos() / 1_000_000);
        record.upstreamBytesSent(facts.bytesSent());
        record.upstreamBytesReceived(facts.bytesReceived());
        record.requestSent(facts.requestSentNanos() != 0);
        record.retries(Math.max(0, facts.attempts() - 1));
        stamp(Stage.UPSTREAM_RESOLVED, facts.resolvedNanos());
        stamp(Stage.UPSTREAM_CONNECT, facts.connectedNanos());
        stamp(Stage.UPSTREAM_HEAD_SENT, facts.headSentNanos());
        stamp(Stage.REQUEST_SENT, facts.requestSentNanos());
        stamp(Stage.FIRST_BYTE, facts.firstByteNanos());
        if (facts.staleAnswer()) {
            contribute(Reason.DNS_STALE_USED);
        }
        int status = upstreamStatus != 0 ? upstreamStatus : facts.failure() == null ? 0 : facts.failure().status();
        facilities.metrics().upstream(service == null ? null : service.counted(), status, upstreamNanos, facts.reused(), facts.attempts());
    }

    /// `address:port`; calls of one exchange after the other mostly go to the same place.
    private @Nullable String addressText(UpstreamFacts facts) {
        String address = facts.address();
        if (address == null) {
            return null;
        }
        if (!address.equals(lastAddress) || facts.port() != lastPort) {
            lastAddress = address;
            lastPort = facts.port();
            lastAddressText = (address.indexOf(':') < 0 ? address : "[" + address + "]") + ":" + lastPort;
        }
        return lastAddressText;
    }

    private void stamp(Stage stage, long nanos) {
        if (nanos != 0) {
            record.stamp(stage, nanos);
        }
    }

    /// A warning, or something that took part in a failure.
    public void contribute(Reason reason) {
        record.contribute(reason);
        facilities.metrics().reason(reason);
    }

    // ---- the end

    /// The client's side is over. Cancels what still goes on for it, closes the record, counts and logs.
    public void ended(Ending ending) {
        Request ended = request();
        Response answer = response();
        clientEnded = true;
        parking = null;
        parkingDeadline.clear();
        UpstreamCall call = upstreamCall;
        if (call != null) {
            UpstreamFacts facts = call.facts();
            Reason failure = facts.failure();
            if (failure != null && failure != record.reason()) {
                record.refuse(failure, facts.evidence());
            }
            noteUpstream(facts);
            if (ending != Ending.COMPLETE && upstreamActive) {
                upstreamActive = false;
                call.cancel();
            }
        }
        long now = System.nanoTime();
        blame(ending, now, call);
        int status = answer.isCommitted() ? answer.status() : 0;
        record.statusSent(status);
        record.bytesIn(ended.headBytes() + ended.body().received());
        record.bytesOut(answer.bodyBytes());
        record.stamp(Stage.DONE, now);
        if (road != null) {
            road.log(this);
        }
        close(ending == Ending.CLIENT_ABORTED && status != TUNNELLED ? Reason.ABORTED.status() : status, now);
        request = null;
        response = null;
        service = null;
        road = null;
        formText = null;
        if (!upstreamActive) {
            facilities.give(this);
        }
    }

    private void blame(Ending ending, long now, @Nullable UpstreamCall call) {
        switch (ending) {
            case COMPLETE -> {}
            case CLIENT_ABORTED -> {
                // A tunnel has no other end than that somebody leaves.
                if (upstreamStatus != TUNNELLED) {
                    record.refuse(Reason.ABORTED, waited(now, call, "the client closed its connection "));
                }
            }
            case CLIENT_TOO_SLOW -> record.refuse(Reason.ABORTED, waited(now, call, "the client stopped taking its answer, given up "));
            case TRUNCATED -> {
                if (record.reason() == null) {
                    record.refuse(Reason.UPSTREAM_TRUNCATED, "the answer broke off after "
                            + (response == null ? 0 : response.bodyBytes()) + " bytes");
                }
            }
            case SHUT_DOWN -> record.refuse(Reason.DRAINING, "the gateway's time to drain was over");
        }
    }

    private String waited(long now, @Nullable UpstreamCall call, String what) {
        String text = what + (now - record.receivedNanos()) / 1_000_000 + " ms after its request";
        if (call == null || !upstreamWaiting(call.facts())) {
            return text;
        }
        return text + "; the upstream had been asked " + (now - call.facts().startedNanos()) / 1_000_000
                + " ms before and had not answered";
    }

    private boolean upstreamWaiting(UpstreamFacts facts) {
        return facts.startedNanos() != 0 && upstreamStatus == 0;
    }

    private void close(int status, long now) {
        long nanos = now - record.receivedNanos();
        facilities.metrics().ended(service == null ? null : service.counted(), status, nanos, record.bytesIn(), record.bytesOut());
        Reason reason = record.reason();
        if (reason != null) {
            facilities.metrics().reason(reason);
        }
        if (trace != null && trace.isSampled()) {
            offerTrace(trace);
        }
        LoopRecorder recorder = facilities.recorder();
        recorder.keep(record, now);
        LogEntry entry = recorder.claimLine();
        if (entry != null) {
            fill(entry, status, nanos);
            recorder.publish();
        }
    }

    private void offerTrace(TraceContext sampled) {
        Tracer tracer = facilities.tracer();
        Request over = request;
        if (tracer == null || over == null) {
            return;
        }
        tracer.offer(new TracedCall(
                record.copy(),
                sampled.traceHigh(),
                sampled.traceLow(),
                sampled.parent(),
                sampled.span(),
                sampled.meterSpan(),
                sampled.upstreamSpan(),
                over.peer().tls() == null ? "http" : "https",
                over.peer().remote().getPort(),
                over.peer().local().getPort(),
                meterNanos,
                upstreamStarted,
                upstreamNanos));
    }

    private void fill(LogEntry entry, int status, long nanos) {
        entry.of(record, status, nanos);
        entry.meterNanos = meterNanos;
        entry.upstreamNanos = upstreamNanos;
        entry.upstreamStatus = upstreamStatus;
        entry.upstreamAddress = record.upstreamAddress();
        entry.retries = record.retries();
        Request over = request;
        if (over != null) {
            entry.clientPort = over.peer().remote().getPort();
            entry.serverPort = over.peer().local().getPort();
        }
        if (service != null) {
            entry.secretName = service.identifierName();
            entry.secondSecretName = service.secretName();
        }
    }
}
