package io.tollkeeper.meter;

import io.tollkeeper.core.authorize.Call;
import io.tollkeeper.core.authorize.Decision;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.PlanLimits;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.RequestId;
import io.tollkeeper.core.flight.Stage;
import io.tollkeeper.core.flight.StatusWriter;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.http.Ending;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;
import io.tollkeeper.http.Request;
import io.tollkeeper.http.Response;
import org.jspecify.annotations.Nullable;

/// Writes the flight record of each call of one connection and gives it to the loop's ring when the exchange is over.
/// Calls of the Service Management API are kept as the ring's quota allows; probes and the Internal API only when they
/// fail. On the connection's event loop.
final class MeterFlight {

    private final LoopState state;
    private final FlightRecord record = new FlightRecord();
    private @Nullable String clientAddress;
    private boolean sampled;

    MeterFlight(LoopState state) {
        this.state = state;
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
        record.protocol(request.minorVersion() == 0 ? "HTTP/1.0" : "HTTP/1.1");
        String address = clientAddress;
        if (address == null) {
            address = request.peer().address();
            clientAddress = address;
        }
        record.clientAddress(address);
        record.connectionId(request.peer().connectionNumber());
        record.bytesIn(request.headBytes());
        sampled = false;
    }

    String requestId() {
        return RequestId.text(record.idHigh(), record.idLow());
    }

    /// Tells the client under which id it can be asked for.
    void addId(Headers headers) {
        headers.add(HeaderName.X_REQUEST_ID, requestId());
    }

    /// The call is about this product.
    void about(Product product) {
        sampled = true;
        record.productId(product.id());
        record.stamp(Stage.CREDENTIALS, System.nanoTime());
    }

    void granted(Call call) {
        record.decision(FlightRecord.Outcome.GRANTED);
        decided(call);
    }

    void denied(Call call, Decision.Denied denied) {
        record.decision(FlightRecord.Outcome.DENIED);
        decided(call);
        refuse(denied.reason(), denied.evidence());
        PlanLimits limits = call.limits();
        int i = denied.limit();
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
        Application application = call.application();
        if (application != null) {
            record.applicationNumber(application.number());
            record.applicationId(application.id());
        }
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
        record.evidence(text);
    }

    void end(Response response, Ending ending) {
        record.statusSent(response.status());
        record.statusWriter(StatusWriter.METER);
        record.bytesOut(response.bodyBytes());
        if (ending != Ending.COMPLETE && ending != Ending.SHUT_DOWN) {
            record.refuse(Reason.ABORTED, "the client left before the answer was sent");
        }
        if (sampled || record.isFailure()) {
            long nanos = System.nanoTime();
            record.stamp(Stage.DONE, nanos);
            state.recorder.keep(record, nanos);
        }
    }
}
