package io.tollkeeper.meter;

import java.util.List;

import io.tollkeeper.core.authorize.Authorizer;
import io.tollkeeper.core.authorize.Call;
import io.tollkeeper.core.authorize.Checks;
import io.tollkeeper.core.authorize.Decision;
import io.tollkeeper.core.authorize.Report;
import io.tollkeeper.core.authorize.ReportOutcome;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.catalog.CallerAccess;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.PlanLimits;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.Redaction;
import io.tollkeeper.core.flight.RequestId;
import io.tollkeeper.core.flight.Stage;
import io.tollkeeper.core.flight.StatusWriter;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.UsageFault;
import io.tollkeeper.core.verdict.Nearest;
import io.tollkeeper.http.Ending;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;
import io.tollkeeper.http.Request;
import io.tollkeeper.http.Response;
import io.tollkeeper.http.recorder.LogEntry;
import io.tollkeeper.meter.params.Options;
import org.jspecify.annotations.Nullable;

/// Writes the flight record of each call of one connection and gives it to the loop's ring when the exchange is over.
/// Calls of the Service Management API are kept as the ring's quota allows; probes and the Internal API only when they
/// fail. What is costly to find out is asked only for records that are kept ([#addTo]): their number is bounded, that of
/// refusals is not. On the connection's event loop.
final class MeterFlight implements FlightRecord.Details {

    /// Names are compared letter by letter: not those that nobody would type.
    private static final int LONGEST_COMPARED = 64;

    private final LoopState state;
    private final FlightRecord record = new FlightRecord();
    private @Nullable String clientAddress;
    private boolean sampled;

    // what details are told from
    private final Authorizer authorizer;
    private @Nullable Caller refusedCaller;
    private Catalog.@Nullable Snapshot catalog;
    private @Nullable Call decided;
    private Decision.@Nullable Denied denied;
    private List<ReportOutcome.Fault> faults = List.of();

    MeterFlight(LoopState state, Authorizer authorizer) {
        this.state = state;
        this.authorizer = authorizer;
    }

    void begin(Request request, long millis) {
        record.reset();
        record.kind(FlightRecord.RequestKind.METER);
        state.recorder.identify(record, millis);
        record.receivedMillis(millis);
        record.receivedNanos(request.startedNanos());
        record.stamp(Stage.HEAD_READ, request.headReadNanos());
        record.method(request.method());
        record.target(request.target());
        record.host(request.host());
        record.protocol(request.protocol());
        String address = clientAddress;
        if (address == null) {
            address = request.peer().address();
            clientAddress = address;
        }
        record.clientAddress(address);
        record.connectionId(request.peer().connectionNumber());
        record.bytesIn(request.headBytes());
        sampled = false;
        refusedCaller = null;
        catalog = null;
        decided = null;
        denied = null;
        faults = List.of();
    }

    String requestId() {
        return RequestId.text(record.idHigh(), record.idLow());
    }

    /// Tells the client under which id it can be asked for.
    void addId(Headers headers) {
        headers.add(HeaderName.X_REQUEST_ID, requestId());
    }

    /// The caller speaks for this product.
    void about(Product product, Caller caller) {
        sampled = true;
        record.productId(product.id());
        record.credentialName(caller.credentialName());
        record.credential(caller.credential());
        record.stamp(Stage.CREDENTIALS, System.nanoTime());
    }

    /// The caller could not prove to speak for a product.
    void refusedCaller(CallerAccess.Refused refused, Caller caller, Catalog.Snapshot asked) {
        refusedCaller = caller;
        catalog = asked;
        record.credentialName(caller.credentialName());
        record.credential(caller.credential());
        refuse(refused.reason(), caller.evidence());
    }

    void granted(Call call) {
        record.decision(FlightRecord.Outcome.GRANTED);
        decided(call);
        record.journalSequence(call.journalSequence());
    }

    void denied(Call call, Decision.Denied why) {
        denied = why;
        record.decision(FlightRecord.Outcome.DENIED);
        decided(call);
        refuse(why.reason(), why.evidence());
        PlanLimits limits = call.limits();
        int i = why.limit();
        if (i < 0 || i >= limits.size()) {
            return;
        }
        Metric metric = call.product().metricNumbered(limits.metric(i));
        Period period = Period.of(limits.period(i));
        int asked = call.usage().present() ? call.usage().indexOf(limits.metric(i)) : -1;
        record.limitMetric(metric == null ? null : metric.name());
        record.limitPeriod(period);
        record.limitMax(limits.max(i));
        record.limitValue(call.before(i));
        record.limitAsked(asked < 0 ? 0 : call.usage().amount(asked));
        record.limitEnds(period.end(call.now()));
    }

    private void decided(Call call) {
        record.stamp(Stage.METER, System.nanoTime());
        decided = call;
        Application application = call.application();
        if (application != null) {
            record.applicationNumber(application.number());
            record.applicationId(application.id());
        } else {
            record.applicationId(call.askedAppId());
        }
        record.namedMetrics(call.usage().size());
        for (int i = 0; i < call.usage().total(); i++) {
            Metric metric = call.product().metricNumbered(call.usage().metric(i));
            if (metric != null) {
                record.usage(metric.name(), call.usage().amount(i));
            }
        }
    }

    void refuse(Reason reason, String evidence) {
        record.refuse(reason, evidence);
    }

    /// Nothing could be decided or counted.
    void unavailable(Reason reason, String evidence) {
        record.decision(FlightRecord.Outcome.UNAVAILABLE);
        record.refuse(reason, evidence);
    }

    /// Something that did not fail the call.
    void note(String text) {
        record.note(text);
    }

    /// A report was queued for the journal.
    void counted(Report report) {
        record.decision(FlightRecord.Outcome.GRANTED);
        record.stamp(Stage.METER, System.nanoTime());
        record.journalSequence(report.journalSequence());
        record.note(report.size() == 1 ? "1 transaction" : report.size() + " transactions");
    }

    /// Nothing of a report was counted, because of these transactions. The first fault is the one that the original
    /// would tell.
    void voided(Report report, List<ReportOutcome.Fault> wrong) {
        record.decision(FlightRecord.Outcome.DENIED);
        record.stamp(Stage.METER, System.nanoTime());
        faults = wrong;
        ReportOutcome.Fault first = wrong.getFirst();
        refuse(first.reason(), "transaction " + first.index() + " of " + report.size() + ": " + first.message()
                + "; the whole report is void");
    }

    /// What was counted is on disk.
    void committed() {
        record.stamp(Stage.COMMITTED, System.nanoTime());
    }

    /// Keys and tokens stand in the paths of the Internal API.
    void internal(Request request) {
        record.target(InternalPath.redacted(request.target()));
    }

    void end(Route route, Request request, Response response, Ending ending) {
        record.statusSent(response.status());
        record.statusWriter(StatusWriter.METER);
        record.bytesOut(response.bodyBytes());
        if (ending != Ending.COMPLETE && ending != Ending.SHUT_DOWN) {
            record.refuse(Reason.ABORTED, "the client left before the answer was sent");
        }
        long nanos = System.nanoTime();
        int status = record.reason() == Reason.ABORTED ? 499 : response.status();
        state.metrics.ended(route, request.path(), status, nanos - record.receivedNanos());
        Reason reason = record.reason();
        if (reason != null) {
            state.metrics.reason(reason);
        }
        if (sampled || record.isFailure()) {
            record.stamp(Stage.DONE, nanos);
            state.recorder.keep(record, nanos, this);
        }
        LogEntry entry = state.recorder.claimLine();
        if (entry != null) {
            fill(entry, status, nanos - record.receivedNanos(), request);
            state.recorder.publish();
        }
    }

    private void fill(LogEntry entry, int status, long nanos, Request request) {
        entry.of(record, status, nanos);
        entry.meterNanos = nanos;
        entry.options = request.headers().get(Options.HEADER);
    }

    // ---- details, of kept records only

    @Override
    public void addTo(FlightRecord kept) {
        Caller caller = refusedCaller;
        Catalog.Snapshot known = catalog;
        if (caller != null && known != null) {
            CallerFacts.tell(caller, known, kept);
        }
        for (int i = 1; i < faults.size(); i++) {
            ReportOutcome.Fault fault = faults.get(i);
            kept.note("transaction " + fault.index() + ": " + fault.reason().code() + ", " + fault.message());
        }
        Call call = decided;
        if (call != null) {
            credentials(call, kept);
            if (denied != null) {
                furtherFailures(call, denied, kept);
            }
        }
    }

    /// Which credentials the application was found by.
    private static void credentials(Call call, FlightRecord kept) {
        Application application = call.application();
        if (application == null) {
            return;
        }
        String userKey = call.askedUserKey();
        String appKey = call.askedAppKey();
        if (call.product().mode() != AuthenticationMode.USER_KEY) {
            userKey = null;
        }
        kept.note("application " + application.id() + " by "
                + (userKey != null ? "user_key " + Redaction.shortened(userKey) : "app_id")
                + (userKey != null || appKey == null ? "" : " and app_key " + Redaction.shortened(appKey))
                + ", state " + application.state()
                + (application.planId() == null ? ", no plan" : ", plan " + application.planId()));
    }

    /// What the caller would hear next, if what refused the call were mended.
    private void furtherFailures(Call call, Decision.Denied first, FlightRecord kept) {
        UsageFault unknown = call.usage().unknownName(call.product());
        if (first.reason() == Reason.METRIC_INVALID && unknown != null && unknown.metric().length() <= LONGEST_COMPARED) {
            List<String> names = call.product().metrics().stream().map(Metric::name).sorted().toList();
            kept.note("product " + call.product().id() + " has "
                    + (names.isEmpty() ? "no metrics" : "no metric \"" + unknown.metric() + "\"" + Nearest.hint(unknown.metric(), names)));
        }
        for (Decision.Denied other : authorizer.failures(call)) {
            if (other.reason() != first.reason()) {
                kept.note("would be refused as well: " + other.reason().code() + ", " + other.evidence());
            }
        }
        if (!first.reason().isRejection()) {
            return;
        }
        if (first.reason() != Reason.LIMIT) {
            UsageFault fault = call.usage().resolve(call.product());
            if (fault != null) {
                kept.note("would be refused as well: " + fault.reason().code() + ", " + fault.message());
                return;
            }
            call.usage().propagate(call.product(), false);
        }
        PlanLimits limits = call.limits();
        for (int i = 0; i < limits.size(); i++) {
            Metric metric = call.product().metricNumbered(limits.metric(i));
            if (i != first.limit() && metric != null && Checks.violates(limits, i, call.before(i), call.usage())) {
                kept.note("would be refused as well: " + Reason.LIMIT.code() + ", " + metric.name() + " per "
                        + Period.of(limits.period(i)).wireName() + ": " + call.before(i) + " counted, allowed are " + limits.max(i));
            }
        }
    }
}
