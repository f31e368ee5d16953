package io.tollkeeper.gateway.trace;

import java.util.List;
import java.util.Locale;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.RequestId;
import io.tollkeeper.core.flight.Stage;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// Traced calls as OTLP's `ExportTraceServiceRequest` in protobuf: per call a server span, and as its children the meter's
/// part and the upstream's. Attributes are those of OpenTelemetry's semantic conventions for HTTP, and 3scale's
/// `original_request_uri`. On the exporter's thread.
final class OtlpSpans {

    private static final int INTERNAL = 1;
    private static final int SERVER = 2;
    private static final int CLIENT = 3;
    private static final int ERROR = 2;

    private final ProtoBuffer out = new ProtoBuffer();
    private final String serviceName;
    private final String version;

    OtlpSpans(String serviceName, String version) {
        this.serviceName = serviceName;
        this.version = version;
    }

    byte[] encode(List<TracedCall> calls) {
        out.clear();
        int resourceSpans = out.open(1);
        int resource = out.open(1);
        attribute(1, "service.name", serviceName);
        attribute(1, "telemetry.sdk.name", "tollkeeper");
        attribute(1, "telemetry.sdk.language", "java");
        attribute(1, "service.version", version);
        out.close(resource);
        int scopeSpans = out.open(2);
        int scope = out.open(1);
        out.text(1, "io.tollkeeper.gateway");
        out.text(2, version);
        out.close(scope);
        for (TracedCall call : calls) {
            server(call);
            if (call.meterNanos() > 0) {
                meter(call);
            }
            if (call.upstreamStarted() != 0) {
                upstream(call);
            }
        }
        out.close(scopeSpans);
        out.close(resourceSpans);
        return out.toBytes();
    }

    private void server(TracedCall call) {
        FlightRecord record = call.record();
        String target = record.target() == null ? "" : record.target();
        int query = target.indexOf('?');
        long end = record.stamp(Stage.DONE);
        int span = begin(call, call.span(), call.parent(), method(record), SERVER, record.receivedNanos(), end);
        attribute("http.request.method", method(record));
        attribute("url.scheme", call.scheme());
        attribute("url.path", query < 0 ? target : target.substring(0, query));
        attribute("url.query", query < 0 ? null : target.substring(query + 1));
        attribute("server.address", record.host());
        attribute("server.port", call.serverPort());
        attribute("client.address", record.clientAddress());
        attribute("client.port", call.clientPort());
        attribute("network.protocol.version", version(record.protocol()));
        attribute("http.response.status_code", record.statusSent());
        attribute("original_request_uri", call.scheme() + "://" + record.host() + target);
        attribute("tollkeeper.product", record.productId());
        attribute("tollkeeper.application", record.applicationId());
        Reason reason = record.reason();
        attribute("tollkeeper.reason", reason == null ? null : reason.code());
        attribute("tollkeeper.request_id", requestId(record));
        int status = record.statusSent();
        if (status == 0 || status >= 500) {
            error(reason != null ? reason.code() : Integer.toString(status));
        }
        out.close(span);
    }

    private void meter(TracedCall call) {
        FlightRecord record = call.record();
        long end = record.stamp(Stage.METER) != 0 ? record.stamp(Stage.METER) : record.stamp(Stage.DONE);
        String host = record.meterHost();
        int span = begin(call, call.meterSpan(), call.span(), "authorize", host == null ? INTERNAL : CLIENT, end - call.meterNanos(), end);
        attribute("server.address", host);
        attribute("tollkeeper.decision", record.decision().name().toLowerCase(Locale.ROOT));
        if (record.decision() == FlightRecord.Outcome.UNAVAILABLE) {
            error(record.reason() == null ? "unavailable" : record.reason().code());
        }
        out.close(span);
    }

    private void upstream(TracedCall call) {
        FlightRecord record = call.record();
        int span = begin(call, call.upstreamSpan(), call.span(), method(record), CLIENT,
                call.upstreamStarted(), call.upstreamStarted() + call.upstreamNanos());
        attribute("http.request.method", method(record));
        attribute("server.address", record.upstreamHost());
        String address = record.upstreamAddress();
        int colon = address == null ? -1 : address.lastIndexOf(':');
        if (address != null && colon > 0) {
            attribute("network.peer.address", address.substring(0, colon));
            attribute("network.peer.port", Integer.parseInt(address.substring(colon + 1)));
        }
        attribute("http.response.status_code", record.statusReceived());
        attribute("http.request.resend_count", record.retries());
        Reason reason = record.reason();
        if (record.statusReceived() == 0 || record.statusReceived() >= 400) {
            error(record.statusReceived() != 0 ? Integer.toString(record.statusReceived()) : reason == null ? "_OTHER" : reason.code());
        }
        out.close(span);
    }

    private int begin(TracedCall call, long id, long parent, String name, int kind, long from, long to) {
        FlightRecord record = call.record();
        int span = out.open(2);
        out.id(1, call.traceHigh(), call.traceLow());
        out.id(2, id);
        if (parent != 0) {
            out.id(4, parent);
        }
        out.text(5, name);
        out.varint(6, kind);
        out.fixed64(7, wallClock(record, from));
        out.fixed64(8, wallClock(record, Math.max(from, to)));
        out.fixed32(16, 1);
        return span;
    }

    private static long wallClock(FlightRecord record, long nanos) {
        return record.receivedMillis() * 1_000_000 + (nanos - record.receivedNanos());
    }

    private void error(String type) {
        attribute("error.type", type);
        int status = out.open(15);
        out.varint(3, ERROR);
        out.close(status);
    }

    private void attribute(String key, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            attribute(9, key, value);
        }
    }

    private void attribute(int field, String key, String value) {
        int pair = out.open(field);
        out.text(1, key);
        int any = out.open(2);
        out.text(1, value.length() > 2_048 ? value.substring(0, 2_048) : value);
        out.close(any);
        out.close(pair);
    }

    private void attribute(String key, int value) {
        if (value != 0) {
            int pair = out.open(9);
            out.text(1, key);
            int any = out.open(2);
            out.varint(3, value);
            out.close(any);
            out.close(pair);
        }
    }

    private static String method(FlightRecord record) {
        String method = record.method();
        return method == null || method.isEmpty() ? "_OTHER" : method;
    }

    private static String version(@Nullable String protocol) {
        return protocol == null ? "" : protocol.equals("HTTP/2.0") ? "2" : protocol.substring(protocol.indexOf('/') + 1);
    }

    private static String requestId(FlightRecord record) {
        return RequestId.text(record.idHigh(), record.idLow());
    }
}
